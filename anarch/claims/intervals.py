"""Where a mean over seeds may lie, at one of the looks of a sequential design."""

import math

import numpy as np

from anarch.claims.exact import least_counts
from anarch.claims.sequential import Look, t_limits

ROUNDING = 1e-12


def half_widths(values: np.ndarray, look: Look) -> np.ndarray:
    """Of each column of ``values`` (n, ...), whose rows are the seeds of ``look``: half an interval of the
    mean.

    The intervals of all looks hold the mean together, with probability 1 - alpha.  Seeds that do not differ
    at all tell nothing of a spread: their interval is endless, until so many agree that a sign test would
    decide.
    """
    n = len(values)
    if n != look.seeds:
        raise ValueError(f"the look is at {look.seeds} seeds, got {n}")
    spread = np.asarray(values.std(axis=0, ddof=1))
    unanimous = least_counts(look.looks, look.alpha)[look.index] <= n
    known = spread > ROUNDING * np.abs(values).max(axis=0)
    half = np.full(spread.shape, 0.0 if unanimous else math.inf)
    half[known] = t_limits(look.looks, look.alpha)[look.index] * spread[known] / math.sqrt(n)
    return half


def interval(values: np.ndarray, look: Look) -> tuple[float, float]:
    """Bounds of the mean of ``values`` (n,), the seeds of ``look``."""
    mean, half = float(values.mean()), float(half_widths(values, look))
    return mean - half, mean + half
