"""Figs. 2 and 6: accuracy against the number of weights, and against the smallest number that fits."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import style, tables
from anarch.figures.scratch import published, series

NETWORKS = ("ResNet18", "D-CONV", "S-CONV", "3-FC")
COLUMNS = ("weights", "train_accuracy", "test_accuracy", "fit_accuracy")
# What Table 1 says of networks of this sweep, in weights: alpha = 150 and 15, and 3-FC of S-FC's size.
MARKS = {"S-CONV": 138.31e6, "D-CONV": 1.446e6, "3-FC": 256e6}


@style.house_style
def fig2(results: pd.DataFrame, *, about: str) -> Figure:
    """Test accuracy against weights on two tasks; best test accuracy against the fewest weights that fit."""
    rows = series.longest(series.family(results, "results", "sweep", *COLUMNS))
    networks = series.present(rows, NETWORKS, "results")
    names = series.task_names(rows)
    shown = dict(list(names.items())[:2])
    width = style.DOUBLE if len(shown) > 1 else 5.6
    figure, axes = style.figure(1, len(shown) + 1, height=3.0, width=width, sharey=len(names) == 1)
    n: list[int] = []
    for ax, (task, name) in zip(axes[0], shown.items(), strict=False):
        n += accuracy(ax, rows[rows.task == task], networks, "test_accuracy")
        ax.set(title=name, xlabel="weights")
    axes[0, 0].set_ylabel("test accuracy (%)")
    last = axes[0, -1]
    unfit = _smallest(last, rows, networks)
    last.set(title="all data" if len(names) > 1 else next(iter(names.values())))
    last.set_xlabel("fewest weights that fit")
    last.set_ylabel("best test accuracy (%)")
    for ax, letter in zip(axes[0], "abc", strict=False):
        style.letter(ax, letter)
    handles = series.network_handles(networks)
    if len(names) > 1:
        handles += [
            series.handle(name, style.GREY, "", series.TASKS[i % 3][2])
            for i, name in enumerate(names.values())
        ]
    if _marked(shown):
        handles.append(style.open_handle("paper"))
    series.legend(figure, handles)
    style.caption(figure, _text(rows, names, _marked(shown), unfit), about=about, counts=n)
    return figure


@style.house_style
def fig6(results: pd.DataFrame, *, about: str) -> Figure:
    """Training accuracy (above) and test accuracy (below) against weights, a column per task."""
    rows = series.longest(series.family(results, "results", "sweep", *COLUMNS))
    networks = series.present(rows, NETWORKS, "results")
    names = series.task_names(rows)
    figure, axes = style.figure(
        2,
        len(names),
        height=4.3,
        width={1: 3.9, 2: 5.6}.get(len(names), style.DOUBLE),
        sharey="row",
        sharex="col",
    )
    n: list[int] = []
    for (top, bottom), (task, name) in zip(axes.T, names.items(), strict=True):
        part = rows[rows.task == task]
        n += accuracy(top, part, networks, "train_accuracy")
        n += accuracy(bottom, part, networks, "test_accuracy")  # last: its marks need the wider axis
        top.axhline(
            100 * part.fit_accuracy.iloc[0], color=style.GREY, linewidth=0.8, linestyle=style.DASHES[2]
        )
        top.set_title(name)
        bottom.set_xlabel("weights")
    for ax, label in zip(axes[:, 0], ("training accuracy (%)", "test accuracy (%)"), strict=True):
        ax.set_ylabel(label)
    fit = series.handle("fits (Fig. 2)", style.GREY, "", style.DASHES[2])
    paper = [style.open_handle("paper")] if _marked(names) else []
    series.legend(figure, [*series.network_handles(networks), fit, *paper])
    note = f" {_marks_text()}" if paper else ""
    style.caption(
        figure,
        "Accuracy at the end of training by SGD on training images (above) and test images (below) against "
        f"the number of weights (entries of kernels and matrices).{note}",
        about=about,
        counts=n,
    )
    return figure


def accuracy(ax: Axes, rows: pd.DataFrame, networks: list[str], column: str) -> list[int]:
    """``column`` of each network against its weights; test accuracy with Table 1's numbers where it has any.

    Returns the numbers of seeds behind points.
    """
    n: list[int] = []
    known = published.data(rows.dataset.iloc[0]) if column == "test_accuracy" else ""
    reach = list(rows.weights)
    for network in networks:
        colour, marker, line = series.LOOKS[network]
        summary = tables.over_seeds(rows[rows.network == network], column, "weights", 100)
        if len(summary):
            style.spread(ax, summary, label=network, colour=colour, marker=marker, line=line)
            n += tables.counts(summary)
        if known in published.DATASETS and network in MARKS:
            value = published.ACCURACIES[network][published.DATASETS.index(known)][0]
            style.open_mark(ax, MARKS[network], value, colour=colour, marker=marker)
            reach.append(MARKS[network])
    series.count_axis(ax, "x", reach)
    return n


def smallest_fit(rows: pd.DataFrame) -> tuple[float | None, Any]:
    """Fewest weights whose mean training accuracy reaches ``fit_accuracy``, and the best test accuracy there.

    The row (mean, min, max, n over seeds, per cent) is that of the largest mean test accuracy among networks
    with as many weights or more; among all, and None for the weights, where none of them fits.
    """
    train = tables.over_seeds(rows, "train_accuracy", "weights")
    test = tables.over_seeds(rows, "test_accuracy", "weights", 100)
    fits = train.index[train["mean"] >= rows.fit_accuracy.iloc[0]]
    smallest = float(fits.min()) if len(fits) else None
    beyond = test if smallest is None else test[test.index >= smallest]
    return smallest, beyond.sort_values("mean").iloc[-1]


def _smallest(ax: Axes, rows: pd.DataFrame, networks: list[str]) -> bool:
    """Best test accuracy against `smallest_fit`, a line per task; True if a network never fits."""
    places: list[float] = []
    unfit: list[float] = []
    for i, (_, part) in enumerate(rows.groupby("task", sort=False)):
        fitted: list[tuple[float, float]] = []
        for network in networks:
            own = part[part.network == network].dropna(subset=["train_accuracy", "test_accuracy"])
            if own.empty:
                continue
            smallest, best = smallest_fit(own)
            if smallest is None:
                unfit.append(float(own.weights.max()))
                _point(ax, network, unfit[-1], best, fits=False)
            else:
                fitted.append((smallest, best["mean"]))
                _point(ax, network, smallest, best, fits=True)
        if rows.task.nunique() > 1 and len(fitted) > 1:
            x, y = zip(*sorted(fitted), strict=True)
            line = series.TASKS[i % 3][2]
            ax.plot(x, y, color=style.GREY, linestyle=line, linewidth=0.8, label="_task")
        places += [x for x, _ in fitted]
    series.count_axis(ax, "x", [*places, *unfit, *(3 * x for x in unfit)])  # with room for arrows
    return bool(unfit)


def _point(ax: Axes, network: str, x: float, best: Any, *, fits: bool) -> None:
    colour, marker, _ = series.LOOKS[network]
    face = colour if fits else "white"
    if best["n"] > 1:
        ax.vlines(x, best["min"], best["max"], color=colour, linewidth=0.9)
    ax.plot(
        [x],
        [best["mean"]],
        color=colour,
        marker=marker,
        markerfacecolor=face,
        linestyle="none",
        label=network,
        zorder=4,
    )
    if not fits:
        arrow = {"arrowstyle": "<-", "color": colour, "linewidth": 0.9}
        ax.annotate("", (x, best["mean"]), xytext=(16, 0), textcoords="offset points", arrowprops=arrow)


def _marked(names: dict[str, str]) -> bool:
    return any(published.data(name) in published.DATASETS for name in names.values())


def _marks_text() -> str:
    return "Open marks: the paper's Table 1 at 400 epochs (its Fig. 2 has no numbers)."


def _text(rows: pd.DataFrame, names: dict[str, str], marked: bool, unfit: bool) -> str:
    first = rows.groupby("task", sort=False).fit_accuracy.first()
    levels = ", ".join(f"{100 * first[task]:.4g} % on {name}" for task, name in names.items())
    text = (
        "Test accuracy after training by SGD against the number of weights; last panel: best test accuracy "
        "among the networks that fit against the fewest weights with which the mean training accuracy "
        f"reaches {levels}."
    )
    arrows = " Arrow: fits at none of the sizes trained." if unfit else ""
    return text + arrows + (f" {_marks_text()}" if marked else "")
