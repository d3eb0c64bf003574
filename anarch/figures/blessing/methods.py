"""Fig. 2: a network against a linear model of as many parameters, and networks by optimiser."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from anarch.figures import style, tables
from anarch.figures.blessing import published, selection

COLUMNS = ("dataset", "part", "method", "label", "seed", "epoch", "train_accuracy", "test_accuracy")
SIZES = ("method", "label", "dataset", "parameters", "per_class")
MODELS = {  # the large one is the other reading of "ResNet-18", drawn where a config has it
    "network": (style.BLUE, "o"),
    "linear": (style.RED, "s"),
    "large_network": (style.GREEN, "^"),
}
PAPER = {"network": published.NETWORK, "linear": published.LINEAR}
ENDS: dict[str, dict[str, Any]] = {
    "train": {"color": style.GREY, "marker": "s", "markersize": 3.2, "markerfacecolor": "white"},
    "test": {"color": style.BLUE, "marker": "o"},
}


@style.house_style
def fig2(history: pd.DataFrame, sizes: pd.DataFrame, *, about: str) -> Figure:
    """Accuracy by epoch of network and linear model, and at the end of training by optimiser."""
    tables.require(history, "history", COLUMNS)
    tables.require(sizes, "sizes", SIZES)
    models, optimisers = (history[history.part == part] for part in ("models", "optimisers"))
    figure, axes = style.figure(
        1, 2, height=max(3.6, 1.9 + 0.14 * optimisers.label.nunique()), width_ratios=(1, 0.9)
    )
    left, right = axes[0]
    counts = [*_curves(left, models), *_by_optimiser(right, optimisers, models)]
    for ax, name in zip(axes[0], "ab", strict=True):
        style.letter(ax, name)
    style.caption(figure, _text(sizes), about=about, counts=counts)
    return figure


def _curves(ax: Axes, rows: pd.DataFrame) -> list[int]:
    """Train (dashed) and test accuracy of both models, the paper's test accuracy at the right."""
    if rows.empty:
        selection.note(ax, "no linear model in this config")
        return []
    n: list[int] = []
    for i, (method, (colour, marker)) in enumerate(MODELS.items()):
        of_model = rows[rows.method == method]
        name = method.replace("_", " ")
        for column, line, face in (("test", "-", colour), ("train", style.DASHES[1], "white")):
            summary = tables.over_seeds(of_model, f"{column}_accuracy", "epoch", 100)
            if summary.empty:
                continue
            step = max(1, len(summary) // 6)
            style.spread(
                ax,
                summary,
                label=f"{name}, {column}",
                colour=colour,
                marker=marker,
                line=line,
                kind="band",
                markevery=(i * (step // 2), step),  # curves that coincide show the marks of both
                markersize=3.2,
                markerfacecolor=face,
            )
            n += tables.counts(summary)
    for method, accuracy in PAPER.items():
        style.published(ax, accuracy, colour=MODELS[method][0])
    ax.set(xlabel="epoch", ylabel="accuracy (%)", title=_datasets(rows))
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.08), ncols=2)
    return n


def _by_optimiser(ax: Axes, rows: pd.DataFrame, models: pd.DataFrame) -> list[int]:
    """Accuracies at the end, best test accuracy on top, and the linear model's on the same data."""
    if rows.empty:
        selection.note(ax, "no optimisers in this config")
        return []
    ends = last_looks(rows)
    scores = {part: tables.over_seeds(ends, f"{part}_accuracy", "label", 100) for part in ENDS}
    order = scores["test"].sort_values("mean", kind="stable").index
    for part, look in ENDS.items():
        summary = scores[part].reindex(order)
        ax.plot(summary["mean"], range(len(order)), linestyle="none", label=part, **look)
        several = summary.n.to_numpy() > 1
        if several.any():
            places = several.nonzero()[0]
            ax.hlines(places, summary["min"][several], summary["max"][several], color=look["color"])
    linear = last_looks(models[(models.method == "linear") & models.dataset.isin(rows.dataset)])
    ours = tables.overall(linear, "test_accuracy", 100)["mean"]
    levels = {"linear model, test": list(ours), "linear model, paper": [published.LINEAR]}
    for (label, values), line in zip(levels.items(), style.DASHES[1:], strict=False):
        for value in values:
            ax.axvline(value, color=style.RED, linestyle=line, label=label)
    ax.set_yticks(range(len(order)), list(order))
    ax.set(xlabel="accuracy at the end (%)", ylim=(-0.6, len(order) - 0.4), title=_datasets(rows))
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.08), ncols=2)
    return tables.counts(scores["test"])


def last_looks(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each run the last row that has a test accuracy."""
    looked = rows[rows.test_accuracy.notna()].sort_values("epoch", kind="stable")
    return looked.groupby(["dataset", "method", "label", "seed"], as_index=False).last()


def _datasets(rows: pd.DataFrame) -> str:
    return ", ".join(selection.spoken(name) for name in rows.dataset.unique())


def _text(sizes: pd.DataFrame) -> str:
    """What both panels show, the sizes of the models, and the paper's."""
    models: list[str] = []
    row: Any
    for row in sizes.drop_duplicates(["method", "label"]).itertuples():
        each = "" if pd.isna(row.per_class) else f" ({row.per_class:,.0f} a class)"
        models.append(f"{row.label}, {row.parameters:,.0f} parameters{each}")
    return (
        "A network and a linear model on pixels and products of pixels (a): "
        f"{'; '.join(models) or 'none'}. One network by optimisers with and without gradients, in order of "
        "test accuracy (b). The paper's test accuracies on CIFAR-10: network "
        f"({published.PARAMETERS['network']:,} parameters) {published.NETWORK:g}\u00a0%, linear "
        f"({published.PARAMETERS['linear']:,} a class) {published.LINEAR:g}\u00a0%, both with 100\u00a0% "
        "train accuracy; each optimiser far above the linear model."
    )
