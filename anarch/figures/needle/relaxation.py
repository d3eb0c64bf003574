"""Figs. 3 to 5: accuracy, sharpness and deviation of eFCNs against relax time."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import scales, style, tables
from anarch.figures.needle import published

COLUMNS = ("protocol", "model", "relax_time", "seed", "moment")
SETTLED, BEST = "settled_test_accuracy", "best_test_accuracy"
PALE = 0.35  # opacity of what a network reached on the way
LEVELS: dict[str, tuple[str, Any]] = {
    "CNN": ("CNN", "-"),
    "FCN": ("FCN", style.DASHES[1]),
    "padded FCN": ("FCN, padded start", (0, (1, 1.2))),
}
POINTS: dict[str, dict[str, Any]] = {
    "eFCN": {"label": "eFCN", "colour": style.RED, "marker": "x", "markersize": 5, "markeredgewidth": 1.3},
    "continued CNN": {"label": "CNN trained on", "colour": style.BLUE, "marker": "o", "markersize": 3.5},
}


def part(measures: pd.DataFrame, model: str, moment: str) -> pd.DataFrame:
    """The rows of one model at the start or the end of its training."""
    return measures[(measures.model == model) & (measures.moment == moment)]


@style.house_style
def fig3(measures: pd.DataFrame, *, about: str) -> Figure:
    """Accuracy, gradient norm, top Hessian eigenvalue of eFCNs against relax time, before and after."""
    needed = (SETTLED, BEST, "gradient_norm", "hessian_top")
    tables.require(measures, "measures", (*COLUMNS, *needed))
    rows = tables.select(measures, "measures", protocol="sgd")
    figure, axes = style.figure(1, 3, height=3.1)
    n = performance(axes[0, 0], rows, marks=True)
    n += _before_and_after(axes[0, 1], rows, "gradient_norm", r"gradient norm $|\nabla L|$")
    n += _before_and_after(axes[0, 2], rows, "hessian_top", r"top Hessian eigenvalue $\lambda_{\max}$")
    for ax, name in zip(axes[0], "abc", strict=True):
        style.letter(ax, name)
    style.caption(
        figure,
        "Test accuracy over the last five epochs, and pale the best on the way: of eFCNs, of the network "
        "trained on without lifting from the same snapshot by the same recipe, of the CNN, and of FCNs by "
        "PyTorch's start and by the authors', whose fan-in counts padding (a); norm of the training loss' "
        "gradient (b) "
        "and largest eigenvalue of its Hessian (c) at the start and at the end of eFCN "
        'training. Marked "paper": CIFAR-10, 64 channels.',
        about=about,
        counts=n,
    )
    return figure


def performance(ax: Axes, rows: pd.DataFrame, *, marks: bool) -> list[int]:
    """Test accuracy against t_w at the end of training, and pale the best on the way (Fig. 3 left).

    Of eFCNs, of the CNN trained on from each snapshot, and as levels of the CNN and the FCNs.

    Returns the numbers of seeds behind points.
    """
    summaries = []
    for model, (label, line) in LEVELS.items():
        end, best = (tables.overall(part(rows, model, "end"), column, 100) for column in (SETTLED, BEST))
        style.level(ax, end, label=label, colour=style.INK, line=line)
        for value in best["mean"]:
            ax.axhline(
                value, color=style.INK, linestyle=line, linewidth=0.8, alpha=PALE, label=f"_best {label}"
            )
        summaries.append(end)
    for model, looks in POINTS.items():
        end, best = (
            tables.over_seeds(part(rows, model, "end"), column, scale=100) for column in (SETTLED, BEST)
        )
        if len(end):
            style.spread(ax, end, line=(0, (1, 2)), linewidth=0.8, **looks)
            faint = {"color": looks["colour"], "marker": looks["marker"], "markersize": looks["markersize"]}
            ax.plot(
                best.index,
                best["mean"],
                linestyle="none",
                alpha=PALE,
                label=f"_best {looks['label']}",
                **faint,
            )
        summaries.append(end)
    ax.plot([], [], color=style.INK, alpha=PALE, marker="o", markersize=3.5, label="pale: best on the way")
    if marks:
        style.published(ax, published.CNN_ACCURACY, colour=style.INK)
        style.published(ax, published.FCN_ACCURACY, colour=style.INK, line=(0, (1.5, 0.6)))
        style.published(ax, published.RELAXED_AT_0_ACCURACY, colour=style.RED, marker="x")
    scales.time_axis(ax, max(tables.relax_times(*summaries[len(LEVELS) :]), default=1))
    ax.set_ylabel("test accuracy (%)")
    style.legend_above(ax, 2)
    return tables.counts(*summaries)


def _before_and_after(ax: Axes, rows: pd.DataFrame, column: str, label: str) -> list[int]:
    """``column`` against t_w at the start and the end of eFCN training, on a log axis."""
    looks = {"start": ("start", style.BLUE, "o", "-"), "end": ("end", style.ORANGE, "s", style.DASHES[1])}
    summaries = {moment: tables.over_seeds(part(rows, "eFCN", moment), column) for moment in looks}
    scales.log_y(ax, *(summary[side] for summary in summaries.values() for side in ("mean", "min", "max")))
    hidden = 0
    for moment, (name, colour, marker, line) in looks.items():
        hidden += scales.log_spread(
            ax, summaries[moment], label=name, colour=colour, marker=marker, line=line
        )
    if hidden:
        ax.plot(
            [], [], color=style.GREY, marker="v", markerfacecolor="white", linestyle="none", label="0 or less"
        )
    scales.time_axis(ax, max(tables.relax_times(*summaries.values()), default=1))
    ax.set_ylabel(label)
    style.legend_above(ax, 2)
    return tables.counts(*summaries.values())


@style.house_style
def fig4(measures: pd.DataFrame, *, about: str) -> Figure:
    """Deviation delta of trained eFCNs by relax time, initial loss and final accuracy; FCN for reference."""
    tables.require(measures, "measures", (*COLUMNS, "deviation", "train_loss", SETTLED))
    rows = tables.select(measures, "measures", protocol="sgd")
    ends = pd.concat([part(rows, model, "end") for model in ("eFCN", "FCN")])
    deviations = 100 * ends.deviation.astype(float)
    figure, axes = style.figure(1, 3, height=2.9, sharey=True)
    for ax in axes[0]:
        scales.log_y(ax, deviations, [published.LARGEST_DEVIATION, published.FCN_DEVIATION])
    n = deviation(axes[0, 0], rows)
    axes[0, 0].set_ylabel(r"deviation $\delta$ (%)")
    _scatter(axes[0, 1], rows, "train_loss", "start", 1)
    _scatter(axes[0, 2], rows, SETTLED, "end", 100)
    axes[0, 1].set_xlabel("initial training loss")
    axes[0, 2].set_xlabel("test accuracy at the end (%)")
    style.published(axes[0, 2], published.LARGEST_DEVIATION, colour=style.RED)
    style.published(axes[0, 2], published.FCN_DEVIATION, colour=style.BLUE)
    handles, labels = axes[0, 2].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(max(len(labels), 1), 7))
    for ax, name in zip(axes[0], "abc", strict=True):
        style.letter(ax, name)
    style.caption(
        figure,
        "Deviation from the CNN subspace, δ = |off-local weights| / |all weights|, at the end of eFCN "
        "training, against relax time (a), loss when lifted (b) and accuracy over the last five epochs (c); "
        "blue: the FCN"
        f'{_padded(rows)}. Marked "paper": CIFAR-10, 64 channels, largest eFCN and FCN.',
        about=about,
        counts=n,
    )
    return figure


def deviation(ax: Axes, rows: pd.DataFrame) -> list[int]:
    """delta (per cent) at the end of eFCN training against relax time (Fig. 4 left)."""
    summary = tables.over_seeds(part(rows, "eFCN", "end"), "deviation", scale=100)
    scales.log_spread(ax, summary, label="eFCN", colour=style.RED, marker="o", line="-")
    scales.time_axis(ax, max(tables.relax_times(summary), default=1))
    return tables.counts(summary)


def _scatter(ax: Axes, rows: pd.DataFrame, column: str, moment: str, scale: float) -> None:
    """Final delta against the mean of ``column`` at ``moment``, ranges both ways, a mark per relax time."""
    keys = {"eFCN": "relax_time", "FCN": "model"}
    for model, key in keys.items():
        x = tables.over_seeds(part(rows, model, moment), column, key, scale)
        y = tables.over_seeds(part(rows, model, "end"), "deviation", key, 100)
        joined = x.add_suffix("_x").join(y.add_suffix("_y"), how="inner")
        looks: dict[Any, tuple[Any, str]] = (
            style.relax_looks(list(joined.index)) if model == "eFCN" else {"FCN": (style.BLUE, "*")}
        )
        point: Any
        for point in joined.itertuples():
            colour, marker = looks[point.Index]
            name = "FCN" if model == "FCN" else f"eFCN, $t_w$ = {point.Index:g}"
            if point.n_x > 1:
                ax.hlines(point.mean_y, point.min_x, point.max_x, color=colour, linewidth=0.9)
            if point.n_y > 1:
                ax.vlines(point.mean_x, point.min_y, point.max_y, color=colour, linewidth=0.9)
            ax.plot(
                point.mean_x,
                point.mean_y,
                color=colour,
                marker=marker,
                linestyle="none",
                label=name,
                markersize=8 if model == "FCN" else 5,
                markeredgecolor="white",
                markeredgewidth=0.4,
            )


def _padded(rows: pd.DataFrame) -> str:
    """The FCN's delta with the columns that only meet padding, as the paper counts it, if known."""
    if "deviation_padded" not in rows:
        return ""
    summary = tables.overall(part(rows, "FCN", "end"), "deviation_padded", 100)
    return "".join(
        f" ({row.mean:.1f} % with the padded columns that the paper counts)" for row in summary.itertuples()
    )


