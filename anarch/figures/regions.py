"""Decision regions of a two-class network in the plane, its boundary, and the training points."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from anarch.figures import style

POINTS = {0: (style.BLUE, "o", "class 0"), 1: (style.RED, "s", "class 1")}
REGIONS = ("#eaf2f9", "#f0c389")  # of class 0 and of class 1: apart in grey too


def regions(
    ax: Axes,
    grid: pd.DataFrame,
    points: pd.DataFrame,
    *,
    threshold: float = 0.5,
    colours: Sequence[str] = REGIONS,
    linewidth: float = 0.6,
    markersize: float = 2.2,
    markeredgewidth: float = 0.2,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regions above and below ``threshold`` on ``grid`` (x, y, value), and ``points`` (value: the label).

    Returns the grid's x and y and, (len(y), len(x)), how far its values are above the threshold.
    """
    image = grid.pivot_table(index="y", columns="x", values="value")
    x, y, above = (
        image.columns.to_numpy(float),
        image.index.to_numpy(float),
        image.to_numpy(float) - threshold,
    )
    ax.grid(False)
    ax.contourf(x, y, above, levels=[-np.inf, 0, np.inf], colors=colours)
    if above.min() < 0 < above.max():
        ax.contour(x, y, above, levels=[0], colors=style.INK, linewidths=linewidth)
    for value, (colour, marker, label) in POINTS.items():
        of_class = points[points.value == value]
        ax.plot(
            of_class.x,
            of_class.y,
            color=colour,
            marker=marker,
            markersize=markersize,
            markeredgecolor="white",
            markeredgewidth=markeredgewidth,
            linestyle="none",
            label=label,
        )
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    ax.set_aspect("equal")
    return x, y, above


def handles(linewidth: float = 0.8) -> list[Line2D]:
    """The legend's entries: both classes and the boundary."""
    points = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=label)
        for colour, marker, label in POINTS.values()
    ]
    return [*points, Line2D([], [], color=style.INK, linewidth=linewidth, label="decision boundary")]
