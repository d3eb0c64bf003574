"""Fig. 1: the loss of a wide network with its stagnations, and its outputs there beside narrow minima."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import scales, style, tables
from anarch.figures.embedding import series

RUN = ("start", "origin", "seed")
DESCENT = (*RUN, "width", "step", "loss")
PLATEAUS = (
    *RUN, "plateau", "step", "loss", "narrow_width", "narrow_point", "gap", "output_gap", "nearest",
)  # fmt: skip
SNAPSHOTS = (*RUN, "plateau", "x", "value")
ORIGINS = {0: style.RED, 1: style.RED, 2: style.PURPLE}  # 0: small initialisation
MARKS = ((style.BLUE, "o"), (style.GREEN, "s"), (style.ORANGE, "D"))
NEAREST = (0, (0.8, 1.6))


@dataclass(frozen=True)
class Shot:
    """A moment of a run whose outputs are drawn, and the width whose minimum is drawn beside them."""

    start: str
    origin: int
    seed: int
    plateau: int  # 0: the end
    width: int


@style.house_style
def fig1(
    curves: pd.DataFrame,
    descent: pd.DataFrame,
    plateaus: pd.DataFrame,
    snapshots: pd.DataFrame,
    *,
    about: str,
) -> Figure:
    """Loss (left) and outputs at stagnations (right): small initialisation above, a lifted minimum below."""
    given = {
        "descent": (descent, DESCENT),
        "plateaus": (plateaus, PLATEAUS),
        "snapshots": (snapshots, SNAPSHOTS),
    }
    for name, (table, needed) in given.items():
        tables.require(table, name, needed)
    functions = series.narrow(curves)
    lowest = series.minima(functions)
    tables.select(descent, "descent", start="small")
    descent, plateaus, snapshots = (
        table.assign(origin=table.origin.fillna(0).astype(int)) for table in (descent, plateaus, snapshots)
    )
    starts = [start for start in ("small", "lifted") if (descent.start == start).any()]
    shots = {start: _shots(plateaus[plateaus.start == start], lowest) for start in starts}
    columns = 1 + max(1, *(len(found) for found in shots.values()))
    figure, axes = style.figure(
        len(starts), columns, height=1.3 + 1.75 * len(starts), width_ratios=[1.4, *[1.0] * (columns - 1)]
    )
    named = iter("abcdefgh")
    beside = False
    for line, start in zip(axes, starts, strict=True):
        _loss(line[0], descent[descent.start == start], {w: functions[p] for w, p in lowest.items()})
        style.letter(line[0], next(named))
        line[1].set_ylabel("output")
        for ax, shot, (colour, marker) in zip(line[1:], shots[start], MARKS, strict=False):
            plateau = _at(plateaus, shot)
            _mark(line[0], plateau.iloc[0].step, plateau.iloc[0].loss, colour, marker)
            beside |= _outputs(ax, curves, snapshots, functions, lowest, shot, plateau)
            _mark(ax, 0.06, 0.94, colour, marker, transform=ax.transAxes)
            style.letter(ax, next(named))
        for ax in line[1 + len(shots[start]) :]:
            ax.set_axis_off()
        for ax in line[2:]:
            ax.sharey(line[1])
            ax.tick_params(labelleft=False)
    width = int(descent.width.iloc[0])
    figure.legend(
        handles=_handles(width, descent.origin.unique(), lowest, beside), loc="outside upper center", ncols=4
    )
    n = descent.groupby("start").seed.nunique().reindex(starts)
    seeds = " and ".join(f"{count} ({start})" if len(n) > 1 else f"{count}" for start, count in n.items())
    runs = f"n = {seeds} seed{'s' if n.max() > 1 else ''}"
    every = ", a line each; marks and outputs: the first" if n.max() > 1 else ""
    style.caption(figure, _text(width, starts), about=about, counts=runs + every)
    return figure


def _shots(plateaus: pd.DataFrame, lowest: dict[int, series.Point]) -> list[Shot]:
    """At most three of the first seed: two stagnations, of two origins where there are, and an end."""
    if plateaus.empty:
        return []
    rows = plateaus[plateaus.seed == plateaus.seed.min()]
    keys = list(
        rows[[*RUN, "plateau"]].drop_duplicates().sort_values(["origin", "plateau"]).itertuples(index=False)
    )
    stagnant = [key for key in keys if key.plateau > 0]
    firsts = [key for key in stagnant if key.plateau == 1]
    chosen = firsts[:2] if len(firsts) > 1 else stagnant[:2]
    widths = sorted(lowest)
    slow = [
        Shot(key.start, key.origin, key.seed, key.plateau, key.origin or widths[min(i, len(widths) - 1)])
        for i, key in enumerate(chosen)
    ]
    ends = [key for key in keys if key.plateau == 0]
    return [*slow, *(Shot(key.start, key.origin, key.seed, 0, widths[-1]) for key in ends[:1])]


def _at(table: pd.DataFrame, shot: Shot) -> pd.DataFrame:
    """The rows of ``shot``; TableError if a snapshot or plateau of it lacks."""
    rows = table[
        (table.start == shot.start)
        & (table.origin == shot.origin)
        & (table.seed == shot.seed)
        & (table.plateau == shot.plateau)
    ]
    if rows.empty:
        raise tables.TableError(
            f"table snapshots has no row with start = {shot.start}, seed = {shot.seed}, "
            f"plateau = {shot.plateau}"
        )
    return rows


def _loss(ax: Axes, descent: pd.DataFrame, minima: dict[int, pd.DataFrame]) -> None:
    """Every run's loss, and the losses of the narrow minima where they are on the axes."""
    first = descent.seed.min()
    runs = descent[["origin", "seed"]].drop_duplicates().sort_values(["origin", "seed"])
    for origin, seed in runs.itertuples(index=False, name=None):
        run = descent[(descent.origin == origin) & (descent.seed == seed)].sort_values("step")
        ax.plot(
            run.step, run.loss, color=ORIGINS.get(origin, style.ORANGE),
            linewidth=1.3 if seed == first else 0.6, alpha=1.0 if seed == first else 0.55,
            linestyle="-" if origin < 2 else style.DASHES[1], label=f"origin {origin}, seed {seed}", zorder=3,
        )  # fmt: skip
    least = descent.loss[descent.loss > 0].min()
    levels = {width: float(rows.loss.iloc[0]) for width, rows in minima.items()}
    shown = {width: value for width, value in levels.items() if value > least / 30}
    for width, value in shown.items():
        colour, _, line = series.look(width)
        ax.axhline(value, color=colour, linestyle=line, linewidth=0.9, label=f"width {width}", zorder=2)
    scales.log_y(ax, descent.loss, [1.5 * value for value in shown.values()])
    series.step_axis(ax, descent.step)
    ax.set_ylabel(
        {"small": "loss, small initialisation", "lifted": "loss, lifted minimum"}[descent.start.iloc[0]]
    )


