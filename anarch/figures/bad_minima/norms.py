"""Fig. 5: norms of the trained networks as proxies for complexity."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import style, tables
from anarch.figures.bad_minima import series

NORMS = {
    "frobenius": "Frobenius norm",
    "log10_path1": r"$\log_{10}$ of the $\ell_1$ path norm",
    "log10_path2": r"$\log_{10}$ of the $\ell_2$ path norm",
}


@style.house_style
def fig5(measures: pd.DataFrame, *, about: str) -> Figure:
    """Three norms at the end of training, a panel each, grouped by network."""
    rows = series.four(measures, "measures", *NORMS)
    every = series.pairs(rows)
    figure, axes = style.figure(1, 3, height=1.6 + 0.42 * len(every), sharey=True)
    n: list[int] = []
    for ax, (column, label) in zip(axes[0], NORMS.items(), strict=True):
        n += _groups(ax, rows, every, column)
        ax.set_xlabel(label)
        ax.margins(x=0.08)
        ax.grid(False, axis="y")
        ax.tick_params(axis="y", length=0)
    first = axes[0, 0]
    first.set_yticks(range(len(every)), [f"{spoken}\n{model}" for spoken, model in _names(every)])
    first.set_ylim(len(every) - 0.5, -0.5)
    series.legend(figure, rows[["mode", "init"]].drop_duplicates().itertuples(index=False, name=None))
    for ax, name in zip(axes[0], "abc", strict=True):
        style.letter(ax, name)
    style.caption(
        figure,
        "Norms of the networks at the end of training with true labels: Frobenius norm of all weights (a), "
        "path norms after batch normalisation was folded into the weights (b, c).",
        about=about,
        counts=n,
    )
    return figure


def _names(every: list[series.Pair]) -> list[series.Pair]:
    return [(series.spoken(dataset), model) for dataset, model in every]


def _groups(ax: Axes, rows: pd.DataFrame, every: list[series.Pair], column: str) -> list[int]:
    """A point with its range for each curve of each pair, the pairs below each other."""
    n: list[int] = []
    for i, ((mode, init), (label, colour, marker, _)) in enumerate(series.LOOKS.items()):
        curve = rows[(rows["mode"] == mode) & (rows.init == init)]
        summary = tables.over_seeds(curve, column, ["dataset", "model"])
        places = pd.Series([every.index(pair) + 0.2 * (i - 1.5) for pair in summary.index], summary.index)
        ax.plot(summary["mean"], places, color=colour, marker=marker, linestyle="none", label=label)
        several = summary.n > 1
        if several.any():
            ranges = summary[several]
            ax.hlines(places[several], ranges["min"], ranges["max"], color=colour, linewidth=0.9)
        n += tables.counts(summary)
    for group in range(1, len(every)):
        ax.axhline(group - 0.5, color=style.GREY, linewidth=0.4, label="_between")
    return n
