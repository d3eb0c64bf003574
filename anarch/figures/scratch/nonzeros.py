"""Fig. 3: non-zero weights of each layer of S-FC trained with beta-LASSO, against the total shrink."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import scales, style, tables
from anarch.figures.scratch import series

COLUMNS = ("shrink", "layer", "nonzero", "weights")
NAMES = {1: "first layer", 2: "second layer", 3: "third layer"}


@style.house_style
def fig3(layers: pd.DataFrame, *, about: str) -> Figure:
    """Non-zero weights by layer and total shrink Lambda; dashed: all weights of S-CONV and S-LOCAL."""
    rows = series.family(layers, "layers", "shrink", *COLUMNS)
    rows = series.longest(tables.select(rows, "layers", network="S-FC", method=series.LASSO))
    fixed = series.longest(series.family(layers, "layers", "table1"))
    names = series.task_names(rows)
    figure, axes = style.figure(1, 3, height=2.9)
    n: list[int] = []
    hidden = 0
    for ax, (layer, name) in zip(axes[0], NAMES.items(), strict=True):
        hidden += _panel(ax, rows[rows.layer == layer], list(names), n)
        heights = _levels(ax, fixed[fixed.layer == layer])
        series.count_axis(ax, "y", [*rows[rows.layer == layer].nonzero, *heights])
        series.log_values(ax, rows.shrink)
        ax.set(title=name, xlabel=r"total shrink $\Lambda = \lambda \sum \eta_t$")
    axes[0, 0].set_ylabel("non-zero weights")
    for ax, letter in zip(axes[0], "abc", strict=True):
        style.letter(ax, letter)
    curves = [
        series.handle(f"S-FC by β-LASSO, {name}", *series.TASKS[i % 3])
        for i, name in enumerate(names.values())
    ]
    lines = [series.handle(label, style.RED, "", line) for label, line in LEVELS.values()]
    figure.legend(
        handles=[*curves, *lines],
        loc="outside upper center",
        ncols=3 if len(curves) > 1 else 4,
        columnspacing=1.0,
    )
    style.caption(
        figure,
        "Weights that are not exactly zero in each layer of S-FC after training by β-LASSO, against total "
        "shrink Λ of the first layer; red: all weights of S-CONV, S-LOCAL and S-FC, whose second and third "
        "layers are alike. The paper's λ = 10⁻⁵ is Λ = 0.02 in 400 epochs and 0.2 in 4000."
        f"{' Triangles: no weight left.' if hidden else ''}",
        about=about,
        counts=n,
    )
    return figure


LEVELS = {
    "S-CONV": ("S-CONV, all weights", style.DASHES[1]),
    "S-LOCAL": ("S-LOCAL, all weights", style.DASHES[3]),
    "S-FC": ("S-FC, all weights", style.DASHES[2]),
}


def _panel(ax: Axes, rows: pd.DataFrame, tasks: list[str], n: list[int]) -> int:
    """Curves of one layer, a line per task; adds numbers of seeds to ``n``, returns how many points are 0."""
    hidden = 0
    for i, task in enumerate(tasks):
        colour, marker, line = series.TASKS[i % 3]
        summary = tables.over_seeds(rows[rows.task == task], "nonzero", "shrink")
        if len(summary):
            hidden += scales.log_spread(ax, summary, label=task, colour=colour, marker=marker, line=line)
            n += tables.counts(summary)
    return hidden


def _levels(ax: Axes, rows: pd.DataFrame) -> list[float]:
    """Lines at the weights of the S-nets in one layer; returns their heights."""
    heights: dict[float, str] = {}
    for network in LEVELS:
        for height in rows[rows.network == network].weights.unique():
            heights.setdefault(float(height), network)  # one line where networks are alike
    for height, network in heights.items():
        _, line = LEVELS[network]
        ax.axhline(height, color=style.RED, linestyle=line, linewidth=0.9, label=f"_{network}", zorder=2)
    return list(heights)
