"""Where a mean over few replicates may lie.

The percentile bootstrap of two or three numbers never leaves their range, and so holds the true mean in one
case of two, or three of four.  An interval here is therefore never narrower than Student's t, which asks for
normal spread and gives its due to how badly a spread is known from few: 12.7 standard errors for two
replicates, 4.3 for three, 2.8 for five.
"""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.special import stdtrit

LEVEL = 0.95
ALL = 50_000  # samples up to which all n^n of a bootstrap are taken: up to six replicates
DRAWN = 10_000


def interval(sample: Sequence[float], *, level: float = LEVEL, purpose: str = "") -> tuple[float, float]:
    """Bounds of the mean of ``sample`` (n,): the union of percentile bootstrap and Student's t.

    ``purpose`` names the random draws, which are needed for more than six replicates only.

    Raises:
        ValueError: fewer than two numbers tell nothing of their spread.
    """
    values = np.asarray(sample, dtype=float)
    n = len(values)
    if n < 2:
        raise ValueError(f"an interval needs two numbers or more, got {n}")
    mean, tail = values.mean(), (1 - level) / 2
    half = stdtrit(n - 1, 1 - tail) * values.std(ddof=1) / np.sqrt(n)
    low, high = quantiles(values[resamples(n, purpose)].mean(axis=1), level)
    return float(min(low, mean - half)), float(max(high, mean + half))


def quantiles(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """The central ``level`` of ``values``, both ends being members of it: infinite ones do no harm."""
    ordered = np.sort(values)
    outside = int(np.floor((1 - level) / 2 * len(ordered)))
    return float(ordered[outside]), float(ordered[-1 - outside])


@cache
def resamples(n: int, purpose: str = "") -> np.ndarray:
    """Indices (B, n) of bootstrap samples of ``n``: all of them where they are few, else drawn."""
    if n**n <= ALL:
        return np.stack(np.unravel_index(np.arange(n**n), (n,) * n), axis=1)
    seed = int.from_bytes(hashlib.sha256(f"bootstrap/{purpose}".encode()).digest()[:8], "big")
    return np.random.default_rng(seed).integers(n, size=(DRAWN, n))
