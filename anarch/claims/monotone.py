"""Whether a curve over seeds rises all along, up to a setback that its measure cannot tell from none.

The largest setback of a seed's own curve is above 0 under any noise, and grows with the number of points:
seeds in plenty would refute every claim.  What is judged is the mean curve: it rises if it is nowhere lower
than at any earlier point, by more than ``delta``.
"""

from dataclasses import dataclass

import numpy as np

from anarch.claims.intervals import half_widths
from anarch.claims.sequential import Look


@dataclass(frozen=True)
class Setback:
    """Of a pair of points of a rising curve, how much lower the later one is; ``points``: their places."""

    value: float
    half_width: float
    points: tuple[int, int]


def setbacks(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of ``curves`` (n, points): earlier less later value (n, pairs), and the places of both."""
    earlier, later = np.triu_indices(curves.shape[1], 1)
    return curves[:, earlier] - curves[:, later], earlier, later


def judged(curves: np.ndarray, delta: float, look: Look) -> tuple[bool, bool, Setback]:
    """Whether ``curves`` (n, points) are shown to rise, or shown not to; and the pair of points that decides.

    Shown to rise: of every pair the upper limit of the setback is at most ``delta``; all must be, so that
    none may be so by chance, and no correction is needed.  Shown not to: of some pair the lower limit is
    above it, where each of the pairs has its share of the chance.
    """
    backs, earlier, later = setbacks(curves)
    mean = backs.mean(axis=0)
    half, shared = half_widths(backs, look), half_widths(backs, look.among(backs.shape[1]))
    rises, fails = bool((mean + half <= delta).all()), bool((mean - shared > delta).any())
    if fails:
        order = mean - shared
    elif rises:
        order = mean + half
    else:
        order = np.where(mean + half > delta, mean, -np.inf)
    pair = int(np.argmax(order))
    width = (shared if fails else half)[pair]
    return rises, fails, Setback(float(mean[pair]), float(width), (int(earlier[pair]), int(later[pair])))
