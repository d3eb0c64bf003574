"""Fig. 1: every minimum, its measures against test accuracy, and how well each orders it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import scales, style, tables
from anarch.figures.atlas.looks import FLIPS, MEASURES, POOLED, STUDIES, WAYS, flips, series, with_interval

PANELS = [measure for measure in MEASURES if measure != "radius_mean"]  # it looks as the median does
COLUMNS = 4
WAY = "partial"  # networks of all losses are there
NETWORK = ("study", "group", "dataset", "seed", "test_accuracy", *MEASURES)
CAPTION = (
    "Top: {minima} minima, each the end of a training on true labels, in {groups} groups of one protocol "
    "on one dataset. Loss, gradient and curvature are of the training set, in evaluation mode; the basin "
    "radius is the filter-normalised distance at which the loss has risen by a fixed amount; path norms "
    "are after batch normalisation was folded in; distance is from where the run began, in units of the "
    "norm at its end, and PAC-Bayes that distance itself over the noise that the weights bear; δ is of "
    "lifted networks only. Open triangles: 0 or below, or beyond all bounds. Above each panel: Kendall's "
    "partial τ with test accuracy given the training loss, within groups, of pairs whose accuracies "
    "differ beyond chance, all studies pooled. Bottom: the same by study (95 % bootstrap intervals over "
    "seeds, where there are three; pooled: over groups and seeds). Shaded and †: measures whose sign "
    "turns from one study to another, with both intervals clear of 0{flips}. embedding keeps no weights "
    "of its classifiers and is not shown."
)


@style.house_style
def fig1(atlas: pd.DataFrame, taus: pd.DataFrame, *, about: str) -> Figure:
    """A panel per measure, a point per network; below, Kendall's tau of each measure by study and pooled."""
    tables.require(atlas, "atlas", NETWORK)
    unknown = sorted(set(atlas.study) - set(STUDIES))
    if unknown or atlas.empty:
        known = ", ".join(STUDIES)
        raise tables.TableError(f"table atlas must hold networks of {known}; got {unknown or 'none'}")
    ranked = series(taus, WAY)
    rows = len(PANELS) // COLUMNS
    figure, axes = style.figure(rows + 1, COLUMNS, height=10.4, height_ratios=[*[1.0] * rows, 1.55])
    grid = axes[0, 0].get_gridspec()
    for ax in axes[rows]:
        ax.remove()
    forest = figure.add_subplot(grid[rows, :])
    for ax, measure in zip(axes[:rows].flat, PANELS, strict=True):
        _scatter(ax, atlas, measure)
        ax.set_title(rf"$\tau$ = {_pooled(ranked, measure)}", fontsize=style.SMALL, loc="right", pad=3)
    for ax in axes[rows - 1]:
        ax.set_xlabel("test accuracy (%)")
    _forest(forest, ranked)
    _legend(figure, atlas)
    groups = atlas[["study", "group", "dataset"]].drop_duplicates()
    style.caption(
        figure,
        CAPTION.format(minima=len(atlas), groups=len(groups), flips="" if flips(ranked) else " (none)"),
        about=about,
        counts=atlas.groupby("study").seed.nunique().pipe(_seeds),
    )
    return figure


def _seeds(counts: pd.Series) -> str:
    return style.seeds_text(counts).removeprefix("mean and range over ")


def _pooled(ranked: dict[str, pd.DataFrame], measure: str) -> str:
    rows = ranked[POOLED]
    return with_interval(rows.loc[measure]) if measure in rows.index else "–"


def _scatter(ax: Axes, atlas: pd.DataFrame, measure: str) -> None:
    name, _, log, scale = MEASURES[measure]
    values = scale * atlas[measure].astype(float)
    drawable = np.isfinite(values) & ((values > 0) | (not log))
    for study, (colour, marker) in STUDIES.items():
        mine = atlas.study == study
        shown, lost = mine & drawable, mine & ~drawable & values.notna()
        look: dict[str, Any] = {"color": colour, "linestyle": "none", "markersize": 2.2}
        dots = look | {"marker": marker, "markeredgewidth": 0, "alpha": 0.65, "label": study}
        ax.plot(100 * atlas.test_accuracy[shown], values[shown], **dots)
        if lost.any():
            edge = look | {"marker": "v", "markerfacecolor": "white", "label": "_lost", "clip_on": False}
            place = ax.get_xaxis_transform()
            ax.plot(100 * atlas.test_accuracy[lost], np.full(lost.sum(), 0.03), **edge, transform=place)
    if log:
        scales.log_y(ax, values[drawable])
    ax.set_xlim(*_around(100 * atlas.test_accuracy))
    ax.set_ylabel(name)


def _around(values: pd.Series) -> tuple[float, float]:
    low, high = values.min(), values.max()
    room = max(0.04 * (high - low), 1.0)
    return low - room, high + room


def _forest(ax: Axes, ranked: dict[str, pd.DataFrame]) -> None:
    width = 0.8 / len(ranked)
    for place, (name, rows) in enumerate(ranked.items()):
        colour, marker = STUDIES.get(name, (style.INK, "*"))
        known = rows[rows.tau.notna()]
        x = np.array([list(MEASURES).index(measure) for measure in known.index])
        x = x + (place - (len(ranked) - 1) / 2) * width
        ax.vlines(x, known.low, known.high, color=colour, linewidth=1.0)
        size = 6 if name == POOLED else 3.2
        ax.plot(x, known.tau, color=colour, marker=marker, linestyle="none", markersize=size, label=name)
    ax.axhline(0, color=style.INK, linewidth=0.6, label="_zero")
    for edge in np.arange(len(MEASURES) - 1) + 0.5:
        ax.axvline(edge, color=style.GREY, linewidth=0.3, label="_between")
    turned = flips(ranked)
    for measure in turned:
        place = list(MEASURES).index(measure)
        ax.axvspan(place - 0.5, place + 0.5, color=style.GREY, alpha=0.2, linewidth=0, label="_turned")
    names = [m.short.rstrip() + FLIPS if key in turned else m.short for key, m in MEASURES.items()]
    ax.set_xticks(range(len(MEASURES)), names)
    ax.tick_params(axis="x", length=0)
    ax.grid(False, axis="x")
    ax.set_xlim(-0.5, len(MEASURES) - 0.5)
    ax.set_ylim(-1.05, 1.05)
    ax.set_ylabel(f"Kendall's $\\tau$ with test accuracy,\n{WAYS[WAY]}")


def _legend(figure: Figure, atlas: pd.DataFrame) -> None:
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=f"{study} ({count} networks)")
        for study, (colour, marker) in STUDIES.items()
        if (count := int((atlas.study == study).sum()))
    ]
    handles.append(Line2D([], [], color=style.INK, marker="*", markersize=6, linestyle="none", label=POOLED))
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
