"""Limits of a sequential design, against closed forms and simulated samples."""

import math

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from anarch.claims.sequential import Look, reached, spent, t_limits

DESIGNS = [(3, 5, 8, 12), (5, 8, 12), tuple(range(2, 13)), (2, 9, 10, 30)]
SAMPLES = 400_000


def first_crossings(looks, alpha):
    """Share of normal samples without an effect that cross a limit by each look."""
    rng = np.random.default_rng(7)
    limits, crossed = t_limits(looks, alpha), np.zeros(SAMPLES, bool)
    total, squares, n, shares = np.zeros(SAMPLES), np.zeros(SAMPLES), 0, []
    for look, limit in zip(looks, limits, strict=True):
        for _ in range(look - n):
            x = rng.standard_normal(SAMPLES)
            total, squares = total + x, squares + x * x
        n = look
        spread = np.sqrt((squares - total**2 / n) / (n - 1))
        crossed |= np.abs(total / n) > limit * spread / math.sqrt(n)
        shares.append(crossed.mean())
    return shares


@pytest.mark.parametrize("looks", DESIGNS)
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_limits_are_crossed_by_chance_as_often_as_is_spent(looks, alpha):
    for share, allowed in zip(first_crossings(looks, alpha), spent(looks, alpha), strict=True):
        low, high = binom.ppf([1e-5, 1 - 1e-5], SAMPLES, allowed) / SAMPLES
        assert low <= share <= high


def test_chance_is_spent_as_lan_and_demets_have_it():
    assert spent((3, 6, 12)) == pytest.approx(
        [2 - 2 * norm.cdf(1.959964 / math.sqrt(u)) for u in (0.25, 0.5, 1)]
    )
    assert spent((4, 12), 0.01)[-1] == pytest.approx(0.01)


@pytest.mark.parametrize("n", [2, 3, 5, 12, 400])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_one_look_is_students_t(n, alpha):
    assert t_limits((n,), alpha) == pytest.approx((t.ppf(1 - alpha / 2, n - 1),))


def test_limits_of_two_designs():
    """The first is Student's quantile of what is spent by then, 2 - 2 Phi(1.96 / sqrt(n / 12)).

    The others are those of simulations of 4 million samples, whose errors are 0.02, 0.002 and 0.001.
    """
    first, second, third, last = t_limits((3, 5, 8, 12))
    assert first == pytest.approx(-t.ppf(8.8575e-5 / 2, 2), rel=1e-4) and first == pytest.approx(
        106.2, abs=0.1
    )
    assert (second, third, last) == pytest.approx((6.92, 3.222, 2.314), rel=4e-3)
    first, second, last = t_limits((5, 8, 12))
    assert first == pytest.approx(-t.ppf(2.39451e-3 / 2, 4), rel=1e-4) and first == pytest.approx(
        6.837, abs=1e-3
    )
    assert (second, last) == pytest.approx((3.221, 2.3135), rel=2e-3)


def test_a_smaller_chance_needs_more_and_the_smallest_can_be_told():
    looks, before = (3, 5, 8, 12), (0.0,) * 4
    for alpha in (0.05, 0.05 / 6, 1e-4, 1e-6, 1e-9):
        limits = t_limits(looks, alpha)
        assert all(a < b for a, b in zip(before, limits, strict=True))
        before = limits


def test_looks_are_reached_one_after_the_other():
    assert [reached((3, 5, 8), seeds) for seeds in (0, 2, 3, 4, 5, 8, 20)] == [0, 0, 1, 1, 2, 3, 3]
    assert Look((3, 5), 1).seeds == 5 and Look((3, 5), 1).among(4).alpha == 0.0125
