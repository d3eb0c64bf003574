"""Fig. 4, and the lower half of Fig. 3: training loss on planes of random directions through minima."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from anarch.figures import style, tables
from anarch.figures.blessing import published, selection
from anarch.figures.blessing.selection import per_cent
from anarch.figures.scales import plain_number

COLUMNS = ("set", "seed", "beta", "zoom", "a", "b", "loss", "accuracy")
SHADES = colormaps["viridis"].with_extremes(bad=style.MASKED)


@style.house_style
def fig4(surface: pd.DataFrame, *, about: str) -> Figure:
    """Slices through the loss around the good and the most poisoned minimum of each image set."""
    tables.require(surface, "surface", COLUMNS)
    images = surface[(surface.set != selection.TOY) & ~surface.zoom.astype(bool)]
    names = list(images.set.unique())
    deep = max(len(names), 1)
    figure, axes = style.figure(deep, 2, height=1.2 + 2.55 * deep, width=6.0)
    panels, counts = [], "n = 0 seeds"
    for line, name in zip(axes, names, strict=False):
        rows, counts = selection.first_seed(images[images.set == name], "surface")
        for ax, (beta, plane) in zip(line, selection.good_and_worst(rows, "surface").items(), strict=True):
            panels.append((ax, plane))
            ax.set_title(
                f"{selection.spoken(name)}: {selection.named(beta)}\ntrain accuracy {_middle(plane)}"
            )
    if panels:
        loss_maps(figure, panels)
        label_planes(axes)
    else:
        axes[0, 1].set_axis_off()
        selection.note(axes[0, 0], "no image set in this config")
    for (ax, _), name in zip(panels, "abcdefgh", strict=False):
        style.letter(ax, name)
    style.caption(
        figure,
        "Training loss (eq. 1) on one plane of filter-normalised random directions through a good minimum "
        f"and through the most poisoned one. {cutoff_note()} The paper's minima of SVHN (ResNet-18), both "
        f"with 100\u00a0% train accuracy: {published.IMAGES_GOOD:g}\u00a0% test accuracy (good, flat) and "
        f"{published.IMAGES_BAD:g}\u00a0% (bad, sharp).",
        about=about,
        counts=counts,
    )
    return figure


def cutoff_note() -> str:
    """What the white lines of :func:`loss_maps` are, for a caption."""
    return (
        f"White: loss {published.CUTOFF:g}, the paper's edge of a basin; cross: the minimum; inset: the same "
        "plane near a minimum whose basin is finer than the panel."
    )


def loss_maps(figure: Figure, panels: list[tuple[Axes, pd.DataFrame]]) -> None:
    """The loss of each panel's plane (columns a, b, loss) on one logarithmic colour scale, with its bar.

    Losses that are not finite are grey; zeros are drawn as the smallest other loss.
    """
    losses = np.concatenate([plane.loss.to_numpy(float) for _, plane in panels])
    positive = losses[np.isfinite(losses) & (losses > 0)]
    low, high = (positive.min(), positive.max()) if positive.size else (0.1, 1.0)
    norm = LogNorm(low, max(high, 10 * low))
    for ax, plane in panels:
        zoomed = plane.zoom.astype(bool)
        shown = _loss_map(ax, plane[~zoomed], norm)
        if zoomed.any():
            _inset(ax, plane[zoomed], norm)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(4))
        ax.set_aspect("equal")
    bar = figure.colorbar(
        shown, ax=[ax for ax, _ in panels], label="training loss (nats)", shrink=0.8, aspect=25
    )
    bar.ax.yaxis.set_major_locator(LogLocator(10))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(plain_number))
    bar.ax.yaxis.set_minor_locator(NullLocator())


def _loss_map(ax: Axes, plane: pd.DataFrame, norm: LogNorm) -> QuadMesh:
    image = plane.pivot_table(index="b", columns="a", values="loss", dropna=False)
    a, b = image.columns.to_numpy(float), image.index.to_numpy(float)
    loss = np.clip(np.where(np.isfinite(image), image, np.nan), norm.vmin, None)
    shown = ax.pcolormesh(a, b, loss, norm=norm, cmap=SHADES, shading="nearest", rasterized=True)
    if np.nanmin(loss) < published.CUTOFF < np.nanmax(loss):
        ax.contour(a, b, loss, levels=[published.CUTOFF], colors="white", linewidths=1.1)
    ax.plot([0], [0], color="white", marker="+", markersize=5, linestyle="none", label="minimum")
    ax.grid(False)
    ax.set(xlim=(a[0], a[-1]), ylim=(b[0], b[-1]))
    return shown


def _inset(ax: Axes, plane: pd.DataFrame, norm: LogNorm) -> None:
    """The basin that the panel is too coarse for, in its upper right corner, with half its width."""
    small = ax.inset_axes((0.6, 0.6, 0.39, 0.39))
    _loss_map(small, plane, norm)
    small.set(xticks=[], yticks=[])
    small.spines[:].set_color("white")
    small.text(
        0.5, 0.05, f"±{plane.a.max():.2g}", transform=small.transAxes, color="white", ha="center",
        fontsize=style.SMALL,
    )  # fmt: skip


def label_planes(axes: np.ndarray) -> None:
    """Names of the two directions along the outer edges of ``axes`` (rows, columns)."""
    for ax in axes[-1]:
        ax.set_xlabel("step along direction 1")
    for ax in axes[:, 0]:
        ax.set_ylabel("step along direction 2")


def _middle(plane: pd.DataFrame) -> str:
    """Accuracy where the plane meets the minimum, or as near to it as the grid comes."""
    nearest = int(np.argmin(plane.a**2 + plane.b**2))
    return per_cent(plane.accuracy.iloc[nearest])
