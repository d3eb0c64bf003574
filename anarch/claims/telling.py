"""A verdict in one or two sentences: our number, by what it was judged, and what that shows."""

import math

from anarch.claims.claim import Claim
from anarch.claims.verdicts import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED, Allowed, Found


def sentence(claim: Claim, verdict: str, decisive: Found, compared: int, replicate: str) -> str:
    at = f" at {decisive.label}" if decisive.label else ""
    of = f", {'the best' if claim.some else 'the weakest'} of {compared} comparisons" if compared > 1 else ""
    return f"{_told(claim, decisive, replicate)}{at}{of}: {_judgement(claim, verdict, decisive, compared)}."


def _told(claim: Claim, decisive: Found, replicate: str) -> str:
    """ "3.4 points (0.5 to 6.3, 5 seeds)"."""
    value = f"{number(shown(decisive.value, decisive))}{f' {claim.unit}' if claim.unit else ''}"
    seeds = f"{decisive.replicates} {replicate}s"
    if decisive.inside is not None:
        front = "Largest at " if claim.compare == "peak_near" else ""
        return f"{front}{value} (the middle of {seeds})"
    if decisive.chance is not None:
        chance = f"{100 * decisive.chance:.2g} %" if decisive.chance >= 1e-4 else "less than 0.01 %"
        return f"{value} (mean of {seeds}; chance gives one as strong in {chance} of cases)"
    low_to_high = "no spread"
    if decisive.interval is not None:
        low_to_high = " to ".join(number(end) for end in decisive.interval)
    if decisive.points is not None:
        earlier, later = (f"{point:g}" for point in decisive.points)
        return f"{value} ({low_to_high}, {seeds}) from {claim.over} {earlier} to {later}"
    return f"{value} ({low_to_high}, {seeds})"


def _judgement(claim: Claim, verdict: str, decisive: Found, compared: int) -> str:
    asked, some = wanted(claim, decisive.allowed), decisive.shown
    if verdict == INCONCLUSIVE and compared > 1 and (some.fails if not claim.some else some.holds):
        which, one = ("best", "") if claim.some else ("weakest", "not ")
        return f"{one}{asked}, but the {which} of {compared} comparisons may come out so by chance"
    if decisive.inside is not None:
        count = f"{decisive.inside} of {decisive.replicates} are {asked}"
        return (
            count
            + {
                REPRODUCED: ", more than chance allows",
                NOT_REPRODUCED: ", so that most are not, and the claim fails",
                INCONCLUSIVE: ", which chance alone may do",
            }[verdict]
        )
    if decisive.chance is not None:
        return {
            REPRODUCED: f"in the {claim.sign} order",
            NOT_REPRODUCED: f"the claim fails, the order is not {claim.sign} but the opposite",
            INCONCLUSIVE: "neither order is shown",
        }[verdict]
    if decisive.interval is None and verdict == INCONCLUSIVE:
        return "replicates that do not differ decide only where a sign test would, and there are too few"
    if claim.compare == "monotone":
        return {
            REPRODUCED: f"no two points set back by more than {decisive.allowed.high:.5g}",
            NOT_REPRODUCED: f"the claim fails, it sets back by more than {decisive.allowed.high:.5g}",
            INCONCLUSIVE: f"it is open whether it sets back by more than {decisive.allowed.high:.5g}",
        }[verdict]
    return {
        REPRODUCED: f"the whole interval is {asked}",
        NOT_REPRODUCED: f"the claim fails, no part of the interval is {asked}",
        INCONCLUSIVE: f"the interval is neither wholly {asked} nor wholly not",
    }[verdict]


def wanted(claim: Claim, allowed: Allowed) -> str:
    low, high = f"{allowed.low:.5g}", f"{allowed.high:.5g}"
    if claim.compare == "peak_near":
        return "away from both ends" + ("" if claim.at == "inside" else f" and between {low} and {high}")
    if claim.compare == "ratio" and math.isinf(allowed.high) != math.isinf(allowed.low):
        return f"at most {high}" if math.isinf(allowed.low) else f"at least {low}"
    if math.isinf(allowed.low):
        return f"below {high}"
    if math.isinf(allowed.high):
        return f"above {low}"
    return f"between {low} and {high}" if low != high else f"exactly {low}"


def threshold(claim: Claim, allowed: Allowed) -> float | None:
    """The one number that the value is held against, where there is one."""
    if claim.compare == "within":
        return claim.of
    if claim.compare == "peak_near":
        return None if claim.at == "inside" else float(claim.at)
    ends = [end for end in (allowed.low, allowed.high) if math.isfinite(end)]
    return ends[0] if len(ends) == 1 else None


def number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def shown(value: float, found: Found) -> float:
    """``value`` as a number of the table: where there is no peak, the end of the curve that is largest."""
    return found.points[value > 0] if found.points and math.isinf(value) else value
