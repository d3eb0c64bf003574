"""Figs. 2 and 3: training and test accuracy against epochs, a panel per data set and network."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import style, tables
from anarch.figures.bad_minima import published, series


def fig2(history: pd.DataFrame, *, about: str) -> Figure:
    """Training accuracy by epoch: vanilla and SOTA SGD from random and from adversarial initialisation."""
    return _accuracy(
        history,
        "train_accuracy",
        "training accuracy (%)",
        "Training accuracy as met in each epoch (on augmented images for SOTA SGD), with true labels, "
        "after random and after adversarial initialisation.",
        about,
    )


def fig3(history: pd.DataFrame, *, about: str) -> Figure:
    """Test accuracy by epoch: vanilla and SOTA SGD from random and from adversarial initialisation."""
    return _accuracy(
        history,
        "test_accuracy",
        "test accuracy (%)",
        "Test accuracy while training with true labels, after random and after adversarial initialisation.",
        about,
    )


@style.house_style
def _accuracy(history: pd.DataFrame, column: str, label: str, text: str, about: str) -> Figure:
    rows = series.four(history, "history", "epoch", column)
    every = series.pairs(rows)
    figure, axes = series.panels(every, height=2.2 if len(every) == 1 else 1.5)
    marked = series.reference(every)
    n: list[int] = []
    for pair, (ax,) in axes.items():
        n += _panel(ax, rows, pair, column)
    printed = {key: published.HEURISTICS[key][0 if column == "train_accuracy" else 2] for key in series.LOOKS}
    if marked:
        for key, value in printed.items():
            series.paper_mark(axes[marked][0], value, *key)
    series.label_outer(axes, "epoch", [label])
    shown = rows[["mode", "init"]].drop_duplicates().itertuples(index=False, name=None)
    series.legend(figure, shown, *([style.open_handle("paper")] if marked else []))
    note = (
        " Open marks, in the legend's order, above the axes where they lie beyond: the paper's ResNet18 on "
        f"CIFAR-10 at the end (Table 2), {', '.join(f'{value:.4g}' for value in printed.values())} %."
    )
    style.caption(figure, text + note if marked else text, about=about, counts=n)
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, pair: series.Pair, column: str) -> list[int]:
    """The four curves of one panel; returns the numbers of seeds behind points."""
    n: list[int] = []
    for i, ((mode, init), (label, colour, marker, line)) in enumerate(series.LOOKS.items()):
        summary = tables.over_seeds(series.of(rows, pair, mode, init), column, "epoch", 100)
        if summary.empty:
            continue
        step = max(1, len(summary) // 5)
        style.spread(
            ax,
            summary,
            label=label,
            colour=colour,
            marker=marker,
            line=line,
            kind="band",
            markevery=(min(i * step // 4, len(summary) - 1), step),  # curves that coincide show all marks
            markersize=3.0,
        )
        n += tables.counts(summary)
    return n
