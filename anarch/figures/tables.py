"""What a figure asks of its tables: columns are there, rows are there, seeds become mean and range."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd


class TableError(ValueError):
    """A table lacks what a figure needs; the message is one line that names the table and the cure."""


def require(table: pd.DataFrame, name: str, columns: Iterable[str]) -> None:
    """Raise TableError unless ``table`` has all ``columns``."""
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise TableError(f"table {name} lacks column {', '.join(missing)}; it has {', '.join(table.columns)}")


def select(table: pd.DataFrame, name: str, **wanted: str) -> pd.DataFrame:
    """The rows whose columns equal ``wanted``; TableError names the first column that leaves none."""
    require(table, name, wanted)
    for column, value in wanted.items():
        rows = table[table[column] == value]
        if rows.empty:
            there = ", ".join(str(other) for other in table[column].dropna().unique()) or "none"
            raise TableError(f"table {name} has no row with {column} = {value}; there is: {there}")
        table = rows
    return table


def over_seeds(
    rows: pd.DataFrame, column: str, by: str | Sequence[str] = "relax_time", scale: float = 1.0
) -> pd.DataFrame:
    """``column`` times ``scale`` summarised over seeds: mean, min, max, n; a row per value of ``by``.

    Cells that are missing or not finite count for nothing: a seed that failed lowers n and moves no mean.
    """
    try:
        values = rows[column].astype(float) * scale
    except ValueError as error:
        raise TableError(f"column {column} must hold numbers ({error})") from None
    finite = values[np.isfinite(values)]
    grouped = finite.groupby([rows.loc[finite.index, key] for key in np.atleast_1d(by)])
    return grouped.agg(["mean", "min", "max", "count"]).rename(columns={"count": "n"})


def overall(rows: pd.DataFrame, column: str, scale: float = 1.0) -> pd.DataFrame:
    """As :func:`over_seeds` for a network without relax time: one row, or none if there is no finite cell."""
    return over_seeds(rows.assign(_all=0), column, "_all", scale)


def counts(*summaries: pd.DataFrame) -> list[int]:
    """The numbers of seeds behind every point of ``summaries``."""
    return [int(n) for summary in summaries for n in summary.n]


def relax_times(*summaries: pd.DataFrame) -> list[float]:
    """All relax times (epochs) on the first index level of ``summaries``, in order."""
    return sorted({float(time) for summary in summaries for time in summary.index.get_level_values(0)})
