"""The house style of every figure: fonts, sizes, colours, captions, and how spread over seeds is drawn.

A figure function is wrapped in :func:`house_style`; whoever saves its result does so under
``rc_context(RC)``.
"""

import functools
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, ParamSpec

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

SINGLE, DOUBLE = 3.5, 7.2  # column widths of a journal page, inches
SMALL, BODY = 6.0, 7.0  # points
INK, GREY = "#1a1a1a", "#8c8c8c"
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#009e73", "#c22d1f"
PURPLE, YELLOW, MASKED = "#7b3294", "#f0e442", "#bdbdbd"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "d")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))

# A user's matplotlibrc would change the bytes: start from what matplotlib ships, not from what is set.
_MACHINE = (
    "backend",
    "interactive",
    "toolbar",
    "timezone",
    "webagg",
    "tk.",
    "animation",
    "savefig.directory",
    "figure.raise_window",
    "docstring",
)
RC: dict[Any, Any] = {
    **{key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith(_MACHINE)},
    "font.family": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": BODY,
    "axes.labelsize": BODY,
    "axes.titlesize": BODY,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.2,
    "legend.labelspacing": 0.35,
    "legend.borderaxespad": 0.3,
    "legend.borderpad": 0.2,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.4,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 4.0,
    "savefig.dpi": 250,
    "figure.dpi": 100,
    "svg.hashsalt": "anarch",
    "svg.fonttype": "path",
}

P = ParamSpec("P")


def house_style(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run ``draw`` under the house's settings and leave the caller's as they were."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(RC):
            return draw(*args, **kwargs)

    return drawn


def figure(
    rows: int, columns: int, *, height: float, width: float = DOUBLE, **options: Any
) -> tuple[Figure, np.ndarray]:
    """An empty figure (inches) that makes room for its own texts, and its axes (rows, columns)."""
    room = ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.05, wspace=0.04, hspace=0.05)
    figure = Figure(figsize=(width, height), layout=room)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def seeds_text(counts: Iterable[int]) -> str:
    """ "n = 3 seeds", or the range of n where some points stand on fewer seeds than others."""
    known = sorted(set(counts))
    if not known:
        return "n = 0 seeds"
    low, high = known[0], known[-1]
    text = f"n = {high} seed{'s' if high > 1 else ''}" if low == high else f"n = {low} to {high} seeds"
    return text if high == 1 else f"mean and range over {text}"


def caption(figure: Figure, text: str, *, about: str, counts: Iterable[int] | str) -> None:
    """Write below the axes what is shown, on what (``about``) and from how many seeds, wrapped to width."""
    drawn_from = counts if isinstance(counts, str) else seeds_text(counts)
    words = f"{text} {about.strip().rstrip('.').replace('$', chr(92) + '$')}; {drawn_from}."
    letters = int(figure.get_figwidth() * 72 / (0.535 * BODY))  # a mean glyph of DejaVu Sans is 0.53 em wide
    figure.supxlabel(
        textwrap.fill(words, letters), x=0.008, ha="left", fontsize=BODY, linespacing=1.25, color=INK
    )


def written(figure: Figure) -> tuple[str, float]:
    """The caption as one line, empty where there is none, and the share of the figure's height above it."""
    words = figure.get_supxlabel()
    if not words:
        return "", 1.0
    figure.draw_without_rendering()  # lays the figure out: only then has the caption its place
    (drawn,) = (text for text in figure.texts if text.get_text() == words)
    top = drawn.get_window_extent().y1 + 2 * figure.dpi / 72
    return " ".join(words.split()), 1 - top / figure.bbox.height


def letter(ax: Axes, name: str) -> None:
    """The panel's letter, above the corner of its axes and left of any legend there."""
    ax.annotate(
        name,
        (0, 1),
        xytext=(-20, 5),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        fontweight="bold",
        fontsize=BODY + 1,
    )


