"""A claim and the study's tables become one row of claims.csv: numbers, verdict, and why."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from anarch.claims import telling
from anarch.claims.checking import replicate_of
from anarch.claims.claim import Claim
from anarch.claims.comparisons import Numbers, found, numbers, value
from anarch.claims.discoveries import LEVELS, e_value
from anarch.claims.samples import Tables, Unjudged, holding, parts
from anarch.claims.sequential import ALPHA, Look, Looks, reached
from anarch.claims.verdicts import (
    INCONCLUSIVE,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    VERDICTS,
    Found,
    verdict,
)

Row = dict[str, Any]
OF_CHANCE = dict.fromkeys(("decided_at", "all_replicates", "value_of_all", "e_value"))
EMPTY = dict.fromkeys(("value", "low", "high", "replicates", "threshold", "margin")) | OF_CHANCE
ADDED = "seed"  # the replicates of which there can be more; of all others there are as many as there are


def judge(
    claim: Claim,
    tables: Tables,
    registry: Mapping[str, Mapping[str, Any]],
    *,
    scale: str,
    looks: Looks,
) -> Row:
    """The row of ``claim``; ``tables`` and ``registry`` are those of its study.

    A function of the tables alone: seeds are read in their order and the ``looks`` made again, so that what
    an earlier look decided stays decided.

    What this scale cannot show is not judged, but has our number where there is one.
    """
    replicate = replicate_of(claim, registry[claim.left.table])
    try:
        row = (
            _exactly(claim, tables)
            if claim.compare == "holds"
            else _statistically(claim, tables, replicate, looks)
        )
    except Unjudged as missing:
        row = {**EMPTY, "verdict": NOT_JUDGED, "reason": f"Not judged: {missing}."}
        row |= {"value": missing.value, "replicates": missing.replicates}
    if not claim.judged_at(scale):
        reason = f"Not judged at the {scale} scale, {_only_at(claim)}."
        row |= OF_CHANCE | {"verdict": NOT_JUDGED, "reason": reason}
    name = claim.replicate if claim.compare == "holds" else replicate
    return {**_of_the_paper(claim), **row, "replicate": name or "trial", "unit": claim.unit}


def _of_the_paper(claim: Claim) -> Row:
    return {
        "id": claim.id,
        "study": claim.study,
        "location": claim.location,
        "statement": claim.says,
        "measured": claim.measured,
        "tables": " ".join(claim.tables),
        "figures": " ".join(claim.figures),
        "comparison": claim.compare,
        "paper_value": claim.paper_value,
        "paper_text": claim.paper_text,
    }


def _statistically(claim: Claim, tables: Tables, replicate: str, looks: Looks) -> Row:
    """By what chance would do to replicates."""
    given = [numbers(claim, part) for part in parts(claim, tables, replicate)]
    there = min(len(one.values) for one in given)
    looks = looks if replicate == ADDED else (max(there, 2),)
    if not reached(looks, there):
        message = f"{_first_look(replicate, looks)}, and there {_are(there)}"
        only = value(claim, given[0], there) if len(given) == 1 and there else None
        raise Unjudged(message, value=only, replicates=there)
    name, decisive = decided(claim, given, looks)
    low, high = decisive.interval or (None, None)
    reason, of_all = telling.sentence(claim, name, decisive, len(given), replicate), None
    if there > decisive.replicates:
        of_all = value(claim, next(one for one in given if one.label == decisive.label), there)
        of_all = telling.shown(of_all, decisive)
        reason += f" Of all {there} {replicate}s: {telling.number(of_all)}."
    if name == INCONCLUSIVE and replicate == ADDED:
        later = looks[reached(looks, there) :]
        reason += f" The next look is at {later[0]} {replicate}s." if later else " No look is left."
    stands = [name != INCONCLUSIVE and decided(claim, given, looks, level)[0] == name for level in LEVELS]
    return {
        "value": telling.shown(decisive.value, decisive),
        "low": low,
        "high": high,
        "replicates": decisive.replicates,
        "threshold": telling.threshold(claim, decisive.allowed),
        "margin": decisive.margin if math.isfinite(decisive.margin) else None,
        "verdict": name,
        "reason": reason,
        "decided_at": None if name == INCONCLUSIVE else decisive.replicates,
        "all_replicates": there,
        "value_of_all": of_all,
        "e_value": e_value(stands),
    }


def decided(claim: Claim, given: Sequence[Numbers], looks: Looks, alpha: float = ALPHA) -> tuple[str, Found]:
    """The verdict of the first look that gives one, else of the last one reached; and what decides it."""
    there = min(len(one.values) for one in given)
    for index in range(reached(looks, there)):
        look = Look(looks, index, alpha)
        results = [found(claim, one, look, len(given)) for one in given]
        name, decisive = verdict(results, some=bool(claim.some))
        if name != INCONCLUSIVE:
            break
    return name, decisive


def _first_look(replicate: str, looks: Looks) -> str:
    if replicate == ADDED:
        return f"the first look is at {looks[0]} {replicate}s"
    return "a verdict needs two replicates or more"


def _are(there: int) -> str:
    return {0: "is none", 1: "is only one"}.get(there, f"are {there}")


def _exactly(claim: Claim, tables: Tables) -> Row:
    """By the largest violation of what holds in every trial; no interval, since one violation refutes it."""
    rows = holding(claim, tables)
    trials = int(rows.trials.sum())
    if trials < 2:
        raise Unjudged(f"a verdict needs two trials or more, and there are {trials}")
    excess = rows.violation - rows.tolerance
    worst = rows.iloc[int(excess.argmax())]
    holds = bool((excess <= 0).all())
    failed = int((excess > 0).sum())
    outcome = "never more than" if holds else f"in {failed} of {len(rows)} cases more than"
    limits = rows.tolerance.unique()
    return {
        **EMPTY,
        "value": float(worst.violation),
        "replicates": trials,
        "threshold": float(limits[0]) if len(limits) == 1 else None,
        "margin": 0.0 - float(excess.max()),
        "verdict": REPRODUCED if holds else NOT_REPRODUCED,
        "reason": f"Largest {telling.number(worst.violation)}, {outcome} the "
        f"{telling.number(worst.tolerance)} that is allowed, over {trials} trials.",
    }


def _only_at(claim: Claim) -> str:
    if isinstance(claim.scales, str):
        return "whose networks are hardly trained"
    return f"only at: {', '.join(claim.scales)}"


def tally(rows: pd.DataFrame) -> dict[str, int]:
    """Verdict -> number of claims, all four of them."""
    return {name: int((rows.verdict == name).sum()) for name in VERDICTS}
