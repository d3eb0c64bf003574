"""Fig. 1: the architectures, and how their weights scale with base channels and image size."""

import re

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from anarch.figures import style, tables
from anarch.figures.scratch import series

NETWORKS = ("D-CONV", "D-LOCAL", "D-FC", "S-CONV", "S-LOCAL", "S-FC")
LIMIT = 4e9  # weights: 16 GB at 16 bits for each weight and 16 for its gradient
DEEPEST = 11  # boxes of the taller column, input included


@style.house_style
def fig1(counts: pd.DataFrame, scaling: pd.DataFrame, *, about: str) -> Figure:
    """D-CONV and S-CONV layer by layer; weights of six networks against alpha and against image size."""
    tables.require(counts, "counts", ("network", "layer", "description"))
    tables.require(scaling, "scaling", ("panel", "network", "alpha", "size", "weights"))
    figure, axes = style.figure(1, 4, height=3.5, width_ratios=[0.68, 0.68, 1.3, 1.3])
    for ax, network in zip(axes[0], ("D-CONV", "S-CONV"), strict=False):
        _stack(ax, tables.select(counts, "counts", network=network), network)
    panels = (("alpha", r"base channels $\alpha$", "size", r"image size $s$ = {:g}"),
              ("size", "image size $s$ (pixels)", "alpha", r"$\alpha$ = {:g}"))  # fmt: skip
    for ax, (x, label, other, title) in zip(axes[0, 2:], panels, strict=True):
        rows = tables.select(scaling, "scaling", panel=x)
        _weights(ax, rows, x, label)
        series.count_axis(ax, "y", [*scaling.weights, LIMIT])
        if rows[other].nunique() == 1:
            ax.set_title(title.format(rows[other].iloc[0]))
    axes[0, 2].set_ylabel("weights")
    networks = series.present(scaling, NETWORKS, "scaling")
    limit = series.handle("16 GB at 16 bits", style.INK, "", style.DASHES[2])
    series.legend(figure, [*series.network_handles(networks), limit])
    for ax, name in zip((axes[0, 0], *axes[0, 2:]), "abc", strict=True):
        style.letter(ax, name)
    style.caption(
        figure,
        "D-CONV and S-CONV (channels or units, stride; batch norm and ReLU after each layer but the last), "
        "and the weights of both and of their locally and fully-connected counterparts against base channels "
        "and image size, by the formulas of Tables 3 and 4, the former corrected. Dotted: what 16 GB hold at "
        "16 bits for each weight and 16 for its gradient (the paper's limit of a V100 has no number).",
        about=about,
        counts="exact numbers",
    )
    return figure


def _stack(ax: Axes, rows: pd.DataFrame, network: str) -> None:
    """The layers of one network as boxes, input below, in the same height for both networks."""
    layers = rows[rows.layer != "total"]
    texts = [spoken(text) for text in layers.description]
    for level, text in enumerate(["image", *texts]):
        y = level / DEEPEST
        plain = level == 0
        box = FancyBboxPatch(
            (0.04, y + 0.012), 0.92, 1 / DEEPEST - 0.03, boxstyle="round,pad=0,rounding_size=0.015",
            facecolor="white" if plain else "#dbe7f1" if "conv" in text.lower() else "#f6e3c5",
            edgecolor=style.INK, linewidth=0.5, mutation_aspect=0.4,
        )  # fmt: skip
        ax.add_patch(box)
        ax.text(0.5, y + 0.5 / DEEPEST, text, ha="center", va="center", fontsize=style.SMALL)
    ax.set(xlim=(0, 1), ylim=(0, max(1.0, (1 + len(texts)) / DEEPEST)), title=network)
    ax.set_axis_off()


def spoken(description: str) -> str:
    """A layer's description with room and signs: "conv3x3(2a, 2)" becomes "conv 3×3 (2α, 2)"."""
    signed = re.sub(r"a(?=[,)])", "α", re.sub(r"(\d)x(\d)", r" \1×\2", description))
    return signed.replace("(", " (", 1)


def _weights(ax: Axes, rows: pd.DataFrame, x: str, label: str) -> None:
    for network in series.present(rows, NETWORKS, "scaling"):
        curve = rows[rows.network == network].sort_values(x)
        colour, marker, line = series.LOOKS[network]
        ax.plot(
            curve[x], curve.weights, color=colour, marker=marker, linestyle=line, markersize=3, label=network
        )
    ax.axhline(LIMIT, color=style.INK, linestyle=style.DASHES[2], linewidth=0.9, label="_limit")
    series.log_values(ax, rows[x])
    ax.set_xlabel(label)
