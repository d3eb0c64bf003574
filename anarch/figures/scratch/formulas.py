"""Tables 3 and 4: layers, formulas and exact numbers of weights, printed and true ones side by side."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.scratch.architectures import spoken

COLUMNS = (
    "table", "network", "alpha", "layer", "description", "printed_formula", "true_formula", "printed", "true",
    "acting",
)  # fmt: skip


def table3(counts: pd.DataFrame, *, about: str) -> Figure:
    """Weights of D-CONV, D-LOCAL and D-FC by layer."""
    return _formulas(counts, 3, about)


def table4(counts: pd.DataFrame, *, about: str) -> Figure:
    """Weights of S-CONV, S-LOCAL and S-FC by layer."""
    return _formulas(counts, 4, about)


def _formulas(counts: pd.DataFrame, number: int, about: str) -> Figure:
    tables.require(counts, "counts", COLUMNS)
    rows = counts[counts.table == number].set_index("layer")
    if rows.empty:
        raise tables.TableError(f"table counts has no row with table = {number}")
    first = rows[rows.network == rows.network.iloc[0]]
    described = ["" if layer == "total" else spoken(text) for layer, text in first.description.items()]
    cells: dict[tuple[str, str], list[str]] = {("", "(channels or units, stride)"): described}
    for network, part in rows.groupby("network", sort=False):
        cells |= _network(str(network), part.loc[first.index])
    table = pd.DataFrame(cells, index=first.index)
    table.columns = pd.MultiIndex.from_tuples(cells)
    return rendered.render(table, _text(rows), about=about, counts="exact numbers")


def _network(network: str, part: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """The columns of one network: one formula where the paper's is right, else the paper's and the true."""
    printed, true = ([f"${text}$" for text in part[f"{which}_formula"]] for which in ("printed", "true"))
    if _wrong(part).empty:
        columns = {"formula": true, "weights": _whole(part.true)}
    else:
        columns = {
            "paper's formula": printed, "paper's weights": _whole(part.printed),
            "true formula": true, "true weights": _whole(part.true),
        }  # fmt: skip
    if (part.acting != part.true).any():
        columns["acting"] = _whole(part.acting)
    return {(network, name): column for name, column in columns.items()}


def _wrong(rows: pd.DataFrame) -> pd.DataFrame:
    """The layers whose entry in the paper is wrong; totals are another matter, it rounds them."""
    return rows[(rows.printed != rows.true) & (rows.index != "total")]


def _whole(values: pd.Series) -> list[str]:
    return ["–" if pd.isna(value) else f"{round(value):,}".replace(",", "\u2009") for value in values]


def _text(rows: pd.DataFrame) -> str:
    alpha, wrong = ", ".join(f"{value:g}" for value in rows.alpha.unique()), _wrong(rows)
    text = f"Weights of each layer by formula, and their number at α = {alpha}, s = 32 and c = 10 classes."
    if len(wrong):
        which = ", ".join(wrong.network.unique())
        text += (
            f" Grey: as the paper prints them; {wrong.index[0]} to {wrong.index[-1]} of {which} are wrong."
        )
    rounded = rows[(rows.index == "total") & (rows.printed != rows.true) & ~rows.network.isin(wrong.network)]
    if len(rounded):
        text += f" The paper rounds the totals of {' and '.join(rounded.network)}."
    return text + " Acting: without weights of local layers that only ever meet zero padding."
