"""Fig. 4: critical points of narrow networks in the loss landscape of a wider one."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import ConnectionPatch

from anarch.figures import scales, style, tables
from anarch.figures.embedding import published, series

POINTS = ("case", "width", "starts", "point", "loss", "found", "negative")
DIAGRAM = ("width", "point", "copies", "main", "loss", "residual", "negative", "zero", "positive", "minimal")
ROOM = 10  # critical points whose output is drawn; more are marks only
NOTHING = 1e-12  # a loss below this share of the largest is zero


@style.house_style
def fig4(points: pd.DataFrame, curves: pd.DataFrame, diagram: pd.DataFrame, *, about: str) -> Figure:
    """Loss of every critical point by the width it comes from; its output, degeneracy and index beside."""
    tables.require(points, "points", POINTS)
    tables.require(diagram, "diagram", DIAGRAM)
    functions = series.narrow(curves)
    own = tables.select(points, "points", case="line")
    main = diagram[diagram.main == 1].sort_values("loss", ascending=False)
    if main.empty:
        raise tables.TableError("table diagram has no row with main = 1")
    index = own.set_index(["width", "point"]).negative.rename("own")
    main = main.join(index, on=["width", "point"], validate="many_to_one")
    shown = _chosen(main)
    room = ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.03, wspace=0.05, hspace=0.02)
    figure = Figure(figsize=(style.DOUBLE, 1.4 + 0.68 * max(len(shown), 3)), layout=room)
    grid = figure.add_gridspec(len(shown), 2, width_ratios=[1.25, 1.0])
    tree = figure.add_subplot(grid[:, 0])
    heights = _losses(tree, main)
    first: Axes | None = None
    row: Any
    for place, row in enumerate(shown.itertuples()):
        ax = figure.add_subplot(grid[place, 1], sharex=first, sharey=first)
        first = first or ax
        _output(ax, curves, functions, row, last=place == len(shown) - 1)
        ax.text(
            1.04, 0.5, _told(row, diagram, own), transform=ax.transAxes, va="center", ha="left",
            fontsize=style.SMALL, linespacing=1.25,
        )  # fmt: skip
        _link(figure, tree, ax, (row.width, heights[row.Index]), row.width)
    figure.legend(handles=_handles(main), loc="outside upper center", ncols=4)
    style.caption(figure, _text(main, shown), about=about, counts=f"n = {len(main)} critical points")
    return figure


def _chosen(main: pd.DataFrame) -> pd.DataFrame:
    """All rows, or where there are many the lowest points of each width, width by width in turn."""
    order = main.sort_values("loss").groupby("width").cumcount().sort_values(kind="stable")
    return main[main.index.isin(order.index[:ROOM])]


def _losses(ax: Axes, main: pd.DataFrame) -> dict[Any, float]:
    """A mark per critical point, filled where it is a minimum of its own network; returns their heights."""
    positive = main.loss[main.loss > NOTHING * main.loss.max()]
    scales.log_y(ax, positive)
    low, high = ax.get_ylim()
    if len(positive) < len(main):
        low /= (high / low) ** 0.12
        ax.set_ylim(low, high)
    floor = low * (high / low) ** 0.04
    heights = {}
    row: Any
    for row in main.itertuples():
        colour, marker, _ = series.look(int(row.width))
        heights[row.Index] = float(row.loss) if row.Index in positive.index else floor
        ax.plot(
            [row.width], [heights[row.Index]], color=colour, marker=marker, markersize=6, linestyle="none",
            markerfacecolor=colour if row.own == 0 else "white", label=f"width {row.width:g}", zorder=4,
        )  # fmt: skip
    if len(positive) < len(main):
        ax.annotate(
            "zero loss", (0.02, floor), xycoords=ax.get_yaxis_transform(), va="center", fontsize=style.SMALL,
        )  # fmt: skip
    widths = sorted({int(width) for width in main.width})
    ax.set_xticks(widths)
    ax.set(
        xlim=(widths[0] - 0.75, widths[-1] + 0.25),
        xlabel="width $m_0$ of the network it comes from",
        ylabel="loss",
    )
    return heights


def _output(
    ax: Axes, curves: pd.DataFrame, functions: dict[series.Point, pd.DataFrame], row: Any, last: bool
) -> None:
    point = (int(row.width), int(row.point))
    if point not in functions:
        raise tables.TableError(f"table curves has no row with width = {point[0]}, point = {point[1]}")
    series.data_points(ax, curves, size=1.3)
    ax.plot(
        functions[point].x, functions[point].value, color=style.RED, linewidth=1.3, label="output", zorder=3
    )
    ax.tick_params(labelbottom=last)
    ax.set_xlabel("$x$" if last else "")
    ax.set_ylabel("output" if last else "")


def _told(row: Any, diagram: pd.DataFrame, points: pd.DataFrame) -> str:
    """Loss, index, degeneracy beside its least value, and how many starts led there."""
    ways = diagram[(diagram.width == row.width) & (diagram.point == row.point)]
    spread = sorted({int(zero) for zero in ways.zero})
    own = points[(points.width == row.width) & (points.point == row.point)]
    name = series.name((int(row.width), int(row.point)))
    lines = [
        f"{name}: loss {series.short(row.loss)}, index {row.own:g} → {row.negative:g}",
        f"degeneracy {row.zero:g}, $m-m_0$ = {row.minimal:g}",
    ]
    if len(spread) > 1:
        lines.append(f"(by other splits {spread[0]} to {spread[-1]})")
    if len(own):
        lines.append(f"from {int(own.found.iloc[0]):,} of {int(own.starts.iloc[0]):,} starts")
    return "\n".join(lines)


def _link(figure: Figure, tree: Axes, ax: Axes, mark: tuple[float, float], width: float) -> None:
    """A thin line from a mark to its output's axes, as the terminal branches of the paper's tree."""
    link = ConnectionPatch(
        mark, (0, 0.5), "data", "axes fraction", axesA=tree, axesB=ax, color=series.look(int(width))[0],
        linewidth=0.6, alpha=0.6, label="_link", shrinkA=3, shrinkB=26,
    )  # fmt: skip
    link.set_in_layout(False)
    figure.add_artist(link)


def _handles(main: pd.DataFrame) -> list[Line2D]:
    saddle, minimum = bool((main.own > 0).any()), bool((main.own == 0).any())
    marks = [
        Line2D([], [], color=style.INK, marker="o", markerfacecolor=face, linestyle="none", label=label)
        for there, face, label in (
            (minimum, style.INK, "minimum of its own width"),
            (saddle, "white", "saddle there already"),
        )
        if there
    ]
    output = Line2D([], [], color=style.RED, linewidth=1.3, label="output function")
    dots = Line2D([], [], color=style.GREY, marker="o", markersize=2, linestyle="none", label="training data")
    return [*marks, output, dots]


def _text(main: pd.DataFrame, shown: pd.DataFrame) -> str:
    kinds = main.assign(minimum=main.own == 0).groupby("width").minimum.agg(["sum", "size"])
    widths = ", ".join(f"{width:g}" for width in kinds.index)
    minima, saddles, paper = (
        ", ".join(f"{n:g}" for n in numbers)
        for numbers in (
            kinds["sum"],
            kinds["size"] - kinds["sum"],
            [published.CRITICAL_POINTS.get(int(width), 0) for width in kinds.index],
        )
    )
    wide = int((main.width + main.minimal).max())
    text = (
        f"Critical points of networks of widths {widths}, embedded in width {wide} by equal splitting of the "
        f"first neuron: of each width, and of no narrower one, {minima} minima (the paper, on its data and "
        f"by training: {paper} points) and {saddles} saddles, which polishing finds. "
        "Index: negative eigenvalues of the Hessian, in the own network → here; "
        "degeneracy: zero ones here, m − m₀ or more (Theorem 2)."
    )
    left = len(main) - len(shown)
    return f"{text} Outputs of the {left} others are left out." if left else text
