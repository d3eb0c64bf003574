"""Curves that rise, against pairs computed one by one."""

import numpy as np
import pytest

from anarch.claims.intervals import interval
from anarch.claims.monotone import judged
from anarch.claims.sequential import Look

LOOK = Look((5,), 0)


@pytest.mark.parametrize("delta", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("seed", range(6))
def test_all_pairs_by_themselves(seed, delta):
    rng = np.random.default_rng(seed)
    curves = np.sort(rng.normal(size=4)) * (1, 1, -1)[seed % 3] + 0.2 * rng.normal(size=(5, 4))
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    backs = {(i, j): curves[:, i] - curves[:, j] for i, j in pairs}
    rises = all(interval(back, LOOK)[1] <= delta for back in backs.values())
    fails = any(interval(back, LOOK.among(6))[0] > delta for back in backs.values())
    found = judged(curves, delta, LOOK)
    assert found[:2] == (rises, fails) and found[2].value == pytest.approx(backs[found[2].points].mean())
    if fails:
        assert found[2].value - found[2].half_width > delta
    if rises:
        ends = max(interval(back, LOOK)[1] for back in backs.values())
        assert found[2].value + found[2].half_width == pytest.approx(ends)


def test_many_small_steps_back_are_one_large_one():
    """Each step is below what is tolerated, so that neighbours alone would pass for rising."""
    noise = 0.01 * np.random.default_rng(0).normal(size=(5, 8))
    curves = -0.9 * np.arange(8) + noise
    rises, fails, worst = judged(curves, 1.0, LOOK)
    assert not rises and fails and worst.points == (0, 7)
    assert judged(curves[:, :2], 1.0, LOOK)[0]
