"""Axes of the house: times with an initial point at 0, and log axes that survive zeros and negatives."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from anarch.figures import style

RELAX_TIME = "relax time $t_w$ (epochs)"


def plain_number(value: float, _position: int | None = None) -> str:
    """0.03, 1, 300; a power of ten where plain digits would be long."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value)))
    front = round(value / 10**exponent, 2)
    return f"$10^{{{exponent}}}$" if front == 1 else f"${front:g}\\cdot 10^{{{exponent}}}$"


def ticks(
    axis: Axis, places: Sequence[float], written: Callable[[float, int | None], str] = plain_number
) -> None:
    """Ticks at ``places`` and nowhere else."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(written))


def time_axis(ax: Axes, largest: float, label: str = RELAX_TIME) -> None:
    """Epochs on x: logarithmic from 1, with 0 shown half a decade to its left; ticks 0, 1, 3, 10, ..."""
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    steps = [1.0 * 10**k * front for k in range(7) for front in (1, 3)]
    ticks(ax.xaxis, [0.0, *(step for step in steps if step <= max(largest, 1))])
    ax.set_xlim(-0.25, max(largest, 1) * 1.25)
    ax.set_xlabel(label)


def log_y(ax: Axes, *values: pd.Series | np.ndarray | Sequence[float]) -> None:
    """Logarithmic y over the positive ones of ``values``, with legible ticks over at least a factor of 4."""
    every = np.concatenate([np.asarray(part, float).ravel() for part in values]) if values else np.empty(0)
    shown = every[np.isfinite(every) & (every > 0)]
    low, high = (shown.min(), shown.max()) if shown.size else (0.1, 1.0)
    room = max(1.25, math.sqrt(4 / (high / low)))
    low, high = low / room, high * room
    decades = math.log10(high / low)
    fronts = (1, 2, 3, 5) if decades < 1.3 else (1, 3) if decades < 3.2 else (1,)
    every_nth = max(1, round(decades / 6))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [front * 10.0**power for power in powers if power % every_nth == 0 for front in fronts]
    ax.set_yscale("log")
    ticks(ax.yaxis, [place for place in places if low <= place <= high])
    ax.set_ylim(low, high)


def log_spread(ax: Axes, summary: pd.DataFrame, *, label: str, colour: Any, marker: str, line: Any) -> int:
    """:func:`style.spread` on a log axis; a mean of 0 or less becomes an open triangle on the lower edge.

    Returns how many such points there are, so that the legend can tell what the triangles mean.
    """
    positive = summary[summary["mean"] > 0]
    floor = summary[summary["mean"] <= 0]
    if len(positive):
        style.spread(ax, positive, label=label, colour=colour, marker=marker, line=line)
    if len(floor):
        ax.plot(
            floor.index.to_numpy(float),
            np.full(len(floor), 0.025),
            color=colour,
            marker="v",
            markerfacecolor="white",
            linestyle="none",
            transform=ax.get_xaxis_transform(),
            clip_on=False,
            label="_not positive",
        )
    return len(floor)
