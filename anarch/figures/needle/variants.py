"""Figs. B1 and B2, the protocol with AlexNet and with Adam, and relaxation to locally-connected networks."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import scales, style, tables
from anarch.figures.needle import curves, relaxation

MEASURED = (*relaxation.COLUMNS, relaxation.SETTLED, relaxation.BEST)


@style.house_style
def protocol_figure(
    protocol: str, text: str, measures: pd.DataFrame, history: pd.DataFrame, about: str
) -> Figure:
    """Fig. 3 left, Fig. 2 right and Fig. 4 left for one ``protocol`` of the tables."""
    tables.require(measures, "measures", (*MEASURED, "deviation"))
    tables.require(history, "history", curves.COLUMNS)
    rows = tables.select(measures, "measures", protocol=protocol)
    figure, axes = style.figure(1, 3, height=style.height_beside(2 + rows.relax_time.nunique(), 2.75))
    n = relaxation.performance(axes[0, 0], rows, marks=False)
    scales.log_y(axes[0, 1], 100 * relaxation.part(rows, "eFCN", "end").deviation.astype(float))
    n += relaxation.deviation(axes[0, 1], rows)
    axes[0, 1].set_ylabel(r"deviation $\delta$ (%)")
    n += curves.curves(
        axes[0, 2],
        tables.select(history, "history", protocol=protocol),
        "test_accuracy",
        label="test accuracy (%)",
        scale=100,
    )
    style.legend_beside(axes[0, 2])
    for ax, name in zip(axes[0], "abc", strict=True):
        style.letter(ax, name)
    style.caption(
        figure,
        f"{text}: test accuracy over the last five epochs, pale the best on the way (a), deviation "
        "from the CNN subspace at the end (b), test accuracy against training time (c).",
        about=about,
        counts=n,
    )
    return figure


def figB1(measures: pd.DataFrame, history: pd.DataFrame, *, about: str) -> Figure:
    """The protocol with AlexNet (needle, Sec. B)."""
    return protocol_figure("alexnet", "The protocol with AlexNet", measures, history, about)


def figB2(measures: pd.DataFrame, history: pd.DataFrame, *, about: str) -> Figure:
    """The protocol with Adam (needle, Sec. B)."""
    return protocol_figure("adam", "The protocol with Adam", measures, history, about)


def _legend_by_kind(ax: Axes) -> None:
    """One entry a model, by line style, one a relax time, by colour and marker: half as many as curves."""
    handles: list[Line2D] = []
    models: dict[str, Line2D] = {}
    times: dict[str, Line2D] = {}
    for line in ax.get_lines():
        model, _, time = str(line.get_label()).partition(", ")
        if not time:
            handles.append(line)
            continue
        models.setdefault(model, Line2D([], [], color=style.GREY, linestyle=curves.LINES[model], label=model))
        times.setdefault(
            time,
            Line2D(
                [],
                [],
                color=line.get_color(),
                marker=str(line.get_marker()),
                markersize=3.5,
                linestyle="none",
                label=time,
            ),
        )
    style.legend_beside(ax, [*handles, *models.values(), *times.values()])


@style.house_style
def lcn(measures: pd.DataFrame, history: pd.DataFrame, *, about: str) -> Figure:
    """Relaxation to locally-connected networks (eLCN), as the paper's last section suggests, beside eFCNs."""
    tables.require(measures, "measures", MEASURED)
    tables.require(history, "history", curves.COLUMNS)
    rows = tables.select(measures, "measures", protocol="sgd")
    figure, axes = style.figure(1, 2, height=style.height_beside(3 + rows.relax_time.nunique(), 3.0))
    final = tables.over_seeds(relaxation.part(rows, "eLCN", "end"), relaxation.SETTLED, scale=100)
    if len(final):
        style.spread(
            axes[0, 0],
            final,
            label="eLCN",
            colour=style.BLUE,
            marker="o",
            line=style.DASHES[2],
            linewidth=0.8,
            markerfacecolor="white",
        )
    n = tables.counts(final) + relaxation.performance(axes[0, 0], rows, marks=False)
    n += curves.curves(
        axes[0, 1],
        tables.select(history, "history", protocol="sgd"),
        "test_accuracy",
        label="test accuracy (%)",
        scale=100,
        models=("CNN", "eFCN", "eLCN"),
    )
    _legend_by_kind(axes[0, 1])
    style.letter(axes[0, 0], "a")
    style.letter(axes[0, 1], "b")
    text = (
        "Relaxing weight sharing alone (eLCN) or locality with it (eFCN): "
        "test accuracy over the last five epochs, pale the best on the way (a), and training (b)."
    )
    style.caption(figure, text if len(final) else f"{text} The tables hold no eLCN.", about=about, counts=n)
    return figure
