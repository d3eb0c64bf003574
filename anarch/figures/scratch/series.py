"""What the figures of this study share: looks of the networks, rows of a family, axes of counts."""

import math
from collections.abc import Iterable
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import scales, style, tables

KEY = ("family", "task", "dataset", "network", "width", "method", "beta", "epochs", "pixels", "seed")
LASSO = "beta-LASSO"
# network -> colour, marker, line: one colour for each depth, one line for each connectivity
LOOKS: dict[str, tuple[str, str, Any]] = {
    "ResNet18": (style.INK, "P", style.DASHES[0]),
    "D-CONV": (style.RED, "D", style.DASHES[0]),
    "D-LOCAL": (style.RED, "v", style.DASHES[1]),
    "D-FC": (style.RED, "<", style.DASHES[2]),
    "S-CONV": (style.BLUE, "o", style.DASHES[0]),
    "S-LOCAL": (style.BLUE, "s", style.DASHES[1]),
    "S-FC": (style.BLUE, "^", style.DASHES[2]),
    "3-FC": (style.PURPLE, "X", style.DASHES[3]),
}
TASKS = (
    (style.BLUE, "o", style.DASHES[0]),
    (style.ORANGE, "s", style.DASHES[1]),
    (style.GREEN, "^", style.DASHES[3]),
)


def family(table: pd.DataFrame, name: str, which: str, *columns: str) -> pd.DataFrame:
    """The rows of one ``family`` of experiments; TableError where a needed column lacks."""
    tables.require(table, name, (*KEY, *columns))
    return tables.select(table, name, family=which)


def longest(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of each task's longest training."""
    return rows[rows.epochs == rows.groupby("task").epochs.transform("max")]


def task_names(rows: pd.DataFrame) -> dict[str, str]:
    """Each task in ``rows`` and its data set's printed name, in their order there."""
    return dict(rows[["task", "dataset"]].drop_duplicates("task").itertuples(index=False, name=None))


def present(rows: pd.DataFrame, networks: Iterable[str], name: str) -> list[str]:
    """Those of ``networks`` that are in ``rows``; TableError where none is."""
    asked = list(networks)
    present = [network for network in asked if (rows.network == network).any()]
    if not present:
        raise tables.TableError(f"table {name} has no row with network = {', '.join(asked)}")
    return present


def handle(label: str, colour: str, marker: str, line: Any, **options: Any) -> Line2D:
    """An entry of a legend."""
    return Line2D([], [], color=colour, marker=marker, linestyle=line, label=label, **options)


def network_handles(networks: Iterable[str]) -> list[Line2D]:
    return [handle(network, *LOOKS[network]) for network in networks]


def legend(figure: Figure, handles: list[Line2D]) -> None:
    """One legend above all panels, in as many columns as the figure's width has room for."""
    lines = -(-len(handles) // max(1, int(figure.get_figwidth())))
    columns = -(-len(handles) // lines)
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, columnspacing=1.0)


def count_text(value: float, _position: int | None = None) -> str:
    """12 k, 1.45 M, 2 G: a number of weights in three digits."""
    for unit, symbol in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= 0.9995 * unit:
            return f"{float(f'{value / unit:.3g}'):g}{symbol}"
    return f"{value:g}"


def count_axis(ax: Axes, which: Literal["x", "y"], values: Iterable[float]) -> None:
    """A logarithmic axis of counts over the positive ones of ``values``, three to six ticks."""
    shown = [float(value) for value in values if value > 0 and math.isfinite(value)] or [1.0]
    low, high = min(shown) / 1.5, max(shown) * 1.5
    decades = math.log10(high / low)
    fronts = (1, 2, 5) if decades < 1.7 else (1, 3) if decades < 2.5 else (1,)
    every_nth = max(1, round(decades / 5))
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [front * 10.0**power for power in powers if power % every_nth == 0 for front in fronts]
    axis: Axis = ax.xaxis if which == "x" else ax.yaxis
    if which == "x":
        ax.set(xscale="log", xlim=(low, high))
    else:
        ax.set(yscale="log", ylim=(low, high))
    scales.ticks(axis, [place for place in places if low <= place <= high], count_text)


def log_values(ax: Axes, values: Iterable[float]) -> None:
    """A logarithmic x axis with ticks at those of ``values`` whose labels have room."""
    every = sorted({value for value in values if value > 0})
    if not every:
        return
    span = every[-1] / every[0]
    room, step = max(span**0.06, 1.1 if span > 1 else 3.0), span ** (1 / 7)
    ax.set_xlim(every[0] / room, every[-1] * room)
    ax.set_xscale("log")
    kept: list[float] = []
    for value in every:
        if not kept or value >= step * kept[-1]:
            kept.append(value)
    scales.ticks(ax.xaxis, kept)
