"""Fig. 1, the sketch made real: paths of CNN, FCN and eFCNs around the CNN subspace."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from anarch.figures import style, tables
from anarch.figures.scales import ticks

COLUMNS = (
    "model",
    "relax_time",
    "seed",
    "epoch",
    "pc1",
    "pc2",
    "off_subspace",
    "projected_pc1",
    "projected_pc2",
    "explained1",
    "explained2",
)
LINK = (0, (3, 2))


@style.house_style
def fig1(paths: pd.DataFrame, *, about: str) -> Figure:
    """Paths in parameter space on their two leading principal components, and distance from the CNN subspace.

    Principal components of different seeds are no common axes, so the first seed alone is drawn.
    """
    tables.require(paths, "paths", COLUMNS)
    if paths.empty:
        raise tables.TableError("table paths has no row")
    seed = paths.seed.min()
    rows = paths[paths.seed == seed].sort_values("epoch")
    figure, axes = style.figure(1, 3, height=style.height_beside(rows.relax_time.nunique() + 4, 3.1))
    whole, near, distance = axes[0]
    _subspace(distance, rows.off_subspace.max())
    for ax, y, foot in (
        (whole, "pc2", "projected_pc2"),
        (near, "pc2", "projected_pc2"),
        (distance, "off_subspace", None),
    ):
        for path, colour, marker, label in _paths(rows):
            _path(ax, path, y, colour, marker, label)
            if label != "CNN":
                _links(ax, path, y, foot, colour)
    _magnify(whole, near, rows[rows.model != "FCN"])
    share = rows[["explained1", "explained2"]].iloc[0] * 100
    for ax in axes[0]:
        ax.set_xlabel(f"PC 1 ({share.iloc[0]:.0f} % of variance)")
    whole.set_ylabel(f"PC 2 ({share.iloc[1]:.0f} % of variance)")
    near.set_ylabel("PC 2")
    distance.set_ylabel("distance from the CNN subspace")
    _legend(distance)
    for ax, name in zip(axes[0], "abc", strict=True):
        style.letter(ax, name)
    style.caption(
        figure,
        "Training paths in the parameter space of the FCN, on the plane of their two leading principal "
        "components: all of them (a), the CNN's surroundings, boxed in a, enlarged (b); and their distance "
        "from the linear CNN subspace, on a square-root scale (c). Arrow heads: end of training; open marks: "
        "initial point of CNN and FCN, snapshots lifted to an eFCN; dashed: from a path's end to its "
        "projection on the CNN subspace.",
        about=about,
        counts=f"n = 1 seed (seed {seed:g})",
    )
    return figure


def _magnify(whole: Axes, near: Axes, rows: pd.DataFrame) -> None:
    """Limit ``near`` to the paths in ``rows`` and box what it shows in ``whole``."""
    if rows.empty:
        near.set_axis_off()
        return
    spans = [(rows[axis].min(), max(np.ptp(rows[axis]), 1e-9)) for axis in ("pc1", "pc2")]
    (x, width), (y, height) = ((low - 0.12 * span, 1.24 * span) for low, span in spans)
    near.set(xlim=(x, x + width), ylim=(y, y + height))
    whole.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=style.GREY, linewidth=0.7))


def _legend(ax: Axes) -> None:
    """Paths first, then what the other marks mean, right of ``ax``."""
    subspace, *drawn = ax.get_legend_handles_labels()[0]
    link = Line2D(
        [], [], color=style.GREY, linestyle=LINK, linewidth=0.6, marker=".", markersize=3, label="projection"
    )
    style.legend_beside(ax, [*drawn, link, subspace])


def _paths(rows: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, Any, str, str]]:
    """Path, colour, marker and label: CNN, FCN, then each eFCN from dark to light green by relax time."""
    colour: Any
    for model, colour, marker in (("CNN", style.BLUE, "s"), ("FCN", style.PURPLE, "D")):
        path = rows[rows.model == model]
        if len(path):
            yield path, colour, marker, model
    relaxed = rows[rows.model == "eFCN"]
    looks = style.relax_looks(sorted(relaxed.relax_time.unique()), scale="Greens", ends=(1.0, 0.45))
    for time, (colour, _) in looks.items():
        yield relaxed[relaxed.relax_time == time], colour, "o", f"eFCN, $t_w$ = {time:g}"


def _path(ax: Axes, path: pd.DataFrame, y: str, colour: Any, marker: str, label: str) -> None:
    """One path: a line through its epochs, an open mark where it starts, an arrow head where it ends."""
    x, height = path.pc1.to_numpy(float), path[y].to_numpy(float)
    line = {"CNN": style.DASHES[0], "FCN": style.DASHES[3]}.get(label, style.DASHES[0])
    ax.plot(
        x,
        height,
        color=colour,
        linestyle=line,
        linewidth=1.8 if label == "CNN" else 1.2,
        label=label,
        marker=marker,
        markevery=[0],
        markerfacecolor="white",
        markersize=4.5,
        zorder=4 if label == "CNN" else 3,
    )
    moved = np.flatnonzero((x != x[-1]) | (height != height[-1]))
    if len(moved):
        ax.annotate(
            "",
            (x[-1], height[-1]),
            (x[moved[-1]], height[moved[-1]]),
            zorder=5,
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "linewidth": 1.2,
                "mutation_scale": 9,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )


def _links(ax: Axes, path: pd.DataFrame, y: str, foot: str | None, colour: Any) -> None:
    """The end of ``path`` and its projection on the CNN subspace, which has distance 0 from it."""
    end = path.iloc[-1]
    down = float(end[foot]) if foot else 0.0
    ax.plot(
        [end.pc1, end.projected_pc1],
        [end[y], down],
        color=colour,
        linestyle=LINK,
        linewidth=0.6,
        marker=".",
        markevery=[1],
        markersize=3,
        label="_link",
        zorder=2,
    )


def _subspace(ax: Axes, largest: float) -> None:
    """The CNN subspace as the line at distance 0, on a square-root axis, to leave room for short paths."""
    ax.set_yscale(
        "function", functions=(lambda d: np.sign(d) * np.sqrt(np.abs(d)), lambda r: np.sign(r) * r**2)
    )
    top = max(float(largest), 1e-9) * 1.1
    ax.set_ylim(-top * 0.05**2, top)
    power = 10.0 ** np.floor(np.log10(top))
    fronts = (0, 0.1, 0.3, 1, 2, 3, 4, 5) if top < 5 * power else (0, 0.1, 0.5, 1, 2, 4, 6, 8)
    ticks(ax.yaxis, [front * power for front in fronts if front * power <= top])
    ax.axhline(0, color=style.YELLOW, linewidth=5, label="CNN subspace", zorder=1)
