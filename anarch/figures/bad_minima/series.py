"""What the figures of this study share: the four curves and their looks, the rows and panels they need."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import style, tables
from anarch.figures.bad_minima import published

KEY = ("dataset", "model", "stage", "mode", "init", "replicas", "seed")
# (mode, initialisation) -> label, colour, marker, line
LOOKS: dict[tuple[str, str], tuple[str, str, str, Any]] = {
    ("vanilla", "random"): ("vanilla SGD, random init.", style.BLUE, "o", style.DASHES[0]),
    ("vanilla", "adversarial"): ("vanilla SGD, adversarial init.", style.RED, "s", style.DASHES[1]),
    ("sota", "random"): ("SOTA SGD, random init.", style.GREEN, "^", style.DASHES[2]),
    ("sota", "adversarial"): ("SOTA SGD, adversarial init.", style.ORANGE, "D", style.DASHES[3]),
}
NAMES = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "cinic10": "CINIC-10",
    "restrictedimagenet": "R-ImageNet",
}
Pair = tuple[str, str]  # (dataset, model)


def trained(table: pd.DataFrame, name: str, *columns: str) -> pd.DataFrame:
    """The rows of training on true labels; TableError where a key column or one of ``columns`` lacks."""
    tables.require(table, name, (*KEY, *columns))
    return tables.select(table, name, stage="training")


def main_rows(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows from random initialisation and from the study's main replication factor R.

    Column ``main_replicas`` tells which R that is; a table without it must hold one R only.
    """
    adversarial = table.init == "adversarial"
    if "main_replicas" in table:
        return table[~adversarial | (table.replicas == table.main_replicas)]
    factors = sorted(table[adversarial].replicas.dropna().unique())
    if len(factors) > 1:
        raise tables.TableError(
            f"table {name} has replicas {', '.join(f'{r:g}' for r in factors)} "
            "and no column main_replicas that tells which of them the study is about; add it"
        )
    return table


def four(table: pd.DataFrame, name: str, *columns: str) -> pd.DataFrame:
    """The rows of the four curves: training by vanilla and SOTA SGD from random or main adversarial start."""
    rows = main_rows(trained(table, name, *columns), name)
    chosen = rows[rows["mode"].isin(("vanilla", "sota"))]
    if chosen.empty:
        raise tables.TableError(f"table {name} has no row of training with mode = vanilla or sota")
    return chosen


def of(rows: pd.DataFrame, pair: Pair, mode: str, init: str) -> pd.DataFrame:
    """The rows of one curve in one panel."""
    dataset, model = pair
    return rows[
        (rows.dataset == dataset) & (rows.model == model) & (rows["mode"] == mode) & (rows.init == init)
    ]


def pairs(rows: pd.DataFrame) -> list[Pair]:
    """Every (dataset, model) in ``rows``, in their order there."""
    return list(rows[["dataset", "model"]].drop_duplicates().itertuples(index=False, name=None))


def spoken(dataset: str) -> str:
    """A data set's name as it is printed."""
    return NAMES.get(published.data(dataset), dataset.replace("_", " "))


def reference(every: Iterable[Pair]) -> Pair | None:
    """The panel where the numbers of Table 2 belong: ResNet18, on CIFAR-10 if that is there."""
    candidates = [pair for pair in every if published.network(pair[1]) == "resnet18"]
    return min(candidates, key=lambda pair: published.data(pair[0]) != "cifar10", default=None)


def panels(
    every: Sequence[Pair], *, height: float, deep: int = 1, sharex: Any = True, sharey: Any = "row"
) -> tuple[Figure, dict[Pair, list[Axes]]]:
    """A figure with ``deep`` axes, one above the other, for each pair; ``height`` of an axes in inches.

    Data sets are rows and models columns; where there is one of either, panels follow each other, four a row.
    """
    datasets, models = (list(dict.fromkeys(names)) for names in zip(*every, strict=True))
    crossed = len(datasets) > 1 and len(models) > 1
    columns = len(models) if crossed else min(len(every), 4)
    places = (
        {pair: (datasets.index(pair[0]), models.index(pair[1])) for pair in every}
        if crossed
        else {pair: divmod(i, columns) for i, pair in enumerate(every)}
    )
    rows = 1 + max(row for row, _ in places.values())
    width = {1: 4.6, 2: 6.0}.get(columns, style.DOUBLE)
    figure, axes = style.figure(
        deep * rows, columns, height=1.2 + deep * rows * height, width=width, sharex=sharex, sharey=sharey
    )
    stacks = {
        pair: [axes[deep * row + i, column] for i in range(deep)] for pair, (row, column) in places.items()
    }
    used = [ax for stack in stacks.values() for ax in stack]
    for ax in axes.flat:
        ax.set_axis_on() if ax in used else ax.set_axis_off()
    letters = max(int((width - 0.6) / columns * 72 / (0.56 * style.BODY)), 8)
    for pair, stack in stacks.items():
        stack[0].set_title(textwrap.fill(f"{spoken(pair[0])}, {pair[1]}", letters))
    _outer_labels(axes, used)
    return figure, stacks


def _outer_labels(axes: np.ndarray, used: Sequence[Axes]) -> None:
    """Numbers on the first axes of each row and the last of each column, also where the corner is empty."""
    for line in axes:
        next(ax for ax in line if ax in used).tick_params(labelleft=True)
    for line in axes.T:
        next(ax for ax in line[::-1] if ax in used).tick_params(labelbottom=True)


def label_outer(stacks: dict[Pair, list[Axes]], x: str, y: Sequence[str]) -> None:
    """Axis labels where numbers are: ``x`` below, ``y``, one for each axes of a stack, on the left."""
    for stack in stacks.values():
        for ax, text in zip(stack, y, strict=True):
            if ax.xaxis.get_tick_params()["labelbottom"]:
                ax.set_xlabel(x)
            if ax.yaxis.get_tick_params()["labelleft"]:
                ax.set_ylabel(text)


def legend(figure: Figure, shown: Iterable[tuple[str, str]], *extra: Line2D) -> None:
    """One legend above all panels for the curves ``shown`` and what else is marked."""
    there = set(shown)
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle=line, label=label)
        for key, (label, colour, marker, line) in LOOKS.items()
        if key in there
    ]
    columns = 2 if figure.get_figwidth() < style.DOUBLE else len(handles) + len(extra)
    figure.legend(handles=[*handles, *extra], loc="outside upper center", ncols=columns, columnspacing=1.0)


def paper_mark(ax: Axes, value: float, mode: str, init: str, *, x: float | None = None) -> None:
    """The paper's ``value`` as an open mark of its curve: at ``x``, or outside the right edge.

    For the time when all curves of the figure are drawn: the range of the axes stays theirs, and a mark that
    lies beyond it stands outside the edge, a mark's height away.
    """
    _, colour, marker, _ = LOOKS[mode, init]
    low, high = ax.get_ylim()
    ax.set_ylim(low, high)
    beyond = not low <= value <= high
    place = 1.035 + 0.04 * list(LOOKS).index((mode, init)) if x is None else x
    if x is None:
        across = ax.transAxes if beyond else ax.get_yaxis_transform()
    else:
        across = ax.get_xaxis_transform() if beyond else ax.transData
    at = value if not beyond else 1.04 if value > high else -0.04
    style.open_mark(ax, place, at, colour=colour, marker=marker, size=4.0, transform=across)
