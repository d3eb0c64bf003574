"""From tables to what a claim compares: one number, or one curve, for each group and replicate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from anarch.claims.claim import Claim, Side

Tables = Mapping[str, pd.DataFrame]
VALUE, NUMBER = (
    "value of",
    "its number",
)  # columns that no table has: which of a side's values, and what it is


class Unjudged(ValueError):
    """The tables do not hold what the claim needs; the message says what.

    ``value``: the number that there is all the same.
    """

    def __init__(self, message: str, *, value: float | None = None, replicates: int | None = None):
        super().__init__(message)
        self.value, self.replicates = value, replicates


@dataclass(frozen=True)
class Part:
    """One of the comparisons that a claim is made of."""

    label: str  # such as "relax_time 5"; empty where the claim has no groups
    frame: pd.DataFrame  # columns replicate, left, and where there are any: over, right


def parts(claim: Claim, tables: Tables, replicate: str) -> list[Part]:
    """The comparisons of ``claim``, in the order of its groups.

    Left and right are paired by replicate, group and `over`; what has no partner is left out.

    Raises:
        Unjudged: a table, a column or rows are missing.
    """
    keys = [*claim.groups, *([claim.over] if claim.over else []), replicate]
    keys = list(dict.fromkeys(keys))
    frames = {name: numbers(side, tables, keys) for name, side in claim.sides.items()}
    frame = frames["left"].rename(columns={NUMBER: "left"})
    if claim.right is not None:
        right = frames["right"].rename(columns={NUMBER: "right"})
        if set(frame[VALUE]) != set(right[VALUE]):  # one side's value stands against each of the other's
            right = right.drop(columns=VALUE)
        frame = frame.merge(right, on=[key for key in (VALUE, *keys) if key in frame and key in right])
    if frame.empty:
        raise Unjudged("no row of the left side has a partner on the right side")
    # A key that no side tells apart, such as the replicate of a number that all share, cannot be grouped by.
    lacking = [key for key in keys if key not in frame]
    if lacking:
        raise Unjudged(f"neither side has a number for each {', '.join(lacking)}")
    frame = frame.rename(columns={replicate: "replicate"} | ({claim.over: "over"} if claim.over else {}))
    groups = [VALUE, *claim.groups]
    # What is the same everywhere needs no word.
    varying = [name for name in groups if frame[name].nunique() > 1]
    return [Part(_label(varying, rows), rows) for _, rows in frame.groupby(groups, sort=True)]


def numbers(side: Side, tables: Tables, keys: Sequence[str]) -> pd.DataFrame:
    """Columns ``VALUE``, those of ``keys`` that ``side`` tells apart, and ``NUMBER``.

    Cells that are empty or not finite count for nothing.
    """
    if side.table not in tables:
        raise Unjudged(f"this scale has no table {side.table}")
    own = [key for key in keys if key not in side.shared_by]
    rows = _rows(side, tables[side.table], side.among)
    numbers = _reduced(side, _rows(side, rows, side.where), own)
    for key, combine in (("minus", pd.Series.sub), ("per", pd.Series.div)):
        if condition := getattr(side, key):
            numbers = combine(numbers, _reduced(side, _rows(side, rows, condition), own))
    numbers = numbers[np.isfinite(numbers)]
    if numbers.empty:
        raise Unjudged(f"table {side.table} has no number for {_asked(side)}")
    return numbers.rename(NUMBER).reset_index()


def holding(claim: Claim, tables: Tables) -> pd.DataFrame:
    """Of an exact claim: columns violation, tolerance and trials, a row each of the table's."""
    side = claim.left
    if side.table not in tables:
        raise Unjudged(f"this scale has no table {side.table}")
    rows = _rows(side, _rows(side, tables[side.table], side.among), side.where)
    exact = [name for name in (claim.tolerance, claim.trials) if name and isinstance(name, str)]
    _require(side, rows, [*claim.groups, *exact])
    rows = _extreme(side, rows, list(claim.groups))
    columns = {name: _evaluated(side, rows, value) for name, value in side.values.items()}
    tolerance = claim.tolerance if isinstance(claim.tolerance, float | int) else rows[claim.tolerance]
    found = [
        pd.DataFrame(
            {"violation": column, "tolerance": tolerance, "trials": rows[claim.trials] if claim.trials else 1}
        )
        for column in columns.values()
    ]
    frame = pd.concat(found).dropna()
    if frame.empty:
        raise Unjudged(f"table {side.table} has no number for {_asked(side)}")
    return frame


