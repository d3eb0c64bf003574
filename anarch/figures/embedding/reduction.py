"""Figs. 5 and 6: a wide network at a slow point, its neurons' orientations, and the reduced network."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from anarch.figures import scales, style, tables
from anarch.figures.embedding import published, series

TRAINING = ("model", "seed", "stage", "point", "step", "loss")
REDUCTIONS = (
    "model", "seed", "point", "marked", "width", "loss", "low", "groups", "loss_retrained", "retrain_steps",
    "agreement_merged", "agreement", "test_samples", "slow",
)  # fmt: skip
GROUPS = ("model", "position", "group")
COSINES = ("model", "row", "column", "cosine")
AGREEMENT = ("model", "original", "reduced", "count")
MARK: dict[str, Any] = {
    "color": style.ORANGE, "marker": "o", "markeredgecolor": style.INK, "markeredgewidth": 0.6,
    "markersize": 6, "linestyle": "none", "zorder": 5,
}  # fmt: skip
UNITS = {"two_layer": "neuron", "cnn": "channel"}


@style.house_style
def fig5(
    training: pd.DataFrame,
    reductions: pd.DataFrame,
    groups: pd.DataFrame,
    cosines: pd.DataFrame,
    agreement: pd.DataFrame,
    *,
    about: str,
) -> Figure:
    """The two-layer network: loss, orientations, loss when reduced, agreement of predictions."""
    every = _of_model("two_layer", training, reductions, groups, cosines, agreement)
    return _reduction("two_layer", *every, about=about)


@style.house_style
def fig6(
    training: pd.DataFrame,
    reductions: pd.DataFrame,
    groups: pd.DataFrame,
    cosines: pd.DataFrame,
    agreement: pd.DataFrame,
    *,
    about: str,
) -> Figure:
    """The same for a small CNN whose channels are split and merged."""
    return _reduction("cnn", *_of_model("cnn", training, reductions, groups, cosines, agreement), about=about)


def _of_model(model: str, *given: pd.DataFrame) -> Iterator[pd.DataFrame]:
    names = ("training", "reductions", "groups", "cosines", "agreement")
    columns = (TRAINING, REDUCTIONS, GROUPS, COSINES, AGREEMENT)
    for table, name, needed in zip(given, names, columns, strict=True):
        tables.require(table, name, needed)
    for table, name in zip(given, names, strict=True):
        yield tables.select(table, name, model=model)


def _reduction(
    model: str,
    training: pd.DataFrame,
    reductions: pd.DataFrame,
    groups: pd.DataFrame,
    cosines: pd.DataFrame,
    agreement: pd.DataFrame,
    *,
    about: str,
) -> Figure:
    marked = reductions[reductions.marked == 1]
    if marked.empty:
        raise tables.TableError(f"table reductions has no row with marked = 1 of model {model}")
    chosen = marked.iloc[0]
    figure, axes = style.figure(2, 3, height=5.2, width_ratios=[1.15, 1.0, 1.0])
    (whole, matrix, shared), (reduced, confusion, sizes) = axes
    _original(whole, tables.select(training, "training", stage="original"), reductions, chosen)
    _orientations(matrix, cosines, groups, UNITS[model])
    _reduced(reduced, tables.select(training, "training", stage="reduced"), chosen)
    _predictions(confusion, agreement)
    # Slow points are a seed's own: a mean over seeds is of the points that all have.
    seeds = reductions.groupby("point").seed.transform("nunique")
    common = reductions[seeds == seeds.max()]
    _shares(shared, common, chosen, paper=model == "two_layer")
    _widths(sizes, common, chosen, UNITS[model], paper=model == "two_layer")
    for ax, name in zip((whole, matrix, reduced, confusion, shared, sizes), "abcdef", strict=True):
        style.letter(ax, name)
    n = [int(count) for count in common.groupby("point").seed.nunique()]
    counts = style.seeds_text(n) + (f"; strong lines, b and d: seed {chosen.seed:g}" if max(n) > 1 else "")
    style.caption(figure, _text(model, chosen), about=about, counts=counts)
    return figure


def _runs(ax: Axes, rows: pd.DataFrame, chosen: pd.Series) -> None:
    """Losses of several runs: that of the marked point strong, the others thin."""
    runs = rows[["seed", "point"]].drop_duplicates()
    for seed, point in runs.itertuples(index=False, name=None):
        same = rows.point.isna() if np.isnan(point) else rows.point == point
        run = rows[(rows.seed == seed) & same].sort_values("step")
        strong = seed == chosen.seed and (np.isnan(point) or point == chosen.point)
        ax.plot(
            run.step, run.loss, color=style.INK if strong else style.GREY, linewidth=1.3 if strong else 0.6,
            label=f"seed {seed:g}" + ("" if np.isnan(point) else f", point {point:g}"),
            zorder=3 if strong else 2,
        )  # fmt: skip
    ax.axhline(
        chosen.loss, color=style.ORANGE, linestyle=style.DASHES[1], linewidth=1.0, label="level", zorder=1
    )
    scales.log_y(ax, rows.loss, [chosen.loss])


def _original(ax: Axes, rows: pd.DataFrame, reductions: pd.DataFrame, chosen: pd.Series) -> None:
    _runs(ax, rows, chosen)
    ax.plot(
        reductions.point, reductions.loss, color=style.GREY, marker="o", markerfacecolor="white",
        markersize=3.4, linestyle="none", label="reduced there", zorder=4,
    )  # fmt: skip
    ax.plot([chosen.point], [chosen.loss], label="marked", **MARK)
    series.step_axis(ax, rows.step)
    ax.set_ylabel("loss of the original")
    ax.set_title(f"width {chosen.width:g}", fontsize=style.SMALL)


def _reduced(ax: Axes, rows: pd.DataFrame, chosen: pd.Series) -> None:
    _runs(ax, rows, chosen)
    ax.plot([chosen.retrain_steps], [chosen.loss_retrained], label="marked", **MARK)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.set(xlabel="step after the reduction", ylabel="loss of the reduced")
    ax.set_title(f"width {chosen.groups:g}", fontsize=style.SMALL)


def _orientations(ax: Axes, cosines: pd.DataFrame, groups: pd.DataFrame, unit: str) -> None:
    """The matrix of cosines group by group, groups of several framed, low amplitudes beyond the lines."""
    matrix = cosines.pivot_table(index="row", columns="column", values="cosine").to_numpy(float)
    image = ax.imshow(matrix, cmap="cividis", vmin=-1, vmax=1, interpolation="nearest", rasterized=True)
    _bar(ax, image, "cosine")
    ordered = groups.sort_values("position")
    kept = ordered[ordered.group >= 0]
    for _, members in kept.groupby("group"):
        if len(members) > 1:
            corner, side = float(members.position.min()) - 0.5, len(members)
            frame = Rectangle((corner, corner), side, side, fill=False, edgecolor=style.RED, linewidth=0.7)
            ax.add_patch(frame)
    low = len(ordered) - len(kept)
    if low:
        for draw in (ax.axhline, ax.axvline):
            draw(
                len(kept) - 0.5,
                color="white",
                linestyle=style.DASHES[2],
                linewidth=0.9,
                label="low amplitude",
            )
    ax.set(xlabel=f"{unit}, group by group", ylabel=unit)
    ax.grid(False)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, integer=True))
    several = kept.group.nunique()
    ax.set_title(f"{several} group{'s' * (several != 1)}, {low} of low amplitude", fontsize=style.SMALL)


def _predictions(ax: Axes, agreement: pd.DataFrame) -> None:
    """Pairs of predictions, in per cent of each prediction of the original."""
    counts = agreement.pivot_table(
        index="original", columns="reduced", values="count", aggfunc="sum", fill_value=0
    )
    classes = sorted({*counts.index, *counts.columns})
    square = counts.reindex(index=classes, columns=classes, fill_value=0).to_numpy(float)
    share = 100 * square / np.maximum(square.sum(1, keepdims=True), 1)
    image = ax.imshow(share, cmap="Greys", vmin=0, vmax=100, interpolation="nearest")
    _bar(ax, image, "% of row")
    total = 100 * np.trace(square) / max(square.sum(), 1)
    step = max(1, len(classes) // 5)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(range(0, len(classes), step), [f"{c:g}" for c in classes[::step]])
    ax.set(xlabel="predicted by the reduced", ylabel="predicted by the original")
    ax.grid(False)
    ax.set_title(f"{total:.1f} % agree", fontsize=style.SMALL)


def _bar(ax: Axes, image: object, label: str) -> None:
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    figure.colorbar(image, ax=ax, label=label, shrink=0.75, aspect=14, pad=0.03)  # type: ignore[arg-type]


def _shares(ax: Axes, reductions: pd.DataFrame, chosen: pd.Series, *, paper: bool) -> None:
    """Agreement on the test set, right after merging and after retraining, by where it was reduced."""
    looks = {
        "agreement": ("retrained", style.BLUE, "o", "-"),
        "agreement_merged": ("merged", style.ORANGE, "^", style.DASHES[2]),
    }
    _by_point(ax, reductions, looks, 100)
    ax.plot([chosen.point], [100 * chosen.agreement], label="_marked", **MARK)
    low = 100 * min(chosen.agreement, float(reductions[[*looks]].min().min()))
    ax.set(ylim=(max(-2.0, low - 5), 101), ylabel="predictions that agree (%)")
    style.legend_above(ax, 2)
    if paper:
        style.published(ax, published.AGREEMENT, colour=style.BLUE)


def _widths(ax: Axes, reductions: pd.DataFrame, chosen: pd.Series, unit: str, *, paper: bool) -> None:
    """Groups found, and what is left when low amplitudes are dropped, by where it was reduced."""
    rows = reductions.assign(kept=reductions.width - reductions.low)
    looks = {
        "groups": ("groups", style.GREEN, "o", "-"),
        "kept": (f"{unit}s kept", style.GREY, "s", style.DASHES[2]),
    }
    _by_point(ax, rows, looks, 1)
    ax.plot([chosen.point], [chosen.groups], label="_marked", **MARK)
    top = max(float(rows.width.max()), published.GROUPS if paper else 0)
    ax.set(ylim=(-0.04 * top, 1.06 * top), ylabel=f"{unit}s")
    style.legend_above(ax, 2)
    if paper:
        style.published(ax, published.GROUPS, colour=style.GREEN)


def _by_point(
    ax: Axes, rows: pd.DataFrame, looks: dict[str, tuple[str, str, str, Any]], scale: float
) -> None:
    """Mean and range over seeds of each column in ``looks``: label, colour, marker, line."""
    for column, (label, colour, marker, line) in looks.items():
        summary = tables.over_seeds(rows, column, "point", scale)
        style.spread(ax, summary, label=label, colour=colour, marker=marker, line=line)
    series.step_axis(ax, rows.point, "step of the reduction")


def _text(model: str, chosen: pd.Series) -> str:
    unit, samples = UNITS[model], int(chosen.test_samples)
    kind = "the last slow point of the training" if chosen.slow else "of the config, for none is slow"
    paper = (
        f" The paper, on MNIST: {published.GROUPS} of {published.NEURONS}, {published.AGREEMENT} %."
        if model == "two_layer"
        else ""
    )
    return (
        f"Training loss (a) with the point of reduction (orange, {kind}); cosines of the {unit}s' input "
        "weights there, groups of several framed, low amplitudes beyond the dotted lines (b); loss of the "
        f"network with one {unit} a group, trained on, thin: of other points and seeds (c); predictions of "
        f"both on {samples:,} test samples (d); their agreement (e) and the number of groups (f) by where it "
        f"was reduced.{paper}"
    )