def _mark(ax: Axes, x: float, y: float, colour: str, marker: str, **options: Any) -> None:
    ax.plot(
        [x], [y], color=colour, marker=marker, markersize=6, markeredgecolor=style.INK, markeredgewidth=0.6,
        linestyle="none", label="_shot", zorder=6, **options,
    )  # fmt: skip


def _outputs(
    ax: Axes,
    curves: pd.DataFrame,
    snapshots: pd.DataFrame,
    functions: dict[series.Point, pd.DataFrame],
    lowest: dict[int, series.Point],
    shot: Shot,
    told: pd.DataFrame,
) -> bool:
    """Outputs of one moment, narrow and wide; returns whether another critical point was nearer."""
    series.data_points(ax, curves)
    wide = _at(snapshots, shot).sort_values("x")
    ax.plot(
        wide.x,
        wide.value,
        color=ORIGINS.get(shot.origin, style.ORANGE),
        linewidth=2.2,
        label="wide",
        zorder=3,
    )
    reference = lowest.get(shot.width, lowest[min(lowest)])
    nearest = told[told.nearest == 1]
    other = (
        (int(nearest.iloc[0].narrow_width), int(nearest.iloc[0].narrow_point)) if len(nearest) else reference
    )
    colour, _, line = series.look(reference[0])
    rows = functions[reference]
    ax.plot(rows.x, rows.value, color=colour, linestyle=line, label=f"width {reference[0]}", zorder=4)
    moment = f"step {told.iloc[0].step:,.0f}" if shot.plateau else "end"
    lines = [f"{moment}: loss {series.short(told.iloc[0].loss)}", _gaps(told, reference)]
    if other != reference and other in functions:
        rows = functions[other]
        ax.plot(
            rows.x, rows.value, color=style.INK, linestyle=NEAREST, linewidth=1.6, label="nearest", zorder=5
        )
        lines.append(_gaps(told, other))
    ax.set_title("\n".join(lines), fontsize=style.SMALL - 0.5, linespacing=1.25, loc="left")
    ax.set_xlabel("$x$")
    return other != reference


def _gaps(plateau: pd.DataFrame, point: series.Point) -> str:
    rows = plateau[(plateau.narrow_width == point[0]) & (plateau.narrow_point == point[1])]
    if rows.empty:
        return ""
    gap, apart = float(rows.iloc[0].gap), float(rows.iloc[0].output_gap)
    return f"{series.name(point)}: Δ {series.short(gap, 2)}, rms {series.short(apart, 2)}"


def _handles(width: int, origins: np.ndarray, lowest: dict[int, series.Point], beside: bool) -> list[Line2D]:
    lines = [Line2D([], [], color=style.RED, linewidth=1.6, label=f"width-{width} network")]
    if 2 in origins:
        lines.append(
            Line2D(
                [], [], color=style.PURPLE, linestyle=style.DASHES[1], label=f"width {width}, lifted from 2"
            )
        )
    for narrow, point in lowest.items():
        colour, _, line = series.look(narrow)
        lines.append(
            Line2D(
                [], [], color=colour, linestyle=line, label=f"{series.name(point)}: minimum of width {narrow}"
            )
        )
    if beside:
        lines.append(
            Line2D([], [], color=style.INK, linestyle=NEAREST, linewidth=1.6, label="nearest critical point")
        )
    dots = Line2D(
        [], [], color=style.GREY, marker="o", markersize=2.2, linestyle="none", label="training data"
    )
    return [*lines, dots]


def _text(width: int, starts: list[str]) -> str:
    text = (
        f"Training loss of the two-layer tanh network of width {width} from small initialisation, and its "
        "output at the marks beside global minima of narrow networks, named by width and order "
        "of loss. Δ: loss above that minimum's; rms: root mean square difference of the outputs on the data."
    )
    lifted = " Below: the same from a narrow minimum, embedded by splitting, plus a little noise."
    return text + lifted if "lifted" in starts else text
