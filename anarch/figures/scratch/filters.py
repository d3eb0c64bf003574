"""Figs. 4 and 7 to 9: filters of the first layer, and how local they are."""

from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, style, tables
from anarch.figures.scratch import pixels, series

COLUMNS = (
    "task", "dataset", "network", "method", "beta", "epochs", "pixels", "seed",
    "filter", "radius", "locality", "channel", "row", "column", "weight",
)  # fmt: skip
MEASURED = (
    "family", "task", "dataset", "network", "method", "beta", "epochs", "pixels", "seed",
    "filters", "radius", "locality",
)  # fmt: skip
FEW = 8  # filters a network in Fig. 4
WIDTH = style.DOUBLE - 0.2  # inches of the axes


class Wanted(NamedTuple):
    """One kind of network whose filters are shown."""

    title: str
    network: str
    method: str
    pixels: str = "intact"


DENSE = Wanted("S-FC, SGD", "S-FC", "SGD")
SPARSE = Wanted("S-FC, β-LASSO", "S-FC", series.LASSO)
LOCAL = Wanted("S-LOCAL, SGD", "S-LOCAL", "SGD")
PERMUTED = Wanted("S-FC, β-LASSO, trained on permuted pixels", "S-FC", series.LASSO, "permuted")


def fig4(filters: pd.DataFrame, results: pd.DataFrame, *, about: str) -> Figure:
    """A few filters of S-FC by SGD and by beta-LASSO, of S-LOCAL, and of S-FC on permuted pixels if there."""
    tables.require(filters, "filters", COLUMNS)
    wanted = [DENSE, SPARSE, LOCAL]
    if len(of(filters, PERMUTED)):
        wanted.append(PERMUTED)
    return _draw(
        filters, results, wanted, FEW,
        "Filters of first-layer units, chosen at random among those with 20 non-zero weights or more.", about,
    )  # fmt: skip


def fig7(filters: pd.DataFrame, results: pd.DataFrame, *, about: str) -> Figure:
    """Filters of S-FC trained by SGD."""
    return _many(filters, results, DENSE, about)


def fig8(filters: pd.DataFrame, results: pd.DataFrame, *, about: str) -> Figure:
    """Filters of S-FC trained by beta-LASSO."""
    return _many(filters, results, SPARSE, about)


def fig9(filters: pd.DataFrame, results: pd.DataFrame, *, about: str) -> Figure:
    """Filters of S-LOCAL trained by SGD."""
    return _many(filters, results, LOCAL, about)


def _many(filters: pd.DataFrame, results: pd.DataFrame, wanted: Wanted, about: str) -> Figure:
    text = "First-layer filters, chosen at random among all with 20 non-zero weights or more."
    return _draw(filters, results, [wanted], None, text, about)


def of(table: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """The rows of one kind of network, of its longest training at its largest beta."""
    rows = table[
        (table.network == wanted.network)
        & (table["method"] == wanted.method)
        & (table.pixels == wanted.pixels)
    ]
    for column in ("epochs", "beta"):
        if rows[column].notna().any():
            rows = rows[rows[column] == rows[column].max()]
    return rows


@style.house_style
def _draw(
    filters: pd.DataFrame, results: pd.DataFrame, every: list[Wanted], most: int | None, text: str, about: str
) -> Figure:
    """A block of pictures for each of ``every``, of the first task in ``filters``."""
    tables.require(filters, "filters", COLUMNS)
    tables.require(results, "results", MEASURED)
    names = series.task_names(filters if len(filters) else results)
    task, name = next(iter(names.items()))
    shown = {wanted: _pictures(of(filters[filters.task == task], wanted), most) for wanted in every}
    measured = {wanted: _measured(results[results.task == task], wanted) for wanted in every}
    room = [pixels.height(pictures, WIDTH) for pictures in shown.values()]
    figure, axes = style.figure(
        len(every), 1, height=sum(room) + 0.26 * len(every) + 1.05, height_ratios=[h + 0.05 for h in room]
    )
    for ax, wanted in zip(axes[:, 0], every, strict=True):
        if not shown[wanted] and measured[wanted].empty:
            raise tables.TableError(
                f"tables filters and results lack {wanted.network}, {wanted.method}, {wanted.pixels}"
            )
        ax.set_title(_title(wanted, measured[wanted]), loc="left")
        pixels.draw(ax, shown[wanted], WIDTH)
    pixels.colour_bar(figure, axes)
    where = f" Data: {name}." if len(names) > 1 else ""
    style.caption(figure, f"{text}{where} {NOTE}", about=about, counts=_counts(list(measured.values())))
    return figure


NOTE = (
    "Colours: weights over the largest of their filter; exact zeros are white. Below each filter: its rms "
    "radius, and in brackets the ratio to that of the same weights on shuffled pixels (1: no locality). "
    "Above: medians over all such filters of the network."
)


def _counts(measured: list[pd.DataFrame]) -> str:
    seeds = [int(rows.seed.nunique()) for rows in measured if len(rows)]
    return "filters of one seed" + (f", medians: {rendered.spread_text(seeds)}" if seeds else "")


def _pictures(rows: pd.DataFrame, most: int | None) -> list[pixels.Picture]:
    """The first ``most`` filters of one network, or 6 full lines of them."""
    if rows.empty:
        return []
    rows = rows[rows.seed == rows.seed.min()]
    there, line = sorted(rows["filter"].unique()), pixels.per_line(int(rows.channel.max()) + 1)
    full = len(there) // line * line or len(there)  # no line of two or three left over
    chosen = there[: min(full, most or 6 * line)]
    return [
        pixels.picture(part, _label(part)) for number in chosen for part in [rows[rows["filter"] == number]]
    ]


def _label(part: pd.DataFrame) -> str:
    radius, ratio = float(part.radius.iloc[0]), float(part.locality.iloc[0])
    return f"{radius:.1f} px" + ("" if pd.isna(ratio) else f" ({ratio:.2f})")


def _measured(results: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """What was measured over all filters of one kind of network, a row per seed."""
    return of(results[results.family == "filters"], wanted)


def _title(wanted: Wanted, measured: pd.DataFrame) -> str:
    """Name, how many filters have the weights asked for, their median radius and locality."""
    known = measured[measured.radius.notna()]
    if known.empty:
        return wanted.title
    several = f"{known.filters.mean():,.0f}".replace(",", "\u2009")
    return (
        f"{wanted.title}:  {several} filters, rms radius {rendered.mean_sd(known.radius, 2)} px, "
        f"ratio to shuffled {rendered.mean_sd(known.locality, 3)}"
    )
