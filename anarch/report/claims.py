"""Claims as the page shows them: rows of ``claims.csv`` with their numbers set as text, and their tally."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from anarch.claims.discoveries import expected_errors, stand_together
from anarch.claims.verdicts import COLUMNS, INCONCLUSIVE, NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from anarch.report import words
from anarch.workflow.exhibits import papers

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
        Verdict(REPRODUCED, "R", "reproduced", "shown to lie on the claim’s side"),
        Verdict(NOT_REPRODUCED, "N", "not reproduced", "shown to lie on the other side"),
        Verdict(INCONCLUSIVE, "I", "inconclusive", "not shown to lie on either side, with the seeds so far"),
        Verdict(
            NOT_JUDGED,
            "–",
            "not judged",
            "cannot be judged at this scale, or fewer seeds than the first look",
        ),
    )
}
PAPER_NAMES = {paper.key: paper.short for paper in papers().values()}


@dataclass(frozen=True)
class Claim:
    """One row; ``ours`` and ``paper`` are ready texts, empty where there is nothing to tell.

    ``reason_tells``: the reason holds our number, which then need not be told beside it.  ``e_value``: of a
    verdict that chance may have a part in, else None; ``together``: whether it stands if all are counted.
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
    decided: str
    e_value: float | None
    together: bool = False

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
    of_chance = [claim.e_value for claim in claims if claim.e_value is not None]
    together = iter(stand_together(of_chance))
    return [claim if claim.e_value is None else replace(claim, together=next(together)) for claim in claims]


def _claim(row: Mapping[str, str]) -> Claim:
    unit = row["unit"]
    value = _float(row["value"])
    low, high = _float(row["low"]), _float(row["high"])
    known = low is not None and high is not None
    count, decided_at = _float(row["replicates"]), _float(row["decided_at"])
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
        decided=words.several(int(decided_at), row["replicate"]) if decided_at else "",
        e_value=_float(row["e_value"]),
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


@dataclass(frozen=True)
class Chance:
    """What chance may have to do with the verdicts of a page: numbers of claims.

    ``judged``: by what chance would do; ``wrong``: so many of their verdicts on average, at most; ``decided``
    of them, and those that stand ``together`` at the false-discovery rate `RATE`.
    """

    judged: int
    wrong: float
    decided: int
    together: int


def chance(claims: Iterable[Claim]) -> Chance:
    judged = [claim for claim in claims if claim.e_value is not None]
    decided = sum(bool(claim.decided) for claim in judged)
    return Chance(len(judged), expected_errors(len(judged)), decided, sum(claim.together for claim in judged))


def tally(claims: Iterable[Claim]) -> dict[str, int]:
    """How many claims have each verdict, in the order of VERDICTS."""
    counts = Counter(claim.verdict.name for claim in claims)
    return {name: counts[name] for name in VERDICTS}


def tally_text(claims: Iterable[Claim]) -> str:
    """ "34 reproduced, 9 not reproduced, 8 inconclusive, 12 not judged"."""
    return ", ".join(f"{count} {VERDICTS[name].word}" for name, count in tally(claims).items())
