"""Fig. 10 (ours; the paper states it in words): one fixed permutation of the pixels, for each network."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import style, tables
from anarch.figures.scratch import published, series
from anarch.figures.scratch.accuracies import ways

GROUPS = {
    ("S-CONV", "SGD"): "S-CONV\nSGD",
    ("S-LOCAL", "SGD"): "S-LOCAL\nSGD",
    ("S-FC", "SGD"): "S-FC\nSGD",
    ("S-FC", "beta = 50"): "S-FC\nβ-LASSO",
}
LOOKS = {"intact": (style.BLUE, "o", -0.13), "permuted": (style.ORANGE, "s", 0.13)}


@style.house_style
def fig10(results: pd.DataFrame, *, about: str) -> Figure:
    """Test accuracy, and locality of first-layer filters, with intact and with permuted pixels."""
    rows = series.longest(series.family(results, "results", "permuted", "test_accuracy", "locality"))
    rows = rows.assign(way=ways(rows))
    if not rows.way.isin(GROUPS).any():
        raise tables.TableError("table results has no row of family = permuted of the networks of Fig. 10")
    names = series.task_names(rows)
    figure, axes = style.figure(
        2, len(names), height=4.3, width={1: 4.6, 2: 6.6}.get(len(names), 9.6), sharey="row", sharex=True
    )
    n: list[int] = []
    for (top, bottom), (task, name) in zip(axes.T, names.items(), strict=True):
        part = rows[rows.task == task]
        n += _pairs(top, part, "test_accuracy", 100)
        _marks(top, published.kin(name))
        _locality(bottom, part)
        top.set_title(name)
    axes[0, 0].set_ylabel("test accuracy (%)")
    axes[1, 0].set_ylabel("radius / shuffled")
    kin = [published.NAMES[known] for name in names.values() if (known := published.kin(name))]
    handles = [series.handle(f"{pixels} pixels", *look[:2], "none") for pixels, look in LOOKS.items()]
    series.legend(figure, handles + ([style.open_handle(f"paper ({', '.join(kin)}), intact")] if kin else []))
    style.caption(
        figure,
        "Above: test accuracy with pixels as they are and with pixels permuted, in all images alike. Below: "
        "rms radius of first-layer filters, put back in the order of the image, over that of equal weights "
        "on shuffled pixels (dotted: 1, no locality); median over filters with 20 non-zero weights or more; "
        f"S-CONV's are not measured.{' Open marks: the paper, Table 2, 4000 epochs.' if kin else ''}",
        about=about,
        counts=n,
    )
    return figure


def _locality(ax: Axes, rows: pd.DataFrame) -> None:
    _pairs(ax, rows, "locality", 1)
    ax.axhline(1, color=style.GREY, linewidth=0.8, linestyle=style.DASHES[2])
    ax.set_xticks(range(len(GROUPS)), list(GROUPS.values()))
    ax.set(xlim=(-0.5, len(GROUPS) - 0.5), ylim=(0, 1.1 * max(1.0, rows.locality.fillna(0).max())))


def _pairs(ax: Axes, rows: pd.DataFrame, column: str, scale: float) -> list[int]:
    """``column`` of each group, both kinds of pixels beside each other; returns the numbers of seeds."""
    n: list[int] = []
    for pixels, (colour, marker, shift) in LOOKS.items():
        part = rows[(rows.pixels == pixels) & rows.way.isin(GROUPS)]
        places = part.assign(place=[list(GROUPS).index(way) + shift for way in part.way])
        summary = tables.over_seeds(places, column, "place", scale)
        if len(summary):
            style.spread(ax, summary, label=pixels, colour=colour, marker=marker, line="none")
            n += tables.counts(summary)
    return n


def _marks(ax: Axes, dataset: str | None) -> None:
    """Table 2's accuracies left of ours."""
    if dataset is None:
        return
    for place, way in enumerate(GROUPS):
        value = published.METHODS[way][published.DATASETS.index(dataset)]
        if value is not None:
            colour, marker, *_ = LOOKS["intact"]
            style.open_mark(ax, place - 0.32, value, colour=colour, marker=marker)
