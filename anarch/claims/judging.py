"""A claim and the study's tables become one row of claims.csv: numbers, verdict, and why."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from anarch.claims.checking import replicate_of
from anarch.claims.claim import Claim
from anarch.claims.comparisons import found
from anarch.claims.samples import Tables, Unjudged, holding, parts
from anarch.claims.verdicts import (
    INCONCLUSIVE,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    Allowed,
    Found,
    verdict,
)

Row = dict[str, Any]
VERDICTS = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_JUDGED)
EMPTY = dict.fromkeys(("value", "low", "high", "replicates", "threshold", "margin"))


def judge(claim: Claim, tables: Tables, registry: Mapping[str, Mapping[str, Any]], scale: str) -> Row:
    """The row of ``claim``; ``tables`` and ``registry`` are those of its study.

    What this scale cannot show is not judged, but has our number where there is one.
    """
    replicate = replicate_of(claim, registry[claim.left.table])
    try:
        told = (
            _exactly(claim, tables) if claim.compare == "holds" else _statistically(claim, tables, replicate)
        )
    except Unjudged as missing:
        told = {**EMPTY, "verdict": NOT_JUDGED, "reason": f"Not judged: {missing}."}
        told |= {"value": missing.value, "replicates": missing.replicates}
    if not claim.judged_at(scale):
        told |= {"verdict": NOT_JUDGED, "reason": f"Not judged at the {scale} scale, {_only_at(claim)}."}
    name = claim.replicate if claim.compare == "holds" else replicate
    return {**_of_the_paper(claim), **told, "replicate": name or "trial", "unit": claim.unit}


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


def _statistically(claim: Claim, tables: Tables, replicate: str) -> Row:
    """By intervals over replicates."""
    compared = parts(claim, tables, replicate)
    results = [found(claim, part, len(compared)) for part in compared]
    name, decisive = verdict(results, some=bool(claim.some))
    low, high = decisive.interval
    return {
        "value": _shown(decisive.value, decisive),
        "low": _shown(low, decisive),
        "high": _shown(high, decisive),
        "replicates": min(one.replicates for one in results),
        "threshold": _threshold(claim, decisive.allowed),
        "margin": decisive.margin if math.isfinite(decisive.margin) else None,
        "verdict": name,
        "reason": _sentence(claim, name, decisive, len(results), replicate),
    }


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
        "reason": f"Largest {_number(worst.violation)}, {outcome} the {_number(worst.tolerance)} "
        f"that is allowed, over {trials} trials.",
    }


def _sentence(claim: Claim, name: str, decisive: Found, compared: int, replicate: str) -> str:
    number, low, high = (_number(_shown(place, decisive)) for place in (decisive.value, *decisive.interval))
    unit = f" {claim.unit}" if claim.unit else ""
    at = f" at {decisive.label}" if decisive.label else ""
    of = f", {'the best' if claim.some else 'the weakest'} of {compared} comparisons" if compared > 1 else ""
    peak = "Largest at " if claim.compare == "peak_near" else ""
    told = f"{peak}{number}{unit} ({low} to {high}, {decisive.replicates} {replicate}s){at}{of}"
    return f"{told}: {_judgement(claim, name, decisive, compared)}."


def _judgement(claim: Claim, name: str, decisive: Found, compared: int) -> str:
    wanted, interval = _wanted(claim, decisive.allowed), decisive.interval
    if name == INCONCLUSIVE and claim.each and decisive.allowed.excludes(*interval):
        return f"not {wanted}, but of {compared} comparisons one may come out so by chance"
    if name == INCONCLUSIVE and claim.some and decisive.allowed.holds(*interval):
        return f"{wanted}, but the best of {compared} comparisons may come out so by chance"
    return {
        REPRODUCED: f"the whole interval is {wanted}",
        NOT_REPRODUCED: f"the claim fails, no part of the interval is {wanted}",
        INCONCLUSIVE: f"the interval is neither wholly {wanted} nor wholly not",
    }[name]


def _wanted(claim: Claim, allowed: Allowed) -> str:
    low, high = f"{allowed.low:.5g}", f"{allowed.high:.5g}"
    if claim.compare == "peak_near":
        return "away from both ends" + ("" if claim.at == "inside" else f" and between {low} and {high}")
    if claim.compare in ("monotone", "ratio") and math.isinf(allowed.high) != math.isinf(allowed.low):
        return f"at most {high}" if math.isinf(allowed.low) else f"at least {low}"
    if math.isinf(allowed.low):
        return f"below {high}"
    if math.isinf(allowed.high):
        return f"above {low}"
    return f"between {low} and {high}"


def _threshold(claim: Claim, allowed: Allowed) -> float | None:
    """The one number that the value is held against, where there is one."""
    if claim.compare == "within":
        return claim.of
    if claim.compare == "peak_near":
        return None if claim.at == "inside" else float(claim.at)
    ends = [end for end in (allowed.low, allowed.high) if math.isfinite(end)]
    if claim.compare == "ratio":
        ends = [end for end in (claim.at_least, claim.at_most) if end is not None]
    return ends[0] if len(ends) == 1 else None


def _only_at(claim: Claim) -> str:
    if isinstance(claim.scales, str):
        return "whose networks are hardly trained"
    return f"only at: {', '.join(claim.scales)}"


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _shown(value: float, found: Found) -> float:
    """``value`` as a number of the table: where there is no peak, the end of the curve that is largest."""
    return found.ends[value > 0] if found.ends and math.isinf(value) else value


def tally(rows: pd.DataFrame) -> dict[str, int]:
    """Verdict -> number of claims, all four of them."""
    return {
        name: int((rows.verdict == name).sum())
        for name in (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_JUDGED)
    }
