"""Figs. 6 and 7, log-weight heatmaps of first-layer units, and Fig. A, the blocks of the lifted matrices."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from anarch.figures import style, tables

FILTER_COLUMNS = ("model", "relax_time", "epoch", "panel", "row", "column", "log_abs_weight")


def _grid(rows: pd.DataFrame, value: str) -> np.ndarray:
    """``value`` as an image (rows, columns), NaN where the table has no finite cell."""
    image = np.full((int(rows.row.max()) + 1, int(rows.column.max()) + 1), np.nan)
    image[rows.row.astype(int), rows.column.astype(int)] = rows[value].astype(float)
    return np.where(np.isfinite(image), image, np.nan)


def _heatmap(ax: Axes, image: np.ndarray, limits: Normalize) -> AxesImage:
    shades = colormaps["viridis"].with_extremes(bad=style.MASKED)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax.imshow(image, cmap=shades, norm=limits, interpolation="nearest")


def _limits(images: list[np.ndarray]) -> Normalize:
    """One colour scale: 1st percentile to largest finite value (a few dots near zero would stretch it)."""
    finite = np.concatenate([image[np.isfinite(image)] for image in images] or [np.empty(0)])
    if not finite.size:
        return Normalize(-1, 0)
    low, high = np.percentile(finite, 1), finite.max()
    return Normalize(low, high if high > low else low + 1)


@style.house_style
def fig6(filters: pd.DataFrame, *, about: str) -> Figure:
    """ln |w| of one first-layer eFCN unit: a row per relax time, a column per epoch of eFCN training."""
    tables.require(filters, "filters", FILTER_COLUMNS)
    rows = tables.select(filters, "filters", model="eFCN", panel="weights")
    times, epochs = sorted(rows.relax_time.unique()), sorted(rows.epoch.unique())
    cells = {
        (time, epoch): _grid(cell, "log_abs_weight")
        for (time, epoch), cell in rows.groupby(["relax_time", "epoch"])
    }
    limits = _limits(list(cells.values()))
    side = min(1.65, (style.DOUBLE - 1.0) / len(epochs))  # inches of a cell
    figure, axes = style.figure(
        len(times), len(epochs), width=1.0 + side * len(epochs), height=0.9 + side * len(times)
    )
    for ax, (time, epoch) in zip(axes.flat, [(t, e) for t in times for e in epochs], strict=True):
        image = cells.get((time, epoch))
        if image is None:
            ax.set_axis_off()
            continue
        shown = _heatmap(ax, image, limits)
        if time == times[0]:
            ax.set_title(f"epoch {epoch:g}")
        if epoch == epochs[0]:
            ax.set_ylabel(f"$t_w$ = {time:g}")
    figure.colorbar(shown, ax=axes, label="ln |w|", extend="min", shrink=0.8, aspect=30)
    style.caption(
        figure,
        "Incoming weights of one first-layer unit of eFCNs, the one whose convolution sits at the top left, "
        "mean of ln |w| over colour channels; rows: relax time $t_w$, columns: epoch of eFCN training. "
        "Grey: weights that are exactly zero.",
        about=about,
        counts="n = 1 seed",
    )
    return figure


@style.house_style
def fig7(filters: pd.DataFrame, *, about: str) -> Figure:
    """The FCN's counterpart of Fig. 6: initial and final weights, and ln of the change due to training."""
    tables.require(filters, "filters", FILTER_COLUMNS)
    rows = tables.select(filters, "filters", model="FCN")
    weights = tables.select(rows, "filters", panel="weights")
    change = tables.select(rows, "filters", panel="difference")
    first, last = weights.epoch.min(), weights.epoch.max()
    images = [_grid(weights[weights.epoch == epoch], "log_abs_weight") for epoch in (first, last)]
    difference = _grid(change[change.epoch == change.epoch.max()], "log_abs_weight")
    figure, axes = style.figure(1, 3, height=2.55)
    shared = _limits(images)
    for ax, image, title in zip(axes[0], images, ("initial", f"after {last:g} epochs"), strict=False):
        shown = _heatmap(ax, image, shared)
        ax.set_title(title)
    figure.colorbar(shown, ax=axes[0, :2], label="ln |w|", extend="min", shrink=0.8, aspect=18)
    axes[0, 2].set_title("difference")
    changed = _heatmap(axes[0, 2], difference, _limits([difference]))
    figure.colorbar(changed, ax=axes[0, 2], label=r"ln |$\Delta$w|", extend="min", shrink=0.8, aspect=18)
    style.caption(
        figure,
        "Incoming weights of the same first-layer unit of an FCN, mean over colour channels, and the change "
        "due to training, on a colour scale of its own.",
        about=about,
        counts="n = 1 seed",
    )
    return figure


@style.house_style
def figA(blocks: pd.DataFrame, *, about: str) -> Figure:
    """Share of local (non-zero) entries in each block of the lifted weight matrices, one panel per layer."""
    tables.require(blocks, "blocks", ("layer", "row", "column", "filled", "rows", "columns"))
    if blocks.empty:
        raise tables.TableError("table blocks has no row")
    layers = [(layer, cells) for layer, cells in blocks.groupby("layer")]
    images = [_grid(cells, "filled") for _, cells in layers]
    figure, axes = style.figure(1, len(layers), height=3.7)
    shades = colormaps["Greys"].with_extremes(bad=style.YELLOW)
    for ax, (layer, cells), image in zip(axes[0], layers, images, strict=True):
        rows, columns = int(cells["rows"].iloc[0]), int(cells["columns"].iloc[0])
        shown = ax.imshow(
            100 * image,
            cmap=shades,
            aspect="auto",
            vmin=0,
            vmax=100 * float(np.nanmax(image)) or 1,
            interpolation="nearest",
            extent=(0, columns, rows, 0),
        )
        ax.grid(False)
        ax.set(
            title=f"layer {layer:g}\n{rows:,} × {columns:,}".replace(",", "\u2009"),
            xlabel="input unit",
            xticks=[0, columns],
            yticks=[0, rows],
        )
        ax.spines[["top", "right"]].set_visible(True)
        scale = figure.colorbar(shown, ax=ax, location="bottom", aspect=12)
        scale.set_label("local entries (%)")
    axes[0, 0].set_ylabel("output unit")
    style.caption(
        figure,
        "Weight matrices of the convolutions lifted to fully-connected layers: share of each block's entries "
        "that are local, each layer on a grey scale of its own. All others, off-local, are zero until the "
        "constraint is relaxed.",
        about=about,
        counts="counted in n = 1 lifted network",
    )
    return figure