def legend_above(ax: Axes, columns: int) -> Legend:
    """The axes' legend, above them: it never hides a point."""
    return ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns)


def legend_beside(ax: Axes, handles: Sequence[Artist] | None = None) -> Legend:
    """The axes' legend, of ``handles`` or of what is drawn, in one column right of them."""
    shown = ax.get_legend_handles_labels()[0] if handles is None else list(handles)
    return ax.legend(handles=shown, loc="upper left", bbox_to_anchor=(1.02, 1.0), alignment="left")


def height_beside(entries: int, least: float) -> float:
    """Figure height (inches), at least ``least``, with room above the caption for a legend of ``entries``."""
    return max(least, 0.115 * entries + 1.0)


def spread(
    ax: Axes,
    summary: pd.DataFrame,
    *,
    label: str,
    colour: Any,
    marker: str = "o",
    line: Any = "-",
    kind: Literal["bars", "band"] = "bars",
    **options: Any,
) -> None:
    """Seeds' means against the index of ``summary`` (columns mean, min, max, n), with smallest to largest.

    A single seed gets neither bar nor band.  Options go to the line of the means.
    """
    x = summary.index.to_numpy(float)
    ax.plot(x, summary["mean"], color=colour, marker=marker, linestyle=line, label=label, **options)
    if summary.n.max() > 1 and kind == "band":
        ax.fill_between(x, summary["min"], summary["max"], color=colour, alpha=0.16, linewidth=0)
    elif summary.n.max() > 1:
        ax.vlines(x, summary["min"], summary["max"], color=colour, linewidth=0.9)


def level(ax: Axes, summary: pd.DataFrame, *, label: str, colour: str, line: Any = "-") -> None:
    """A horizontal line at the mean of a one-row ``summary``, with its range; nothing if it has no row."""
    row: Any
    for row in summary.itertuples():
        ax.axhline(row.mean, color=colour, linestyle=line, linewidth=1.0, label=label)
        if row.n > 1:
            ax.axhspan(row.min, row.max, color=colour, alpha=0.12, linewidth=0)


def published(ax: Axes, value: float, *, colour: str, line: Any = "-", marker: str = "") -> None:
    """The paper's own ``value``: a short mark in its series' look outside the right edge, and its number."""
    stub = [1.035] if marker else [1.01, 1.06]
    ax.plot(
        stub,
        [value] * len(stub),
        color=colour,
        linestyle=line,
        marker=marker,
        linewidth=2.0,
        transform=ax.get_yaxis_transform(),
        clip_on=False,
        label="_published",
    )
    ax.annotate(
        f"paper {value:g}",
        (1.06, value),
        xycoords=ax.get_yaxis_transform(),
        xytext=(2, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL - 0.5,
        color=colour,
    )


def open_handle(label: str) -> Line2D:
    """The legend's entry for what `open_mark` draws."""
    return Line2D([], [], color=INK, marker="o", markerfacecolor="white", linestyle="none", label=label)


def open_mark(
    ax: Axes, x: float, y: float, *, colour: str, marker: str, size: float = 4.5, **options: Any
) -> None:
    """A number of the paper's as an open mark, which may lie outside the axes; options go to the mark."""
    ax.plot(
        [x],
        [y],
        color=colour,
        marker=marker,
        markerfacecolor="white",
        markersize=size,
        linestyle="none",
        clip_on=False,
        zorder=5,
        label="_published",
        **options,
    )


def relax_looks(
    times: Sequence[float], *, scale: str = "viridis", ends: tuple[float, float] = (0.0, 0.8)
) -> dict[float, tuple[tuple[float, ...], str]]:
    """Colour and marker of each relax time, from the scale's dark end to its light end in order of t_w."""
    shades = colormaps[scale](np.linspace(*ends, max(len(times), 2)))
    return {
        time: (tuple(shade), MARKERS[i % len(MARKERS)])
        for i, (time, shade) in enumerate(zip(times, shades, strict=False))
    }
