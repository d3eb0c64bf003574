"""Fig. 7: loss along random directions from minima, and the basins below the cutoff."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from anarch.figures import style, tables
from anarch.figures.blessing import selection

COLUMNS = ("set", "seed", "beta", "direction", "step", "loss", "radius", "cutoff")
ABOVE = 3.0  # the loss axes end at so many times the cutoff
LOOKS: dict[bool, tuple[str, Any]] = {
    True: (style.BLUE, "-"),
    False: (style.RED, style.DASHES[1]),
}  # beta = 0?


@style.house_style
def fig7(rays: pd.DataFrame, *, about: str) -> Figure:
    """Loss along each direction from the good and from the most poisoned minimum, a row per set."""
    tables.require(rays, "rays", COLUMNS)
    first, counts = selection.first_seed(rays, "rays")
    names = list(first.set.unique())
    figure, axes = style.figure(len(names), 3, height=1.35 + 2.0 * len(names), sharey="row")
    for line, name in zip(axes, names, strict=True):
        cutoff = first[first.set == name].cutoff.iloc[0]
        ends = selection.good_and_worst(first[first.set == name], "rays")
        for ax, (beta, part) in zip(line, ends.items(), strict=False):
            _fan(ax, part, beta)
            ax.set_title(f"{selection.named(beta)}\n{_median(part)}")
            ax.set_xlim(part.step.min(), part.step.max())
            _fan(line[2], part, beta)
        line[2].set_title("both on one scale")
        line[2].set_xlim(*line[0].get_xlim())
        for ax in line:
            ax.axhline(cutoff, color=style.INK, linestyle=style.DASHES[2], linewidth=0.9, label="_cutoff")
            ax.set(ylim=(0, ABOVE * cutoff), xlabel="step (filter lengths)")
            ax.xaxis.set_major_locator(MaxNLocator(5))
        line[0].set_ylabel(f"{selection.spoken(name)}:\ntraining loss (nats)")
    for ax, letter in zip(axes.flat, "abcdefghijkl", strict=False):
        style.letter(ax, letter)
    figure.legend(handles=_handles(first.cutoff.unique()), loc="outside upper center", ncols=4)
    style.caption(
        figure,
        "Training loss along filter-normalised random directions from a good and from the most poisoned "
        "minimum, and the basin below the cutoff, filled: the deeper, the more directions. Radius: where "
        "a direction first meets the cutoff. Mind the steps: each minimum has a scale of its own, and "
        "the last column has the good one's.",
        about=about,
        counts=counts,
    )
    return figure


def _fan(ax: Axes, rows: pd.DataFrame, beta: float) -> None:
    """One line per direction, and what of the basin lies under it."""
    colour, line = LOOKS[beta == 0]
    directions = rows.groupby("direction")
    for _, ray in directions:
        ordered = ray.sort_values("step")
        ax.plot(
            ordered.step, ordered.loss, color=colour, linestyle=line, linewidth=0.6, label=f"_β = {beta:g}"
        )
        ax.fill_between(
            ordered.step,
            ordered.loss,
            ordered.cutoff,
            where=(ordered.loss <= ordered.cutoff).to_numpy(),
            interpolate=True,
            color=colour,
            alpha=0.5 / len(directions),
            linewidth=0,
        )


def _median(rows: pd.DataFrame) -> str:
    """The median radius of the directions drawn; one that never meets the cutoff counts as the longest."""
    radius = rows.drop_duplicates("direction").radius.fillna(np.inf).median()
    return f"median radius {radius:.2g}" if np.isfinite(radius) else "most directions never meet the cutoff"


def _handles(cutoffs: Any) -> list[Line2D | Patch]:
    lines = [
        Line2D([], [], color=colour, linestyle=line, label="good" if good else "poisoned")
        for good, (colour, line) in LOOKS.items()
    ]
    shown = ", ".join(f"{cutoff:g}" for cutoff in sorted(cutoffs))
    edge = Line2D(
        [], [], color=style.INK, linestyle=style.DASHES[2], linewidth=0.9, label=f"cutoff {shown} nats"
    )
    return [*lines, edge, Patch(color=style.GREY, alpha=0.5, linewidth=0, label="basin")]
