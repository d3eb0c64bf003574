"""Fig. 4: final test accuracy against the replication factor R."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from anarch.figures import style, tables
from anarch.figures.bad_minima import published, series
from anarch.figures.scales import ticks

LABELS = {"vanilla": "vanilla SGD", "sota": "SOTA SGD"}


@style.house_style
def fig4(measures: pd.DataFrame, *, about: str) -> Figure:
    """Final test accuracy of vanilla and SOTA SGD against R; R = 0 is random initialisation."""
    rows = series.trained(measures, "measures", "test_accuracy")
    rows = rows[rows["mode"].isin(LABELS)]
    swept = _swept(rows)
    if not swept:
        raise tables.TableError("table measures has no training from adversarial initialisation")
    rows = rows.assign(replicas=rows.replicas.astype(float).where(rows.init == "adversarial", 0.0))
    figure, axes = series.panels(swept, height=2.2 if len(swept) == 1 else 1.7)
    marked = series.reference(swept)
    n: list[int] = []
    factors: set[float] = set()
    for pair, (ax,) in axes.items():
        for mode, name in LABELS.items():
            both = pd.concat([series.of(rows, pair, mode, init) for init in ("random", "adversarial")])
            summary = tables.over_seeds(both, "test_accuracy", "replicas", 100)
            _, colour, marker, line = series.LOOKS[mode, "adversarial"]
            if len(summary):
                style.spread(ax, summary, label=name, colour=colour, marker=marker, line=line)
                n += tables.counts(summary)
                factors |= set(summary.index)
    if marked:
        for mode in LABELS:
            _marks(axes[marked][0], mode, max(factors, default=0.0))
    for ax in (ax for stack in axes.values() for ax in stack):
        ticks(ax.xaxis, _apart(sorted(factors)))
    series.label_outer(axes, "replication factor R", ["test accuracy (%)"])
    handles: list[Line2D] = [
        Line2D([], [], color=colour, marker=marker, linestyle=line, label=name)
        for mode, name in LABELS.items()
        for _, colour, marker, line in [series.LOOKS[mode, "adversarial"]]
    ]
    if marked:
        handles.append(style.open_handle("paper"))
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    style.caption(figure, _text(marked is not None), about=about, counts=n)
    return figure


def _swept(rows: pd.DataFrame) -> list[series.Pair]:
    """The pairs whose adversarial runs have several R, or, where none has, all with adversarial runs."""
    adversarial = rows[rows.init == "adversarial"]
    factors = adversarial.groupby(["dataset", "model"], sort=False).replicas.nunique()
    return list(factors[factors >= min(2, factors.max())].index) if len(factors) else []


def _marks(ax: Axes, mode: str, last: float) -> None:
    """The paper's values beside ours at R = 0, and outside the right edge, since its R is not known."""
    beside = -(0.06 if mode == "vanilla" else 0.1) * last
    series.paper_mark(ax, published.HEURISTICS[mode, "random"][2], mode, "adversarial", x=beside)
    series.paper_mark(ax, published.HEURISTICS[mode, "adversarial"][2], mode, "adversarial")


def _apart(factors: list[float]) -> list[float]:
    """Those of ``factors`` whose labels have room: from the largest down, a 14th of the axis apart."""
    kept: list[float] = []
    for factor in reversed(factors):
        if not kept or kept[-1] - factor >= max(factors) / 14:
            kept.append(factor)
    return sorted({*kept, *factors[:1]})


def _text(marked: bool) -> str:
    text = (
        "Test accuracy at the end of training with true labels against the number R of randomly labelled "
        "copies of each image in the pretraining; R\u00a0=\u00a00: random initialisation."
    )
    note = (
        " Open marks, above the axes where they lie beyond: the paper's ResNet18 on CIFAR-10 (Table 2), from "
        f"random initialisation at R\u00a0=\u00a00 ({_printed('random')}) and from adversarial "
        f"initialisation, whose R it does not tell, at the right ({_printed('adversarial')})."
    )
    return text + note if marked else text


def _printed(init: str) -> str:
    """The paper's two test accuracies, of vanilla and of SOTA SGD."""
    return " and ".join(f"{published.HEURISTICS[mode, init][2]:.2f}" for mode in LABELS) + " %"
