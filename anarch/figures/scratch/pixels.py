"""Filters as pictures: signed weights in a diverging map, exact zeros white, a label below each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from anarch.figures import style

CHANNELS = {3: ("R", "G", "B")}
LABEL = 9.5  # points below a filter, for its label
# Both arms begin where they differ from white in hue and in grey, so that no small weight looks like a zero.
_ARM = np.linspace(0.28, 1.0, 128)
SIGNED = ListedColormap(
    np.concatenate([colormaps["Blues"](_ARM[::-1]), colormaps["Oranges"](_ARM)]), name="signed"
).with_extremes(bad="white")


class Picture(NamedTuple):
    """One filter: its weights (C, H, W) and what stands below it."""

    weight: np.ndarray
    label: str


def picture(rows: pd.DataFrame, label: str) -> Picture:
    """The filter whose pixels are ``rows`` (channel, row, column, weight); one without a row is a zero."""
    place = tuple(rows[axis].to_numpy(int) for axis in ("channel", "row", "column"))
    weight = np.zeros([int(axis.max()) + 1 for axis in place])
    weight[place] = rows.weight.to_numpy(float)
    return Picture(weight, label)


def coloured(weight: np.ndarray) -> np.ndarray:
    """RGBA (..., 4) of ``weight`` over its largest absolute value, an end of the map; zeros are white."""
    largest = np.abs(weight).max()
    share = np.where(weight == 0, np.nan, weight / (largest or 1.0))
    return SIGNED(np.ma.masked_invalid((share + 1) / 2))


def per_line(channels: int) -> int:
    """Filters in one line of a page's width."""
    return {1: 8, 3: 4}.get(channels, max(1, 10 // channels))


def height(pictures: Sequence[Picture], width: float) -> float:
    """Inches that `draw` needs for ``pictures`` on ``width`` inches."""
    if not pictures:
        return 0.2
    shape = pictures[0].weight.shape
    lines = -(-len(pictures) // per_line(shape[0]))
    heads = 8 / 72 if shape[0] in CHANNELS else 0.0
    return heads + lines * (shape[1] * width / _line_pixels(shape) + LABEL / 72)


def _line_pixels(shape: tuple[int, ...]) -> float:
    """Width of one line in pixels of a filter, the gaps between and within filters included."""
    channels, _, columns = shape
    return per_line(channels) * _block(shape) + (per_line(channels) - 1) * columns * 0.16


def _block(shape: tuple[int, ...]) -> float:
    channels, _, columns = shape
    return columns * (channels + 0.05 * (channels - 1))


def draw(ax: Axes, pictures: Sequence[Picture], width: float) -> None:
    """All ``pictures``, which have one shape, in lines on ``ax`` whose data units become pixels of a filter.

    ``width`` in inches is that of the axes: it decides how much room the labels take.
    """
    ax.set_axis_off()
    if not pictures:
        ax.text(0.5, 0.5, "no filter to show: none has 20 non-zero weights", ha="center", va="center")
        return
    shape = pictures[0].weight.shape
    channels, rows, columns = shape
    units = _line_pixels(shape) / (72 * width)  # pixels of a filter in a point
    frames = []
    for number, shown in enumerate(pictures):
        line, place = divmod(number, per_line(channels))
        left, top = place * (_block(shape) + 0.16 * columns), line * (rows + LABEL * units)
        for channel, image in enumerate(coloured(shown.weight)):
            x = left + channel * columns * 1.05
            ax.imshow(image, extent=(x, x + columns, top + rows, top), interpolation="nearest")
            frames.append(Rectangle((x, top), columns, rows))
            if line == 0 and channels in CHANNELS:
                ax.text(
                    x + columns / 2,
                    -1.5 * units,
                    CHANNELS[channels][channel],
                    ha="center",
                    fontsize=style.SMALL - 1,
                )
        ax.text(
            left + _block(shape) / 2, top + rows + 1.2 * units, shown.label,
            ha="center", va="top", fontsize=style.SMALL - 0.5,
        )  # fmt: skip
    ax.add_collection(PatchCollection(frames, facecolor="none", edgecolor=style.GREY, linewidth=0.4))
    lines = -(-len(pictures) // per_line(channels))
    ax.set(
        xlim=(-1, _line_pixels(shape) + 1),
        ylim=(lines * (rows + LABEL * units), -8 * units if channels in CHANNELS else -1),
        anchor="NW",
    )


def colour_bar(figure: Figure, ax: Axes | np.ndarray) -> None:
    """The map from the largest negative to the largest positive weight of a filter."""
    scale = ScalarMappable(Normalize(-1, 1), SIGNED)
    bar = figure.colorbar(scale, ax=ax, location="bottom", shrink=0.4, aspect=35, pad=0.01, ticks=[-1, 0, 1])
    bar.ax.set_xticklabels(["−max |w|", "0 (exact zeros: white)", "max |w|"])
    bar.outline.set_linewidth(0.4)
