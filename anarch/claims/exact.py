"""Exact tests for statistics of few values: counts of seeds, and sums of Kendall's S over seeds.

A t interval of such numbers means nothing: two seeds that give the same tau of three settings have no
spread, yet chance alone does as much in 13 of 36 cases.  Here the distribution under no effect is computed,
seed by seed, and a sum counts as large at a look where chance reaches such a sum, there or at an earlier
look, no more often than `spent` allows for either direction.
"""

from collections.abc import Sequence
from functools import cache, reduce
from itertools import pairwise

import numpy as np

from anarch.claims.sequential import ALPHA, Looks, spent

ROUNDING = 1e-12


def least_sums(steps: Sequence[np.ndarray], looks: Looks, alpha: float = ALPHA) -> list[int]:
    """Of each look, the least sum that counts as large; one more than the largest where none does.

    ``steps``: of each seed, in order, the probabilities of its 0, 1, 2, ... under no effect; seeds beyond the
    last that there is are not needed, and looks beyond it have no entry.
    """
    alive, used, limits = np.ones(1), 0.0, []
    for (before, look), allowed in zip(pairwise((0, *looks)), spent(looks, alpha), strict=True):
        if look > len(steps):
            break
        for step in steps[before:look]:
            alive = np.convolve(alive, step)
        beyond = np.append(np.cumsum(alive[::-1])[::-1], 0.0)  # of sums of 0 and more, 1 and more, ...
        limit = int(np.argmax(used + beyond <= allowed / 2 + ROUNDING))
        used += beyond[limit]
        alive[limit:] = 0.0
        limits.append(limit)
    return limits


@cache
def least_counts(looks: Looks, alpha: float = ALPHA, chance: float = 0.5) -> tuple[int, ...]:
    """Of each look, how many of its seeds must agree, where each does by chance with probability ``chance``.

    One more than the look's seeds where not even all of them are enough.

    >>> least_counts((5,)), least_counts((6,)), least_counts((3, 5, 8, 12))
    ((6,), (6,), (4, 6, 8, 10))
    """
    step = np.array([1 - chance, chance])
    return tuple(least_sums([step] * looks[-1], looks, alpha))


@cache
def orders(sizes: tuple[int, ...]) -> np.ndarray:
    """Probabilities of 0, 1, 2, ... concordant pairs of two orders of which one has ties of these ``sizes``.

    Under no relation each order is as likely as any other, and discordant pairs are then distributed as the
    inversions of a multiset: their generating function is the q-multinomial coefficient.

    >>> orders((1, 1, 1)) * 6
    array([1., 2., 2., 1.])
    """
    total = sum(sizes)
    untied = (total**2 - sum(size**2 for size in sizes)) // 2
    counts = [1] + [0] * untied
    for j in range(1, total + 1):  # times 1 - q^j, for q-factorials are products of (1 - q^j) / (1 - q)
        for k in range(untied, j - 1, -1):
            counts[k] -= counts[k - j]
    for size in sizes:
        for j in range(1, size + 1):  # over 1 - q^j
            for k in range(j, untied + 1):
                counts[k] += counts[k - j]
    whole = sum(counts)
    return np.array([count / whole for count in counts])


Ties = tuple[tuple[int, ...], ...]  # of each seed, the sizes of the ties of its order


@cache
def concordant_pairs(ties: Ties) -> np.ndarray:
    """Probabilities of 0, 1, 2, ... concordant pairs in all seeds together, under no relation."""
    return np.asarray(reduce(np.convolve, map(orders, ties)))


@cache
def least_concordant(ties: Ties, looks: Looks, alpha: float = ALPHA) -> tuple[int, ...]:
    """Of each look that the seeds reach, how many concordant pairs they must have in all."""
    return tuple(least_sums([orders(sizes) for sizes in ties], looks, alpha))


def concordance(x: np.ndarray, y: np.ndarray) -> tuple[float, int, tuple[int, ...]]:
    """Of ``x`` and ``y`` (n,): Kendall's tau-b, its S, and the sizes of ties of the more tied of both.

    Tau is 0 where one of them is the same everywhere: what has no order speaks neither for nor against one.

    >>> import numpy as np
    >>> concordance(np.array([1, 2, 3]), np.array([5, 7, 6]))
    (0.3333333333333333, 1, (1, 1, 1))
    """
    above = np.triu_indices(len(x), 1)
    a, b = (np.sign(np.subtract.outer(v, v))[above].astype(int) for v in (x, y))
    s, pairs = int((a * b).sum()), (np.count_nonzero(a), np.count_nonzero(b))
    tau = s / float(np.sqrt(pairs[0] * pairs[1])) if all(pairs) else 0.0
    sizes = np.unique(x if pairs[0] < pairs[1] else y, return_counts=True)[1]
    return tau, s, tuple(sorted(sizes.tolist()))
