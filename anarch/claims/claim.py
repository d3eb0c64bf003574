"""A claim of a paper, as config/claims.yaml has it: what is compared, and which answer the paper gives."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

# Comparison -> the keys that tell its limit or its curve: (needed, optional).
COMPARISONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "greater": ((), ("by", "sign_test")),
    "less": ((), ("by", "sign_test")),
    "within": (("of", "tolerance"), ("sign_test",)),
    "ratio": ((), ("at_least", "at_most", "sign_test")),
    "monotone": (("over", "direction"), ("tolerance",)),
    "peak_near": (("over", "at"), ("factor",)),
    "correlation": (("over", "sign"), ("by",)),
    "holds": (("tolerance",), ("trials",)),
}
LIMITS = tuple(dict.fromkeys(key for keys in COMPARISONS.values() for part in keys for key in part))
UNTRAINED = ("smoke",)  # scales whose networks are hardly trained: their numbers mean nothing


@dataclass(frozen=True, kw_only=True)
class Side:
    """A number for each replicate: ``value`` over the rows of ``table`` that are ``among`` and ``where``.

    ``value`` may name several expressions, each of which the claim is about.  ``minus`` and ``per`` are other
    conditions among the same rows: their number is subtracted, or divided by.  ``largest`` and ``smallest``
    keep the rows with the largest (smallest) entry of a column, in each group and replicate.  ``shared_by``
    are groups that this side does not tell apart: it is held against each of them.
    """

    table: str
    value: str | Mapping[str, str]
    among: str = ""
    where: str = ""
    minus: str = ""
    per: str = ""
    reduce: str = "mean"
    largest: str = ""
    smallest: str = ""
    shared_by: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, str]:
        """Name -> expression; one that needs no name has the empty one."""
        return {"": self.value} if isinstance(self.value, str) else dict(self.value)

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions that are given, by key."""
        given = {key: getattr(self, key) for key in ("among", "where", "minus", "per")}
        return {key: text for key, text in given.items() if text}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row of config/claims.yaml; config/README.md describes its keys."""

    id: str
    location: str
    says: str
    measured: str
    figures: tuple[str, ...]
    scales: str | tuple[str, ...]
    compare: str
    left: Side
    right: Side | None = None
    each: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    replicate: str = ""  # a column other than the table's own
    unit: str = ""
    paper_value: float | None = None
    paper_text: str = ""
    by: float = 0.0
    of: float = 0.0
    tolerance: float | str = 0.0  # a number or, for `holds`, a column
    at_least: float | None = None
    at_most: float | None = None
    over: str = ""
    direction: str = ""
    at: float | str = ""
    factor: float = 1.0
    sign: str = ""
    trials: str = ""
    sign_test: bool = False  # of numbers that take few values: most replicates, not their mean

    @property
    def counted(self) -> bool:
        """Whether replicates are counted that lie where they should; else it is their mean that must."""
        return (
            self.sign_test or self.compare == "peak_near" or (self.compare == "correlation" and self.by != 0)
        )

    @property
    def study(self) -> str:
        return self.id.partition(".")[0]

    @property
    def sides(self) -> dict[str, Side]:
        return {"left": self.left} if self.right is None else {"left": self.left, "right": self.right}

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of the study that the claim is judged on, each once."""
        return tuple(dict.fromkeys(side.table for side in self.sides.values()))

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns that part the rows into comparisons of their own."""
        return self.each or self.some

    def judged_at(self, scale: str) -> bool:
        if isinstance(self.scales, str):
            return self.scales == "any" or scale not in UNTRAINED
        return scale in self.scales


def parse(row: Mapping[str, Any]) -> Claim:
    """A claim from a row that the schema allows."""
    options: dict[str, Any] = {key: _plain(value) for key, value in row.items() if key != "paper"}
    options |= {key: _side(row[key]) for key in ("left", "right") if key in row}
    options |= {f"paper_{key}": value for key, value in row.get("paper", {}).items()}
    return Claim(**options)


def _side(options: Mapping[str, Any]) -> Side:
    return Side(
        **{field.name: _plain(options[field.name]) for field in fields(Side) if field.name in options}
    )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
