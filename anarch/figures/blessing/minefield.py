"""Fig. 1: iterates of training, and poisoned minima near each, in two views of weight space."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import style, tables
from anarch.figures.blessing import published
from anarch.figures.blessing.selection import per_cent

VIEWS = {"tsne": "t-SNE", "pca": "PCA"}
PLACES = ("tsne_x", "tsne_y", "pca_x", "pca_y")
SETTINGS = ("perplexity", "pca_components", "tsne_seed", "tsne_kl", "pca_share_x", "pca_share_y")
SCORES = ("train_accuracy", "test_accuracy", "distance", "relative_distance")
COLUMNS = ("kind", "epoch", *SCORES, *PLACES, *SETTINGS)
FAINTEST = 0.15  # opacity of the first iterate; the last one's is 1
EDGED = {"markeredgecolor": style.INK, "markeredgewidth": 0.7, "linestyle": "none"}
LOOKS: dict[str, dict[str, Any]] = {
    "iterate": {"color": style.RED, "marker": "o", "markersize": 3.8, "linestyle": "none"},
    "poisoned": {"color": style.BLUE, "marker": "D", "markersize": 3.0, "linestyle": "none"},
    "start": {"color": "white", "marker": "^", "markersize": 6.0, **EDGED},
    "final": {"color": style.YELLOW, "marker": "*", "markersize": 11.0, **EDGED},
}
LABELS = {
    "iterate": "iterate (the later, the more opaque)",
    "poisoned": "poisoned minimum",
    "start": "initial weights",
    "final": "last iterate",
}


@style.house_style
def fig1(minefield: pd.DataFrame, *, about: str) -> Figure:
    """The minefield by t-SNE and by PCA: iterates, more opaque by epoch, poisoned minima, start and end."""
    tables.require(minefield, "minefield", COLUMNS)
    final = tables.select(minefield, "minefield", kind="final").iloc[0]
    poisoned = tables.select(minefield, "minefield", kind="poisoned")
    figure, axes = style.figure(1, 2, height=4.5)
    for ax, (view, title), name in zip(axes[0], VIEWS.items(), "ab", strict=True):
        _view(ax, minefield, f"{view}_x", f"{view}_y")
        ax.set_title(title)
        style.letter(ax, name)
    axes[0, 0].set(xlabel="t-SNE 1", ylabel="t-SNE 2", xticks=[], yticks=[])
    axes[0, 1].set(
        xlabel=f"PC 1 ({100 * final.pca_share_x:.0f} % of variance)",
        ylabel=f"PC 2 ({100 * final.pca_share_y:.0f} % of variance)",
    )
    handles = [Line2D([], [], label=LABELS[kind], **look) for kind, look in LOOKS.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    style.caption(figure, _text(final, poisoned), about=about, counts="n = 1 seed")
    return figure


def _view(ax: Axes, rows: pd.DataFrame, x: str, y: str) -> None:
    """All points of one view, and from each poisoned minimum a line to the iterate it was sought from."""
    path = rows[rows.kind != "poisoned"].sort_values("epoch").drop_duplicates("epoch")
    poisoned = rows[rows.kind == "poisoned"]
    starts = path.set_index("epoch").reindex(poisoned.epoch)
    gap = np.full(len(poisoned), np.nan)
    links = [np.column_stack([poisoned[axis], starts[axis], gap]).ravel() for axis in (x, y)]
    ax.plot(*links, color=style.MASKED, linewidth=0.4, label="_links", zorder=1)
    ax.plot(path[x], path[y], color=style.RED, linewidth=0.4, alpha=0.5, label="_path", zorder=2)
    for kind, place in (("poisoned", 3), ("start", 5), ("final", 5)):
        part = rows[rows.kind == kind]
        ax.plot(part[x], part[y], label=LABELS[kind], zorder=place, **LOOKS[kind])
    iterates = rows[rows.kind == "iterate"]
    opacity = FAINTEST + (1 - FAINTEST) * (iterates.epoch / max(path.epoch.max(), 1)).to_numpy(float)
    shades = [(*to_rgb(style.RED), alpha) for alpha in opacity]
    ax.scatter(iterates[x], iterates[y], s=14, c=shades, linewidths=0, label=LABELS["iterate"], zorder=4)


def _text(final: pd.Series, poisoned: pd.DataFrame) -> str:
    """What is shown, how good the minima are beside the paper's, and what t-SNE was told."""
    distance, relative = (poisoned[name].astype(float) for name in ("distance", "relative_distance"))
    return (
        "Weights (no biases) of a network while it trains, and minima that the anti-generalisation loss "
        "(eq. 2) finds from these iterates; grey lines join each to its own. Last iterate: train "
        f"{per_cent(final.train_accuracy)}, test {per_cent(final.test_accuracy)} (paper: "
        f"{published.MINEFIELD_GOOD:g}\u00a0%). {len(poisoned)} poisoned minima: train "
        f"{per_cent(poisoned.train_accuracy.min())} or more, test "
        f"{per_cent(poisoned.test_accuracy.max())} or less (paper: below "
        f"{published.MINEFIELD_BAD:g}\u00a0%), Euclidean distance from where they started "
        f"{distance.min():.3g} to {distance.max():.3g}, which is {relative.min():.2g} to "
        f"{relative.max():.2g} of the way from the initial weights to the last iterate. t-SNE (a): "
        f"perplexity {final.perplexity:.3g}, on {final.pca_components:g} principal components, seed "
        f"{final.tsne_seed:g}, Kullback-Leibler divergence {final.tsne_kl:.3g}; it keeps neighbours and "
        "invents distances, which b, a projection, does not."
    )
