"""Fig. 6: test accuracy under the Fast Gradient Sign attack, and what share of it is kept."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import style, tables
from anarch.figures.bad_minima import series


@style.house_style
def fig6(robustness: pd.DataFrame, *, about: str) -> Figure:
    """Test accuracy under FGSM, and its share of that on clean images, by epsilon in 8-bit pixel steps."""
    rows = _with_share(series.four(robustness, "robustness", "epsilon", "accuracy"))
    every = series.pairs(rows)
    figure, axes = series.panels(every, height=1.6 if len(every) <= 4 else 1.2, deep=2)
    n: list[int] = []
    for pair, (accuracy, kept) in axes.items():
        n += _panel(accuracy, rows, pair, "accuracy")
        _panel(kept, rows, pair, "kept")
    tall = len(every) <= 4
    series.label_outer(
        axes,
        r"$\epsilon$ (pixel steps of 255)" if tall else r"$\epsilon$ (of 255)",
        ("test accuracy (%)", "share kept (%)") if tall else ("accuracy (%)", "kept (%)"),
    )
    series.legend(figure, rows[["mode", "init"]].drop_duplicates().itertuples(index=False, name=None))
    style.caption(
        figure,
        "Test accuracy under the Fast Gradient Sign attack of size ε (of 255 pixel steps), and, in "
        "the axes below it, the share that it is of the accuracy on clean images.",
        about=about,
        counts=n,
    )
    return figure


def _with_share(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with ``kept``: accuracy at epsilon as a share of that of the same network on clean images."""
    run = ["dataset", "model", "mode", "init", "seed"]
    clean = rows[rows.epsilon == 0].set_index(run).accuracy.rename("clean")
    with_clean = rows.join(clean, on=run)
    bare = with_clean[with_clean.clean.isna() & with_clean.accuracy.notna()]
    if len(bare):
        which = ", ".join(str(bare.iloc[0][column]) for column in run)
        raise tables.TableError(f"table robustness has no row with epsilon = 0 of {which}")
    return with_clean.assign(kept=with_clean.accuracy / with_clean.clean)


def _panel(ax: Axes, rows: pd.DataFrame, pair: series.Pair, column: str) -> list[int]:
    n: list[int] = []
    for (mode, init), (label, colour, marker, line) in series.LOOKS.items():
        summary = tables.over_seeds(series.of(rows, pair, mode, init), column, "epsilon", 100)
        if len(summary):
            style.spread(
                ax, summary, label=label, colour=colour, marker=marker, line=line, kind="band", markersize=3.0
            )
            n += tables.counts(summary)
    return n
