"""What each comparison of a claim makes of its numbers: a value, its intervals and where it must lie."""

import math
from collections.abc import Sequence, Sized

import numpy as np
import pandas as pd

from anarch.claims.claim import Claim
from anarch.claims.intervals import LEVEL, interval, quantiles, resamples
from anarch.claims.samples import Part, Unjudged, curves
from anarch.claims.verdicts import Allowed, Found


def found(claim: Claim, part: Part, parts: int) -> Found:
    """``part`` of the ``parts`` of ``claim``, compared.

    Raises:
        Unjudged: it has fewer than two replicates, or numbers that cannot be compared.
    """
    strict = 1 - (1 - LEVEL) / parts
    if claim.compare == "peak_near":
        return _peak(claim, part, strict)
    sample, allowed = SAMPLES[claim.compare](claim, part)
    back = BACK.get(claim.compare, float)
    _enough(sample, part, value=back(sample[0]) if len(sample) and parts == 1 else None)
    if claim.compare == "monotone":
        strict = LEVEL  # a monotone curve has no setback at all: none comes about by chance
    bounds = [interval(sample, level=level, purpose=claim.id) for level in (LEVEL, strict)]
    usual, wide = ((back(low), back(high)) for low, high in bounds)
    mean = float(np.mean(sample))
    if abs(mean) <= 1e-12 * np.abs(sample).max():
        mean = 0.0  # what is left of numbers that cancel
    return Found(part.label, back(mean), usual, wide, len(sample), allowed)


def _difference(claim: Claim, part: Part) -> tuple[Sequence[float], Allowed]:
    """`greater`, `less` and `within`: left, or left less right, against a number."""
    rows = part.frame.sort_values("replicate")
    allowed = {
        "greater": Allowed(low=claim.by, open=True),
        "less": Allowed(high=claim.by, open=True),
        "within": Allowed(claim.of - float(claim.tolerance), claim.of + float(claim.tolerance)),
    }[claim.compare]
    return _left_less_right(rows).tolist(), allowed


def _ratio(claim: Claim, part: Part) -> tuple[Sequence[float], Allowed]:
    """Logarithm of left over right: its mean is the geometric mean of the ratios."""
    rows = part.frame.sort_values("replicate")
    ratio = rows.left / rows.right if "right" in rows else rows.left
    if not (np.isfinite(ratio) & (ratio > 0)).all():
        raise Unjudged(f"a ratio{_at(part)} is not a positive number")
    return np.log(ratio).tolist(), Allowed(claim.at_least or -math.inf, claim.at_most or math.inf)


def _monotone(claim: Claim, part: Part) -> tuple[Sequence[float], Allowed]:
    """Of each replicate's curve the largest setback: how far it ever goes back from where it has been."""
    sign = {"rising": 1, "falling": -1}[claim.direction]
    setbacks = []
    for rows in curves(part):
        curve = sign * _left_less_right(rows)
        _long_enough(curve, claim, part, 2)
        setbacks.append(float((np.maximum.accumulate(curve) - curve).max()))
    return setbacks, Allowed(high=float(claim.tolerance))


def _correlation(claim: Claim, part: Part) -> tuple[Sequence[float], Allowed]:
    """Kendall's tau-b of left with right, or with `over` itself, along each replicate's curve."""
    taus = []
    for rows in curves(part):
        _long_enough(rows, claim, part, 3)
        tau = kendall(rows.left.to_numpy(), rows["right" if "right" in rows else "over"].to_numpy())
        if math.isnan(tau):
            raise Unjudged(f"one of the two is the same everywhere{_at(part)}: there is no order")
        taus.append(tau)
    positive = claim.sign == "positive"
    return taus, Allowed(low=claim.by, open=True) if positive else Allowed(high=0.0 - claim.by, open=True)


SAMPLES = {
    "greater": _difference,
    "less": _difference,
    "within": _difference,
    "ratio": _ratio,
    "monotone": _monotone,
    "correlation": _correlation,
}


# From the scale of a mean to that of the value: ratios are averaged as logarithms, the others have a range.
BACK = {
    "ratio": math.exp,
    "monotone": lambda setback: max(setback, 0.0),
    "correlation": lambda tau: min(max(tau, -1.0), 1.0),
}


def _peak(claim: Claim, part: Part, strict: float) -> Found:
    """Where the mean curve is largest.  An end of the curve is no peak, wherever it lies."""
    rows = list(curves(part))
    _enough(rows, part)
    over = rows[0].over.to_numpy(dtype=float)
    _long_enough(over, claim, part, 3)
    values = np.stack([one.left.to_numpy() for one in rows])
    # Beyond each end, so that a curve that only rises or only falls is outside of any place.
    places = over.copy()
    places[0], places[-1] = -math.inf, math.inf
    tops = places[values[resamples(len(rows), claim.id)].mean(axis=1).argmax(axis=1)]
    inside = claim.at == "inside"
    at, factor = (0.0, 1.0) if inside else (float(claim.at), claim.factor)
    allowed = Allowed(over[1], over[-2]) if inside else Allowed(at / factor, at * factor)
    top = float(places[values.mean(axis=0).argmax()])
    ends = float(over[0]), float(over[-1])
    return Found(part.label, top, quantiles(tops), quantiles(tops, strict), len(rows), allowed, ends)


def kendall(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-b of ``x`` and ``y`` (n,): 1 in the same order, -1 in the opposite one.

    NaN where one of them is the same everywhere.

    >>> import numpy as np
    >>> kendall(np.array([1, 2, 3]), np.array([5, 7, 6]))
    0.3333333333333333
    """
    above = np.triu_indices(len(x), 1)
    a, b = (np.sign(np.subtract.outer(v, v))[above] for v in (x, y))
    pairs = math.sqrt(np.count_nonzero(a) * np.count_nonzero(b))
    return float((a * b).sum() / pairs) if pairs else math.nan


def _left_less_right(rows: pd.DataFrame) -> np.ndarray:
    return (rows.left - rows.right if "right" in rows else rows.left).to_numpy(dtype=float)


def _enough(sample: Sized, part: Part, *, value: float | None = None) -> None:
    if len(sample) < 2:
        there = "only one" if len(sample) else "none"
        message = f"a verdict needs two replicates or more, and there is {there}{_at(part)}"
        raise Unjudged(message, value=value, replicates=len(sample))


def _long_enough(curve: Sized, claim: Claim, part: Part, least: int) -> None:
    if len(curve) < least:
        there = f"there are {len(curve)}{_at(part)}"
        raise Unjudged(f"{claim.compare} needs {least} values of {claim.over} or more, and {there}")


def _at(part: Part) -> str:
    return f" at {part.label}" if part.label else ""
