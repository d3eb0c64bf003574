"""Fig. 2: the one-step embedding of a real network, its weights drawn as edges."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from anarch.figures import style, tables
from anarch.figures.embedding.series import short

COLUMNS = ("network", "layer", "source", "target", "weight", "role", "alpha", "loss", "residual")
# role of a hidden neuron -> label, colour, hatch of its bar
ROLES = {
    "other": ("other neuron", "#d0d0d0", ""),
    "split": ("neuron that is split", style.INK, ""),
    "kept": (r"kept: $1-\alpha$ of its output weights", "#56b4e9", ""),
    "copy": (r"copy: $\alpha$ of them", style.PURPLE, "////"),
}
BIAS = -1
Place = tuple[float, float]


@style.house_style
def fig2(split: pd.DataFrame, *, about: str) -> Figure:
    """The network before (a) and after (b) the split, and the split neuron's output weights as bars (c)."""
    tables.require(split, "split", COLUMNS)
    narrow, wide = (tables.select(split, "split", network=name) for name in ("narrow", "wide"))
    for name, rows, roles in (("narrow", narrow, ("split",)), ("wide", wide, ("kept", "copy"))):
        for role in roles:
            if not (rows.role == role).any():
                raise tables.TableError(f"table split has no row with role = {role} of the {name} network")
    figure, axes = style.figure(1, 3, height=3.5, width_ratios=[1.0, 1.0, 0.8])
    largest = split.weight.abs().groupby(split.layer).max()
    for ax, rows, title in zip(axes[0], (narrow, wide), ("before", "after"), strict=False):
        _network(ax, rows, largest)
        first, hidden = rows.iloc[0], rows[rows.layer == 1].target.nunique()
        ax.set_title(
            f"{title}: width {hidden}\nloss {short(first.loss, 6)}\n"
            rf"$|\nabla|_1$ = {short(first.residual, 2)}"
        )
    _bars(axes[0, 2], narrow, wide)
    for ax, name in zip(axes[0], "abc", strict=True):
        style.letter(ax, name)
    figure.legend(handles=_handles(), loc="outside upper center", ncols=4)
    widest = " and ".join(short(float(value)) for value in largest)
    alpha = short(float(wide.alpha.dropna().iloc[0]))
    style.caption(
        figure,
        "One-step embedding of a critical point: the black neuron (a) becomes two (b) with its input weights "
        rf"and shares of its output weights, $\alpha$ = {alpha}, that add up to what it had (c). "
        f"Edges: weights, as wide as large (widest: {widest} before and behind the hidden layer), red for "
        "positive and dashed blue for negative; those of other neurons pale. Squares: biases.",
        about=about,
        counts="n = 1 network",
    )
    return figure


def _network(ax: Axes, rows: pd.DataFrame, largest: pd.Series) -> None:
    """Inputs, hidden neurons and outputs in three columns; an edge a weight, ``largest`` of each layer."""
    first, second = rows[rows.layer == 1], rows[rows.layer == 2]
    hidden = sorted(first.target.unique())
    roles = first.drop_duplicates("target").set_index("target").role
    columns: list[dict[int, Place]] = [
        _column(0, [*sorted(first.source[first.source >= 0].unique()), *_bias(first)]),
        _column(1, [*hidden, *_bias(second)]),
        _column(2, sorted(second.target.unique())),
    ]
    for part, (below, above) in ((first, columns[:2]), (second, columns[1:])):
        row: Any
        for row in part.sort_values("weight", key=np.abs).itertuples():
            neuron = row.target if row.layer == 1 else row.source
            share = row.weight / largest[row.layer]
            _edge(ax, below[row.source], above[row.target], share, roles.get(neuron, "other"))
    for index, column in enumerate(columns):
        for node, place in column.items():
            face = ROLES[roles[node]][1] if index == 1 and node in roles.index else "white"
            ax.plot(
                *place, marker="s" if node == BIAS else "o", markersize=5 if node == BIAS else 10,
                markerfacecolor=face, markeredgecolor=style.INK, markeredgewidth=0.8, zorder=5,
                label=f"_node {index}",
            )  # fmt: skip
    ax.set(xlim=(-0.2, 2.2), ylim=(-0.62, 0.62))
    ax.set_xticks([0, 1, 2], ["inputs", "hidden", "outputs"])
    ax.set_yticks([])
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _bias(rows: pd.DataFrame) -> list[int]:
    return [BIAS] if (rows.source == BIAS).any() else []


def _column(x: float, nodes: list[int]) -> dict[int, Place]:
    """Places of ``nodes`` from the top down, a fifth of the axes apart at most."""
    step = min(1.1 / max(len(nodes) - 1, 1), 0.3)
    top = step * (len(nodes) - 1) / 2
    return {int(node): (x, top - step * i) for i, node in enumerate(nodes)}


def _edge(ax: Axes, start: Place, end: Place, share: float, role: str) -> None:
    foremost = role != "other"
    ax.plot(
        *zip(start, end, strict=True), color=style.RED if share >= 0 else style.BLUE,
        linestyle="-" if share >= 0 else (0, (3, 1)), linewidth=0.25 + 3.5 * abs(share),
        alpha=0.9 if foremost else 0.22, label="_edge", zorder=3 if foremost else 2, solid_capstyle="butt",
    )  # fmt: skip


def _bars(ax: Axes, narrow: pd.DataFrame, wide: pd.DataFrame) -> None:
    """For each output the split neuron's weight, and beside it those of its two halves, end to end."""

    def outgoing(rows: pd.DataFrame, role: str) -> pd.Series:
        return rows[(rows.layer == 2) & (rows.role == role) & (rows.source >= 0)].set_index("target").weight

    whole, kept, copy = outgoing(narrow, "split"), outgoing(wide, "kept"), outgoing(wide, "copy")
    places = np.arange(len(whole))
    bars = (
        ("split", places - 0.19, whole, 0.0),
        ("kept", places + 0.19, kept, 0.0),
        ("copy", places + 0.19, copy, kept),
    )
    for role, x, values, bottom in bars:
        label, colour, hatch = ROLES[role]
        ax.bar(
            x, values.reindex(whole.index), 0.34, bottom=bottom, color=colour, hatch=hatch, label=label,
            edgecolor="white" if hatch else colour, linewidth=0,
        )  # fmt: skip
    ax.axhline(0, color=style.INK, linewidth=0.6, label="_zero")
    ax.set_xticks(places, [f"{target + 1:g}" for target in whole.index])
    ax.set(xlabel="output", ylabel="output weight")
    ax.grid(False, axis="x")


def _handles() -> list[Line2D | Patch]:
    nodes = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white" if hatch else colour, linewidth=0, label=label)
        for label, colour, hatch in ROLES.values()
    ]
    return [*nodes]
