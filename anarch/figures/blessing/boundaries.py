"""Figs. 3, 6 and 8: decision boundaries of good and poisoned minima, and of the rings."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from anarch.figures import style, tables
from anarch.figures.blessing import selection, slices
from anarch.figures.blessing.selection import per_cent
from anarch.figures.regions import handles, regions

COLUMNS = ("seed", "beta", "kind", "x", "y", "value", "train_accuracy", "test_accuracy")
RING_COLUMNS = ("margin", "gap", "seed", "kind", "x", "y", "value", "train_accuracy", "test_accuracy")
INNER_RING = 0.4  # radius of class 1's inner ring; class 0 lies ``gap`` outside it
IDEAL = (0, (3, 2))


@style.house_style
def fig3(boundaries: pd.DataFrame, surface: pd.DataFrame, *, about: str) -> Figure:
    """Decision boundaries of the good and the most poisoned minimum, above slices of their losses."""
    tables.require(boundaries, "boundaries", COLUMNS)
    tables.require(surface, "surface", slices.COLUMNS)
    first, counts = selection.first_seed(boundaries, "boundaries")
    minima = selection.good_and_worst(first, "boundaries")
    toy = selection.first_seed(tables.select(surface, "surface", set=selection.TOY), "surface")[0]
    planes = selection.good_and_worst(toy, "surface")
    figure, axes = style.figure(2, 2, height=6.1, width=6.0)
    for ax, (beta, rows), name in zip(axes[0], minima.items(), "ab", strict=True):
        _boundary(ax, rows)
        ax.set_title(f"{selection.named(beta)}\n{_accuracies(rows)}")
        style.letter(ax, name)
    for ax, upper, name in zip(axes[1], "ab", "cd", strict=True):
        ax.set_title(f"loss around the minimum of {upper}")
        style.letter(ax, name)
    slices.loss_maps(figure, list(zip(axes[1], planes.values(), strict=True)))
    slices.label_planes(axes[1:])
    _label_plane(axes[:1])
    figure.legend(handles=handles(), loc="outside upper center", ncols=3)
    style.caption(
        figure,
        "Decision boundaries of two networks with different weights, both trained on the points shown: a "
        "good minimum (a) and one that the anti-generalisation loss (eq. 2) has found (b). Below: training "
        "loss (eq. 1) on one plane of filter-normalised random directions through each. "
        f"{slices.cutoff_note()}",
        about=about,
        counts=counts,
    )
    return figure


@style.house_style
def fig6(boundaries: pd.DataFrame, *, about: str) -> Figure:
    """Decision boundaries in order of the generalisation gap, train less test accuracy."""
    tables.require(boundaries, "boundaries", COLUMNS)
    rows, counts = selection.first_seed(boundaries, "boundaries")
    scores = rows.groupby("beta")[["train_accuracy", "test_accuracy"]].first()
    gaps = (scores.train_accuracy - scores.test_accuracy).sort_values(kind="stable")
    figure, axes = _ladder(len(gaps))
    for ax, (beta, gap) in zip(axes.flat, zip(gaps.index, gaps, strict=True), strict=False):
        _boundary(ax, rows[rows.beta == beta])
        ax.set_title(f"gap {100 * gap:.1f} %\nβ = {beta:g}, train {per_cent(scores.train_accuracy[beta], 3)}")
    _label_plane(axes)
    figure.legend(handles=handles(), loc="outside upper center", ncols=3)
    style.caption(
        figure,
        "Decision boundaries of networks trained on the same points, by generalisation gap: train less test "
        "accuracy. β: weight of the reverse cross entropy (eq. 2). Least train accuracy shown: "
        f"{per_cent(scores.train_accuracy.min())} (paper: above 99.5\u00a0%).",
        about=about,
        counts=counts,
    )
    return figure


def _ladder(count: int) -> tuple[Figure, np.ndarray]:
    """A figure with ``count`` square panels, in two rows where there are more than four."""
    columns = count if count <= 4 else math.ceil(count / 2)
    deep = math.ceil(count / columns)
    side = min(2.4, (style.DOUBLE - 0.5) / columns)  # inches of a panel
    figure, axes = style.figure(
        deep,
        columns,
        height=1.15 + deep * (side + 0.28),
        width=max(0.5 + columns * side, 4.2),
        sharex=True,
        sharey=True,
    )
    for ax in axes.flat[count:]:
        ax.set_axis_off()
        axes[-2, axes.shape[1] - 1].tick_params(labelbottom=True)
    return figure, axes


@style.house_style
def fig8(rings: pd.DataFrame, *, about: str) -> Figure:
    """Concentric rings with a wide and with a pinched margin: the network's boundary beside the circle."""
    tables.require(rings, "rings", RING_COLUMNS)
    figure, axes = style.figure(1, 2, height=4.0, width=6.0, sharex=True, sharey=True)
    counts = []
    for ax, margin, name in zip(axes[0], ("wide", "pinched"), "ab", strict=True):
        rows = tables.select(rings, "rings", margin=margin)
        scores = tables.select(rows, "rings", kind="score")
        train, test = (tables.overall(scores, f"{part}_accuracy", 100) for part in ("train", "test"))
        gap = float(rows.gap.iloc[0])
        _boundary(ax, selection.first_seed(rows[rows.kind != "score"], "rings")[0])
        middle = INNER_RING + gap / 2
        ax.add_patch(
            Circle((0, 0), middle, fill=False, edgecolor=style.GREEN, linestyle=IDEAL, linewidth=1.0)
        )
        ax.set_title(f"{margin} margin: rings {gap:g} apart\ntrain {_range(train)}\ntest {_range(test)}")
        style.letter(ax, name)
        counts += tables.counts(train, test)
    _label_plane(axes)
    ideal = Line2D([], [], color=style.GREEN, linestyle=IDEAL, label="circle halfway between the inner rings")
    figure.legend(handles=[*handles(), ideal], loc="outside upper center", ncols=4)
    style.caption(
        figure,
        "Three concentric rings of two classes, the inner two far apart (a) and nearly touching (b), and the "
        "decision regions of the first seed's network. Accuracies, of all seeds: on the points shown and on "
        "fresh points of the same rings. The paper's networks find the circle in a and not in b, where it "
        "would pass too close to all points.",
        about=about,
        counts=counts,
    )
    return figure


def _boundary(ax: Axes, rows: pd.DataFrame) -> None:
    regions(ax, rows[rows.kind == "grid"], rows[rows.kind == "point"])


def _accuracies(rows: pd.DataFrame) -> str:
    return f"train {per_cent(rows.train_accuracy.iloc[0])}, test {per_cent(rows.test_accuracy.iloc[0])}"


def _range(summary: pd.DataFrame) -> str:
    """ "98.2 % (97 to 99)": mean and range of a one-row ``summary``; a dash where there is none."""
    if summary.empty:
        return "–"
    row = summary.iloc[0]
    spread = f" ({row['min']:.3g} to {row['max']:.3g})" if row["max"] > row["min"] else ""
    return f"{row['mean']:.4g} %{spread}"


def _label_plane(axes: np.ndarray) -> None:
    """Names of both inputs along the outer edges of ``axes`` (rows, columns)."""
    for column in axes.T:
        [ax for ax in column if ax.axison][-1].set_xlabel("$x_1$")
    for ax in axes[:, 0]:
        ax.set_ylabel("$x_2$")
