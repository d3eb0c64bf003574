"""Fig. C: loss and accuracy on paths between a relaxed eFCN and the CNN or the FCN."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from anarch.figures import style, tables

COLUMNS = ("pair", "path", "relax_time", "seed", "alpha", "train_loss", "test_accuracy")
LOOKS = {
    "linear": ("linear", style.INK, "o", style.DASHES[0]),
    "norm_preserving": ("norm preserving", style.BLUE, "s", style.DASHES[1]),
    "output": ("output space", style.ORANGE, "^", style.DASHES[3]),
    "string": ("relaxed string", style.GREEN, "D", style.DASHES[2]),
}


@style.house_style
def figC(interpolation: pd.DataFrame, *, about: str) -> Figure:
    """Training loss and test accuracy against alpha.

    A column per pair of networks, two rows per relax time, a line per path.
    """
    tables.require(interpolation, "interpolation", COLUMNS)
    pairs = [pair for pair in ("eFCN-CNN", "eFCN-FCN") if (interpolation.pair == pair).any()]
    if not pairs:
        raise tables.TableError("table interpolation has no row with pair = eFCN-CNN or eFCN-FCN")
    times = sorted(interpolation.relax_time.dropna().unique())
    figure, axes = style.figure(
        2 * len(times),
        len(pairs),
        height=0.9 + 3.3 * len(times),
        width=1.2 + 2.9 * len(pairs),
        sharex="col",
        sharey="row",
    )
    n: list[int] = []
    for column, pair in enumerate(pairs):
        for i, time in enumerate(times):
            rows = interpolation[(interpolation.pair == pair) & (interpolation.relax_time == time)]
            loss, accuracy = axes[2 * i, column], axes[2 * i + 1, column]
            n += _paths(loss, rows, "train_loss", 1) + _paths(accuracy, rows, "test_accuracy", 100)
            loss.set_title(f"{pair.replace('-', ' to ')}, $t_w$ = {time:g}")
            loss.tick_params(labelbottom=False)
            _ends(accuracy, *pair.split("-"))
    for i in range(len(times)):
        axes[2 * i, 0].set_ylabel("training loss")
        axes[2 * i + 1, 0].set_ylabel("test accuracy (%)")
    looks: dict[str, Any] = {}
    for ax in axes.flat:
        looks |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    figure.legend(list(looks.values()), list(looks), loc="outside upper center", ncols=max(len(looks), 1))
    style.caption(
        figure,
        "Training loss and test accuracy on paths between trained networks, "
        "from the eFCN (α = 0) to the CNN or the FCN (α = 1).",
        about=about,
        counts=n,
    )
    return figure


def _paths(ax: Axes, rows: pd.DataFrame, column: str, scale: float) -> list[int]:
    n: list[int] = []
    for path, (label, colour, marker, line) in LOOKS.items():
        summary = tables.over_seeds(rows[rows.path == path], column, "alpha", scale)
        if len(summary):
            style.spread(
                ax, summary, label=label, colour=colour, marker=marker, line=line, kind="band", markersize=3
            )
            n += tables.counts(summary)
    return n


def _ends(ax: Axes, first: str, last: str) -> None:
    """Alpha on x, the networks at its ends named below them."""
    ax.set(xlabel=r"$\alpha$", xlim=(-0.03, 1.03), xticks=[0, 0.25, 0.5, 0.75, 1])
    ax.tick_params(labelbottom=True)
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda alpha, _: {0.0: f"0\n{first}", 1.0: f"1\n{last}"}.get(alpha, f"{alpha:g}"))
    )
