"""When a claim may be looked at, and how far a mean must then lie from its limit.

Seeds are added until a claim is decided, so it is looked at several times.  An interval of 95 % at every
look would err in far more than 5 % of cases.  Looks are therefore fixed beforehand, and the 5 % are spent
over them: after a share u of the last look's seeds, alpha*(u) = 2 - 2 Phi(z / sqrt u) of them, z being the
normal quantile of alpha (Lan and DeMets 1983, of O'Brien and Fleming's type): hardly any early on, nearly
all at the end.
"""

import math
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.polynomial.legendre import leggauss, legval, legvander
from scipy.optimize import brentq
from scipy.special import betainc, ndtr, ndtri, stdtrit

ALPHA = 0.05
NODES, DEGREE = 32, 60  # of the integration: twice as many change no limit by 1 in 10,000
NEGLIGIBLE = 1e-7  # of the chance that an earlier look takes away: less moves no digit that is told

Looks = tuple[int, ...]  # rising numbers of seeds, the last of which is the cap


@dataclass(frozen=True)
class Look:
    """One of the ``looks``, and the chance ``alpha`` of a wrong decision over all of them."""

    looks: Looks
    index: int
    alpha: float = ALPHA

    @property
    def seeds(self) -> int:
        return self.looks[self.index]

    def among(self, count: int) -> "Look":
        """The same look where one of ``count`` comparisons may settle the matter by chance (Bonferroni)."""
        return replace(self, alpha=self.alpha / count)


def reached(looks: Looks, seeds: int) -> int:
    """How many of ``looks`` are reached with so many seeds."""
    return sum(look <= seeds for look in looks)


@cache
def spent(looks: Looks, alpha: float = ALPHA) -> tuple[float, ...]:
    """The chance of a wrong decision that may be used up by each look."""
    return tuple(float(2 * ndtr(ndtri(alpha / 2) / math.sqrt(look / looks[-1]))) for look in looks)


@cache
def t_limits(looks: Looks, alpha: float = ALPHA) -> tuple[float, ...]:
    """Of each look, how many standard errors the mean must lie away: two-sided, ``alpha`` over all looks.

    Exact for normal spread, by the joint distribution of the successive t statistics of one growing sample.

    >>> [round(limit, 2) for limit in t_limits((5, 8, 12))]
    [6.84, 3.22, 2.31]
    """
    allowed = np.diff(spent(looks, alpha), prepend=0.0)
    limits = [float(-stdtrit(looks[0] - 1, allowed[0] / 2))]
    state = _first(looks[0], limits[0])
    for before, look, chance in zip(looks, looks[1:], allowed[1:], strict=False):
        for n in range(before, look - 1):
            state = _one_more(state, n, math.pi / 2)
        # Where all are alive this is the limit; where some have left it errs on the side of caution.
        limit = float(-stdtrit(look - 1, chance / 2))
        if chance > NEGLIGIBLE:
            excess = partial(_excess, state=state, n=look - 1, chance=chance)
            limit = float(brentq(excess, limit / 4, limit * 1.01))
        state = _one_more(state, look - 1, _angle(limit, look))
        limits.append(limit)
    return tuple(limits)


# The cosine b of the angle between a sample x (n,) and (1, ..., 1), b = sum x / sqrt(n sum x^2), tells t,
# which is b sqrt((n - 1) / (1 - b^2)).  Without an effect the direction of x is uniform and independent of
# its length, so that b is a Markov chain: of n + 1 values it is (sqrt(n) b cos psi + sin psi) / sqrt(n + 1),
# where psi has a density proportional to cos(psi)^(n - 1).  This is r cos(psi - d), with r and d that follow
# from b.  A state is the density of the angle a, b = sin(a), among samples that have crossed no limit so far:
# an even function of a / edge, kept as its Legendre series.
_X, _WEIGHTS = (leggauss(NODES)[0] + 1) / 2, leggauss(NODES)[1] / 2  # on 0 to 1
State = tuple[float, np.ndarray]  # edge, coefficients (DEGREE + 1,) of a density


def _angle(limit: float, n: int) -> float:
    return math.atan2(limit, math.sqrt(n - 1))


def _first(n: int, limit: float) -> State:
    edge = _angle(limit, n)
    mass = _constant(n - 1) * np.cos(edge * _X) ** (n - 2) * edge * _WEIGHTS
    return edge, _series(edge, _X, mass)


def _constant(n: int) -> float:
    """1 / the integral of cos^(n - 1) from -pi / 2 to pi / 2."""
    return math.exp(math.lgamma((n + 1) / 2) - math.lgamma(n / 2)) / math.sqrt(math.pi)


def _series(edge: float, place: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Of a ``mass`` at each ``place``, a / edge, and as much at its negative."""
    even = np.arange(DEGREE + 1) % 2 == 0
    moments = 2 * mass @ legvander(place, DEGREE)
    return np.where(even, (np.arange(DEGREE + 1) + 0.5) / edge * moments, 0.0)


def _spread(state: State, n: int, sine: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Masses at angles from 0 to the edge, with r and d of n + 1 values.

    Where r passes ``sine``, a limit comes into reach and what follows grows like a root: nodes lie denser
    there.
    """
    edge, density = state
    reach = math.asin(math.sqrt(min(max(((n + 1) * sine**2 - 1) / n, 0.0), 1.0)))
    kink = min(reach / edge, 1.0)
    place = np.concatenate([kink * _X, kink + (1 - kink) * _X**2])
    mass = edge * np.concatenate([kink * _WEIGHTS, (1 - kink) * 2 * _X * _WEIGHTS]) * legval(place, density)
    along = math.sqrt(n) * np.sin(edge * place)
    return mass, np.sqrt((along**2 + 1) / (n + 1)), np.arctan2(1, along)


def _excess(limit: float, *, state: State, n: int, chance: float) -> float:
    return _leaving(state, n, limit) - chance


def _leaving(state: State, n: int, limit: float) -> float:
    """Mass of ``state``, of n values, whose t of n + 1 values lies beyond ``limit``."""
    sine = math.sin(_angle(limit, n + 1))
    mass, r, d = _spread(state, n, sine)
    half = np.arccos(np.minimum(sine / r, 1.0))

    def below(psi: np.ndarray) -> np.ndarray:
        return betainc(n / 2, n / 2, (1 + np.sin(np.clip(psi, -math.pi / 2, math.pi / 2))) / 2)

    above, under = (below(d + turn + half) - below(d + turn - half) for turn in (0, -math.pi))
    return float(2 * mass @ (above + under))


def _one_more(state: State, n: int, edge: float) -> State:
    """``state``, of n values, after one more; what lies beyond the angle ``edge`` is left out."""
    mass, r, d = _spread(state, n, math.sin(edge))
    half = np.arccos(np.minimum(math.sin(edge) / r, 1.0))
    places, masses = [], []
    for turn in (-2 * math.pi, -math.pi, 0.0):  # psi - d lies between -3 pi / 2 and pi / 2
        low = np.clip(d + turn + half, -math.pi / 2, math.pi / 2)[:, None]
        high = np.clip(d + turn + math.pi - half, -math.pi / 2, math.pi / 2)[:, None]
        psi = low + (high - low) * _X
        b = np.abs(r[:, None] * np.cos(psi - d[:, None]))
        places.append(np.minimum(np.arcsin(np.minimum(b, 1.0)) / edge, 1.0))
        masses.append(mass[:, None] * (high - low) * _WEIGHTS * _constant(n) * np.cos(psi) ** (n - 1))
    return edge, _series(edge, np.concatenate(places).ravel(), np.concatenate(masses).ravel())