def curves(part: Part) -> tuple[tuple[Any, ...], dict[str, np.ndarray]]:
    """Places along `over`, and of left (and right) the numbers there, a row per replicate.

    A replicate that lacks a point of the curve is left out.
    """
    replicates, row = np.unique(part.frame.replicate, return_inverse=True)
    over, column = np.unique(part.frame.over, return_inverse=True)
    sides = {}
    for name in {"left", "right"} & set(part.frame):
        sides[name] = np.full((len(replicates), len(over)), np.nan)
        sides[name][row, column] = part.frame[name]
    whole = np.all([np.isfinite(side).all(axis=1) for side in sides.values()], axis=0)
    return tuple(over.tolist()), {name: side[whole] for name, side in sides.items()}


def _rows(side: Side, table: pd.DataFrame, condition: str) -> pd.DataFrame:
    if not condition:
        return table
    try:
        return table.query(condition, engine="python")
    except (NameError, TypeError, ValueError, pd.errors.UndefinedVariableError) as error:
        raise Unjudged(f"table {side.table} cannot be asked for {condition}: {_one_line(error)}") from None


def _evaluated(side: Side, rows: pd.DataFrame, expression: str) -> pd.Series:
    try:
        value = rows.eval(expression, engine="python")
        return pd.Series(value, index=rows.index).astype(float)
    except (NameError, TypeError, ValueError, pd.errors.UndefinedVariableError) as error:
        raise Unjudged(f"table {side.table} has no {expression}: {_one_line(error)}") from None


def _reduced(side: Side, rows: pd.DataFrame, own: Sequence[str]) -> pd.Series:
    """One number per value, group and replicate, indexed by ``VALUE`` and ``own``."""
    _require(side, rows, own)
    rows = _extreme(side, rows, own)
    named = []
    for name, expression in side.values.items():
        numbers = rows[list(own)].copy()
        numbers[VALUE], numbers[NUMBER] = name, _evaluated(side, rows, expression)
        numbers = numbers[np.isfinite(numbers[NUMBER])]
        named.append(numbers.groupby([VALUE, *own])[NUMBER].agg(side.reduce))
    return pd.concat(named)


def _require(side: Side, rows: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in (*columns, side.largest, side.smallest) if name and name not in rows]
    if missing:
        raise Unjudged(f"table {side.table} has no column {', '.join(missing)}")


def _extreme(side: Side, rows: pd.DataFrame, own: Sequence[str]) -> pd.DataFrame:
    """The rows at the largest (smallest) entry of the column that ``side`` names, in each of ``own``."""
    for column, sign in ((side.largest, 1), (side.smallest, -1)):
        if column:
            entry = sign * rows[column]
            by = [rows[key] for key in own if key != column]
            limit = entry.groupby(by).transform("max") if by else entry.max()
            rows = rows[entry == limit]
    return rows


def _label(names: Sequence[str], rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    words = [f"{first[name]:g}" if isinstance(first[name], float) else str(first[name]) for name in names]
    return ", ".join(
        word if name == VALUE else f"{name} {word}" for name, word in zip(names, words, strict=True)
    )


def _asked(side: Side) -> str:
    return " and ".join(filter(None, (side.among, side.where))) or ", ".join(side.values.values())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
