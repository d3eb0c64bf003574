"""What each comparison of a claim makes of its numbers: what is shown at a look, and by which test."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from anarch.claims import monotone
from anarch.claims.claim import Claim
from anarch.claims.exact import concordance, concordant_pairs, least_concordant, least_counts
from anarch.claims.intervals import interval
from anarch.claims.samples import Part, Unjudged, curves
from anarch.claims.sequential import Look
from anarch.claims.verdicts import Allowed, Found, Shown


@dataclass(frozen=True)
class Numbers:
    """What one comparison is about: ``values`` (replicates, ...) in the order of the replicates.

    ``over``: places of a curve's points.  ``ties``: of an order along a curve, a tuple a replicate.
    """

    label: str
    values: np.ndarray
    allowed: Allowed
    over: tuple[float, ...] = ()
    ties: tuple[tuple[int, ...], ...] = ()


def numbers(claim: Claim, part: Part) -> Numbers:
    """Those of ``part``.

    Raises:
        Unjudged: they cannot be compared.
    """
    return NUMBERS[claim.compare](claim, part)


def value(claim: Claim, given: Numbers, replicates: int) -> float:
    """The one number that is told of the first ``replicates``, in the unit of the claim."""
    first = given.values[:replicates]
    if claim.compare == "monotone":
        return float(monotone.setbacks(first)[0].mean(axis=0).max())
    if claim.counted:
        return _back(claim, float(np.quantile(first, 0.5, method="lower")))[0]
    mean = float(first.mean(axis=0)[0] if claim.compare == "correlation" else first.mean())
    if abs(mean) <= 1e-12 * np.abs(first).max():
        mean = 0.0  # what is left of numbers that cancel
    return _back(claim, mean)[0]


def found(claim: Claim, given: Numbers, look: Look, comparisons: int) -> Found:
    """What ``look`` shows of one of the ``comparisons`` of ``claim``."""
    test = _count if claim.counted else TESTS[claim.compare]
    return test(claim, given, look, look.among(comparisons))


def _mean(claim: Claim, given: Numbers, look: Look, shared: Look) -> Found:
    """By the interval of the mean."""
    first, allowed = given.values[: look.seeds], given.allowed
    ends = _back(claim, *interval(first, look))
    wider = _back(claim, *interval(first, shared)) if shared != look else ends
    shown = Shown(*(test(*pair) for pair in (ends, wider) for test in (allowed.holds, allowed.excludes)))
    told = (ends[0], ends[1]) if math.isfinite(ends[1]) else None
    return Found(given.label, value(claim, given, look.seeds), look.seeds, allowed, shown, told)


def _count(claim: Claim, given: Numbers, look: Look, shared: Look) -> Found:
    """By how many replicates lie inside: more than half of them must, and more than chance puts there."""
    first, allowed = given.values[: look.seeds], given.allowed
    inside = sum(allowed.holds(one, one) for one in _back(claim, *first.tolist()))
    by_chance, ends = 0.5, None
    if claim.compare == "peak_near":  # of a curve without a shape, each point is as likely the largest
        places = sum(allowed.holds(x, x) for x in given.over[1:-1])
        by_chance, ends = max(by_chance, places / len(given.over)), (given.over[0], given.over[-1])

    def test(at: Look) -> tuple[bool, bool]:
        least = least_counts(at.looks, at.alpha, by_chance)[at.index]
        return inside >= least, look.seeds - inside >= least_counts(at.looks, at.alpha)[at.index]

    middle, shown = value(claim, given, look.seeds), Shown(*test(look), *test(shared))
    return Found(given.label, middle, look.seeds, allowed, shown, inside=inside, points=ends)


def _monotone(claim: Claim, given: Numbers, look: Look, shared: Look) -> Found:
    """By the intervals of all setbacks of the mean curve."""
    first, delta = given.values[: look.seeds], given.allowed.high
    *alone, pair = monotone.judged(first, delta, look)
    together = alone
    if shared != look:
        *together, decisive = monotone.judged(first, delta, shared)
        pair = decisive if together[1] else pair
    ends = (pair.value - pair.half_width, pair.value + pair.half_width)
    return Found(
        given.label,
        pair.value,
        look.seeds,
        given.allowed,
        Shown(*alone, *together),
        ends if math.isfinite(pair.half_width) else None,
        points=(given.over[pair.points[0]], given.over[pair.points[1]]),
    )


def _order(claim: Claim, given: Numbers, look: Look, shared: Look) -> Found:
    """By the exact distribution of the sum of Kendall's S over replicates, under no relation."""
    ties = given.ties[: look.seeds]
    chances = concordant_pairs(ties)
    most, sign = len(chances) - 1, 1 if claim.sign == "positive" else -1
    # Where both have ties, concordant pairs less discordant ones may be odd: rounded to what shows less.
    total = sign * int(given.values[: look.seeds, 1].sum())

    def test(at: Look) -> tuple[bool, bool]:
        least = least_concordant(ties, at.looks, at.alpha)[at.index]
        return (most + total) // 2 >= least, (most - total) // 2 >= least

    tau, shown = value(claim, given, look.seeds), Shown(*test(look), *test(shared))
    chance = float(chances[(most + abs(total)) // 2 :].sum())
    return Found(given.label, tau, look.seeds, given.allowed, shown, chance=chance)


TESTS: dict[str, Callable[[Claim, Numbers, Look, Look], Found]] = {
    "greater": _mean,
    "less": _mean,
    "within": _mean,
    "ratio": _mean,
    "monotone": _monotone,
    "correlation": _order,
}


def _difference(claim: Claim, part: Part) -> Numbers:
    """`greater`, `less` and `within`: left, or left less right, against a number."""
    rows = part.frame.sort_values("replicate")
    allowed = {
        "greater": Allowed(low=claim.by, open=True),
        "less": Allowed(high=claim.by, open=True),
        "within": Allowed(claim.of - float(claim.tolerance), claim.of + float(claim.tolerance)),
    }[claim.compare]
    return Numbers(part.label, _left_less_right(rows), allowed)


def _ratio(claim: Claim, part: Part) -> Numbers:
    """Logarithm of left over right: its mean is the geometric mean of the ratios."""
    rows = part.frame.sort_values("replicate")
    ratio = rows.left / rows.right if "right" in rows else rows.left
    if not (np.isfinite(ratio) & (ratio > 0)).all():
        raise Unjudged(f"a ratio{_at(part)} is not a positive number")
    allowed = Allowed(claim.at_least or -math.inf, claim.at_most or math.inf)
    return Numbers(part.label, np.log(ratio.to_numpy(dtype=float)), allowed)


def _curve(claim: Claim, part: Part) -> Numbers:
    """Left less right along each replicate's curve, turned so that it should rise."""
    over, sides = _whole(claim, part, 2)
    values = sides["left"] - sides.get("right", 0.0)
    turned = values if claim.direction == "rising" else -values
    return Numbers(part.label, turned, Allowed(high=float(claim.tolerance)), over)


def _relation(claim: Claim, part: Part) -> Numbers:
    """Tau and S of left with right, or with `over` itself, along each replicate's curve."""
    over, sides = _whole(claim, part, 3)
    left, right = (
        sides["left"],
        sides.get("right", np.broadcast_to(np.arange(len(over)), sides["left"].shape)),
    )
    if all(np.ptp(x) == 0 or np.ptp(y) == 0 for x, y in zip(left, right, strict=True)):
        raise Unjudged(f"one of the two is the same everywhere{_at(part)}: there is no order")
    pairs = [concordance(x, y) for x, y in zip(left, right, strict=True)]
    values = np.array([(tau, s) for tau, s, _ in pairs], dtype=float)
    positive = claim.sign == "positive"
    allowed = Allowed(low=claim.by, open=True) if positive else Allowed(high=0.0 - claim.by, open=True)
    ties = tuple(sizes for *_, sizes in pairs)
    return Numbers(part.label, values[:, 0] if claim.counted else values, allowed, ties=ties)


def _peak(claim: Claim, part: Part) -> Numbers:
    """Where each replicate's curve is largest.  An end of the curve is no peak: it lies beyond any place."""
    over, sides = _whole(claim, part, 3)
    places = np.array([-math.inf, *over[1:-1], math.inf])
    tops = places[sides["left"].argmax(axis=1)]
    if claim.at == "inside":
        return Numbers(part.label, tops, Allowed(over[1], over[-2]), over)
    at = float(claim.at)
    return Numbers(part.label, tops, Allowed(at / claim.factor, at * claim.factor), over)


NUMBERS: dict[str, Callable[[Claim, Part], Numbers]] = {
    "greater": _difference,
    "less": _difference,
    "within": _difference,
    "ratio": _ratio,
    "monotone": _curve,
    "correlation": _relation,
    "peak_near": _peak,
}


def _whole(claim: Claim, part: Part, least: int) -> tuple[tuple[Any, ...], dict[str, np.ndarray]]:
    """The curves of ``part``, which have ``least`` points or more."""
    over, sides = curves(part)
    if len(over) < least:
        there = f"there are {len(over)}{_at(part)}"
        raise Unjudged(f"{claim.compare} needs {least} values of {claim.over} or more, and {there}")
    if not len(sides["left"]):
        raise Unjudged(f"no replicate has a number at every {claim.over}{_at(part)}")
    return over, sides


def _left_less_right(rows: pd.DataFrame) -> np.ndarray:
    return (rows.left - rows.right if "right" in rows else rows.left).to_numpy(dtype=float)


def _back(claim: Claim, *numbers: float) -> tuple[float, ...]:
    """From the scale of a mean to that of the value: ratios are averaged as logarithms."""
    with np.errstate(over="ignore"):  # an endless interval is none that overflows
        return tuple(float(np.exp(number)) for number in numbers) if claim.compare == "ratio" else numbers


def _at(part: Part) -> str:
    return f" at {part.label}" if part.label else ""