@style.house_style
def fig5(measures: pd.DataFrame, *, about: str, classes: int = 10) -> Figure:
    """Test accuracy of trained eFCNs against relax time: local part alone, off-local part alone, both."""
    tables.require(measures, "measures", (*COLUMNS, "test_accuracy", "local_accuracy", "off_local_accuracy"))
    rows = part(tables.select(measures, "measures", protocol="sgd"), "eFCN", "end")
    figure, axes = style.figure(1, 1, height=3.1, width=4.6)
    ax = axes[0, 0]
    n: list[int] = []
    for column, label, colour, marker, line in (
        ("test_accuracy", "local and off-local", style.GREEN, "^", "-"),
        ("local_accuracy", "local part alone", style.ORANGE, "s", style.DASHES[1]),
        ("off_local_accuracy", "off-local part alone", style.BLUE, "o", style.DASHES[3]),
    ):
        summary = tables.over_seeds(rows, column, scale=100)
        style.spread(ax, summary, label=label, colour=colour, marker=marker, line=line)
        n += tables.counts(summary)
    ax.axhline(100 / classes, color=style.GREY, linestyle=style.DASHES[2], label="chance")
    scales.time_axis(ax, max(rows.relax_time.dropna(), default=1))
    ax.set(ylabel="test accuracy (%)")
    ax.set_ylim(bottom=0)
    style.legend_above(ax, 2)
    style.caption(
        figure,
        "What the local and the off-local weights of a trained eFCN contribute to its test accuracy: one "
        "part is set to zero, biases and the last layer are kept.",
        about=about,
        counts=n,
    )
    return figure
