"""Claims as the page shows them: rows of ``claims.csv`` with their numbers set as text, and their tally."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from anarch.report import words
from anarch.workflow.exhibits import papers

COLUMNS = (
    "id", "study", "paper", "location", "statement", "measured", "tables", "figures", "comparison",
    "paper_value", "paper_text", "value", "low", "high", "replicates", "replicate", "threshold", "margin",
    "unit", "verdict", "reason",
)  # fmt: skip


DIGITS = 3  # significant ones of our numbers, as in the reasons; few replicates carry no more


@dataclass(frozen=True)
class Verdict:
    name: str
    letter: str
    word: str
    meaning: str


VERDICTS = {
    verdict.name: verdict
    for verdict in (
        Verdict("reproduced", "R", "reproduced", "the whole interval lies on the claim’s side"),
        Verdict("not_reproduced", "N", "not reproduced", "the whole interval lies on the other side"),
        Verdict("inconclusive", "I", "inconclusive", "the interval crosses the claim’s bound"),
        Verdict("not_judged", "–", "not judged", "cannot be judged at this scale, or too few seeds"),
    )
}
PAPER_NAMES = {paper.key: paper.short for paper in papers().values()}


@dataclass(frozen=True)
class Claim:
    """One row; ``ours`` and ``paper`` are ready texts, empty where there is nothing to tell.

    ``reason_tells``: the reason holds our number, which then need not be told beside it.
    """

    id: str
    study: str
    paper_key: str
    location: str
    statement: str
    measured: str
    tables: tuple[str, ...]
    figures: tuple[str, ...]
    verdict: Verdict
    reason: str
    reason_tells: bool
    ours: str
    paper: str
    interval: str
    sample: str
    asked: str
    margin: str

    @property
    def anchor(self) -> str:
        return "claim-" + re.sub(r"[^A-Za-z0-9_-]", "-", self.id)

    @property
    def paper_name(self) -> str:
        return PAPER_NAMES.get(self.paper_key, self.paper_key)


def read(rows: Iterable[Mapping[str, str]]) -> list[Claim]:
    """The claims of ``claims.csv``; a column or verdict that is not known is a ValueError."""
    claims = []
    for row in rows:
        lacking = [column for column in COLUMNS if column not in row]
        if lacking:
            raise ValueError(f"claims.csv lacks column {', '.join(lacking)}: delete it and run again")
        if row["verdict"] not in VERDICTS:
            raise ValueError(
                f"claim {row['id']} has verdict {row['verdict']!r}; there are {', '.join(VERDICTS)}: "
                "delete claims.csv and run again"
            )
        claims.append(_claim(row))
    return claims


def _claim(row: Mapping[str, str]) -> Claim:
    unit = row["unit"]
    value = _float(row["value"])
    low, high = _float(row["low"]), _float(row["high"])
    known = low is not None and high is not None
    count = _float(row["replicates"])
    return Claim(
        id=row["id"],
        study=row["study"],
        paper_key=row["paper"],
        location=row["location"],
        statement=row["statement"],
        measured=row["measured"],
        tables=tuple(row["tables"].split()),
        figures=tuple(row["figures"].split()),
        verdict=VERDICTS[row["verdict"]],
        reason=words.typeset(row["reason"]),
        reason_tells=value is not None and f"{value:.{DIGITS}g}" in row["reason"],
        ours=words.quantity(value, unit, DIGITS),
        paper=words.typeset(row["paper_text"]) or words.quantity(_float(row["paper_value"]), unit),
        interval=f"{words.number(low, DIGITS)} to {words.number(high, DIGITS)}" if known else "",
        sample=words.several(int(count), row["replicate"] or "replicate") if count else "",
        asked=_asked(row["comparison"], words.quantity(_float(row["threshold"]), unit, DIGITS)),
        margin=words.quantity(_float(row["margin"]), unit, DIGITS),
    )


def _asked(comparison: str, threshold: str) -> str:
    """ "more than 0 points", or "peak near, bound 20 epochs"."""
    if comparison in ("greater", "less"):
        return f"{'more' if comparison == 'greater' else 'less'} than {threshold or 'the other'}"
    return ", bound ".join(filter(None, (comparison.replace("_", " "), threshold)))


def _float(text: str) -> float | None:
    """A cell's number; None where it is empty, or tells what is no number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return None if value != value else value


def tally(claims: Iterable[Claim]) -> dict[str, int]:
    """How many claims have each verdict, in the order of VERDICTS."""
    counts = Counter(claim.verdict.name for claim in claims)
    return {name: counts[name] for name in VERDICTS}


def tally_text(claims: Iterable[Claim]) -> str:
    """ "34 reproduced, 9 not reproduced, 8 inconclusive, 12 not judged"."""
    return ", ".join(f"{count} {VERDICTS[name].word}" for name, count in tally(claims).items())
