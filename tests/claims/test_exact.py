"""Exact tests, against enumerations."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import kendalltau

from anarch.claims.exact import concordance, least_counts, least_sums, orders
from anarch.claims.sequential import spent


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1,) * 6, (2, 1), (2, 1, 3), (3, 3), (2, 2, 2), (1, 4), (4,)])
def test_orders_are_those_of_all_permutations(sizes):
    """Concordant pairs less discordant ones with 1, 2, ..., where tied pairs count for neither."""
    values = [k for k, size in enumerate(sizes) for _ in range(size)]
    counts = Counter(
        sum(a < b for a, b in itertools.combinations(order, 2)) for order in itertools.permutations(values)
    )
    whole = sum(counts.values())
    expected = [float(Fraction(counts[k], whole)) for k in range(max(counts) + 1)]
    assert orders(sizes) == pytest.approx(expected)


def test_many_settings_have_a_distribution_too():
    """Under no relation S of n has mean 0 and variance n (n - 1) (2 n + 5) / 18."""
    chances = orders((1,) * 18)
    s = 2 * np.arange(len(chances)) - (len(chances) - 1)
    assert chances.sum() == pytest.approx(1) and chances @ s == pytest.approx(0, abs=1e-12)
    assert chances @ s**2 == pytest.approx(18 * 17 * 41 / 18)


def test_concordance_agrees_with_scipy_also_for_ties():
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.integers(5, size=(2, 9))
        tau, s, sizes = concordance(x, y)
        assert tau == pytest.approx(kendalltau(x, y).statistic)
        assert s == sum(np.sign(x[i] - x[j]) * np.sign(y[i] - y[j]) for i in range(9) for j in range(i))
        assert sizes in [tuple(sorted(Counter(v.tolist()).values())) for v in (x, y)]
    assert concordance(np.array([1, 1, 1]), np.array([1, 2, 3])) == (0.0, 0, (3,))


def test_two_seeds_of_three_settings():
    """Sums of S of 2 and more, that is 4 concordant pairs of 6 and more, come about in 13 of 36 cases."""
    two = np.convolve(orders((1, 1, 1)), orders((1, 1, 1)))
    assert two[4:].sum() == pytest.approx(13 / 36)
    # 5 % either way allow 1 in 40: both perfect come about in 1 of 36 cases, three of them in 1 of 216.
    assert least_sums([orders((1, 1, 1))] * 2, (2,)) == [7]
    assert least_sums([orders((1, 1, 1))] * 3, (3,)) == [9]


@pytest.mark.parametrize(
    "looks, least", [((2,), (3,)), ((5,), (6,)), ((6,), (6,)), ((8,), (8,)), ((9,), (8,)), ((12,), (10,))]
)
def test_one_look_is_the_sign_test(looks, least):
    """6 of 6: 1 / 64; 8 of 9: 10 / 512; 10 of 12: 79 / 4096; all below 1 / 40."""
    assert least_counts(looks) == least


def crossed(looks, limits, chance):
    """Probability that a count reaches its limit by each look, over all sequences of seeds."""
    shares = np.zeros(len(looks))
    for seeds in itertools.product((0, 1), repeat=looks[-1]):
        weight = np.prod([chance if one else 1 - chance for one in seeds])
        reached = [sum(seeds[:look]) >= limit for look, limit in zip(looks, limits, strict=True)]
        shares += weight * np.maximum.accumulate(reached)
    return shares


@pytest.mark.parametrize("chance", [0.5, 2 / 3])
@pytest.mark.parametrize("alpha", [0.05, 0.02])
def test_chance_reaches_a_count_no_more_often_than_is_spent_and_no_smaller_one_would_do(chance, alpha):
    looks = (3, 5, 8, 12)
    limits, allowed = least_counts(looks, alpha, chance), np.array(spent(looks, alpha)) / 2
    assert (crossed(looks, limits, chance) <= allowed + 1e-12).all()
    for k in range(4):
        lower = [limit - (i == k) for i, limit in enumerate(limits)]
        assert (crossed(looks, lower, chance)[k:] > allowed[k:]).any()


def test_steps_may_differ_from_seed_to_seed():
    steps = [np.array([0.5, 0.5]), np.array([0.9, 0.0, 0.1]), np.array([0.999, 0.001])]
    # Sums of 3 come about with probability 0.05 after two, of 4 with 5e-5 after three; alpha / 2 is 0.1.
    assert least_sums(steps, (3,), 0.2) == [3]
    assert least_sums(steps, (3,), 0.0998) == [4]
    assert least_sums(steps[:2], (2, 3), 0.2)[0] == 3
