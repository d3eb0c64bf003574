"""What the figures of this study share: looks of each width, steps on a log axis, short numbers."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from anarch.figures import style, tables
from anarch.figures.scales import plain_number, ticks

CURVES = ("kind", "width", "point", "loss", "x", "value")
# width of a narrow network -> colour and marker of its critical points, line of its output
WIDTHS: dict[int, tuple[str, str, Any]] = {
    1: (style.INK, "o", (0, (4, 1.5))),
    2: ("#00508a", "s", (0, (5, 1.2, 1.2, 1.2))),
    3: ("#00573f", "^", (0, (1.5, 1.0))),
}
Point = tuple[int, int]  # (width, number by loss) of a critical point of a narrow network


def look(width: int) -> tuple[str, str, Any]:
    """Colour, marker and line of critical points of ``width``; those above 3 look alike."""
    return WIDTHS.get(width, (style.PURPLE, "D", (0, (8, 2))))


def narrow(curves: pd.DataFrame) -> dict[Point, pd.DataFrame]:
    """Output function of every critical point, rows in order of x; TableError where there is none."""
    tables.require(curves, "curves", CURVES)
    rows = tables.select(curves, "curves", kind="narrow").sort_values("x")
    keys = rows[["width", "point"]].astype(int).apply(tuple, axis=1)
    return {point: rows[keys == point] for point in sorted(keys.unique())}


def minima(functions: dict[Point, pd.DataFrame]) -> dict[int, Point]:
    """The critical point of lowest loss of each width: the global minimum, as far as the search has seen."""
    lowest: dict[int, Point] = {}
    for point in sorted(functions, key=lambda p: (p[0], functions[p].loss.iloc[0])):
        lowest.setdefault(point[0], point)
    return lowest


def name(point: Point) -> str:
    """ "2b": the second critical point of width 2 by loss."""
    return f"{point[0]}{'abcdefghijklmnopqrstuvwxyz'[point[1] % 26]}"


def data_points(ax: Axes, curves: pd.DataFrame, *, size: float = 2.2) -> None:
    """The training data of the 1-D problem as dots."""
    data = tables.select(curves, "curves", kind="data")
    ax.plot(
        data.x, data.value, color=style.GREY, marker="o", markersize=size, linestyle="none",
        label="training data", zorder=1,
    )  # fmt: skip


def step_axis(ax: Axes, steps: pd.Series, label: str = "training step") -> None:
    """Logarithmic steps on x, first positive to last of ``steps``; at most six are labelled."""
    low, high = steps[steps > 0].min() / 2, steps.max() * 2
    decades = math.log10(high / low)
    fronts = (1, 3) if decades < 2 else (1,)
    powers = range(
        math.ceil(math.log10(low)) - 1, math.ceil(math.log10(high)), max(1, math.ceil(decades / 6))
    )
    ax.set_xscale("log")
    places = [front * 10.0**power for power in powers for front in fronts]
    ticks(ax.xaxis, places, plain_number if decades < 2 else _power)
    ax.set_xlim(low, high)
    ax.set_xlabel(label)


def _power(value: float, _position: int | None = None) -> str:
    return plain_number(value) if value < 100 else f"$10^{{{round(math.log10(value))}}}$"


def short(value: float, digits: int = 3) -> str:
    """``value`` to so many digits, as a power of ten where it is small or large; "–" where there is none."""
    if not np.isfinite(value):
        return "–"
    rounded = f"{value:.{digits - 1}e}"
    if value == 0 or 1e-3 <= abs(float(rounded)) < 1e5:
        return f"{value:.{digits}g}".replace("-", "−")
    front, exponent = rounded.split("e")
    return f"${front}\\cdot10^{{{int(exponent)}}}$"
