"""Fig. 2: loss and accuracy against training time, and the panels that other figures share with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import scales, style, tables

COLUMNS = ("protocol", "model", "relax_time", "seed", "epoch", "train_loss", "test_accuracy")
LINES: dict[str, Any] = {"eFCN": style.DASHES[0], "eLCN": style.DASHES[2], "continued CNN": (0, (1, 1.2))}


@style.house_style
def fig2(history: pd.DataFrame, *, about: str) -> Figure:
    """Training loss and test accuracy by epoch, initial point included: CNN, FCN, and of each relax time the
    eFCN and the CNN that is trained on."""
    tables.require(history, "history", COLUMNS)
    rows = tables.select(history, "history", protocol="sgd")
    models = [model for model in ("CNN", "FCN", "eFCN", "continued CNN") if (rows.model == model).any()]
    lines = rows[rows.model.isin(models)].groupby(["model", "relax_time"], dropna=False).ngroups
    figure, axes = style.figure(1, 2, height=style.height_beside(lines, 3.0))
    n = curves(axes[0, 0], rows, "train_loss", label="training loss", models=models)
    n += curves(axes[0, 1], rows, "test_accuracy", label="test accuracy (%)", scale=100, models=models)
    style.legend_beside(axes[0, 1])
    style.letter(axes[0, 0], "a")
    style.letter(axes[0, 1], "b")
    style.caption(
        figure,
        "Training loss (a) and test accuracy (b) against training time, logarithmic and with the initial "
        "point at 0; an eFCN's time starts when it is lifted, at relax time $t_w$, and so does that of its "
        "control, the CNN trained on by the eFCN's recipe.",
        about=about,
        counts=n,
    )
    return figure


def curves(
    ax: Axes,
    rows: pd.DataFrame,
    column: str,
    *,
    label: str,
    scale: float = 1.0,
    models: Sequence[str] = ("CNN", "FCN", "eFCN"),
) -> list[int]:
    """Mean of ``column`` against epoch with its range over seeds, a line per model and relax time.

    Returns the number of seeds behind each point.
    """
    n: list[int] = []
    longest = 1.0
    for name, summary, colour, marker, line in _series(rows, column, scale, models):
        style.spread(
            ax,
            summary,
            label=name,
            colour=colour,
            marker=marker,
            line=line,
            kind="band",
            markevery=_log_spaced(len(summary)),
            markersize=3.0,
            zorder=4 if name in ("CNN", "FCN") else 3,
            linewidth=1.5 if name in ("CNN", "FCN") else 1.0,
        )
        n += tables.counts(summary)
        longest = max(longest, float(summary.index.max()))
    scales.time_axis(ax, longest, "epoch")
    ax.set_ylabel(label)
    return n


def _series(
    rows: pd.DataFrame, column: str, scale: float, models: Sequence[str]
) -> list[tuple[str, pd.DataFrame, Any, str, Any]]:
    """Name, summary over seeds by epoch, colour, marker and line style of each curve with a finite value."""
    lines: list[tuple[str, pd.DataFrame, Any, str, Any]] = []
    for model, colour, marker, line in (("CNN", "black", "o", "-"), ("FCN", style.RED, "s", style.DASHES[1])):
        if model in models:
            lines.append((model, rows[rows.model == model], colour, marker, line))
    times = sorted(rows[rows.model.isin(models)].relax_time.dropna().unique())
    looks = style.relax_looks(times)
    for model, line in LINES.items():
        for time in times if model in models else ():
            chosen = rows[(rows.model == model) & (rows.relax_time == time)]
            lines.append((f"{model}, $t_w$ = {time:g}", chosen, *looks[time], line))
    summed = [
        (name, tables.over_seeds(chosen, column, "epoch", scale), colour, marker, line)
        for name, chosen, colour, marker, line in lines
    ]
    return [series for series in summed if len(series[1])]


def _log_spaced(points: int) -> list[int]:
    """Some six positions among ``points``, first and last included, that look even on the log axis."""
    return sorted({0, points - 1, *np.geomspace(1, max(points - 1, 1), 6).astype(int).clip(0, points - 1)})
