"""Intervals of few replicates, against closed forms."""

import itertools

import numpy as np
import pytest

from anarch.claims.intervals import ALL, DRAWN, interval, quantiles, resamples

T_975 = {2: 12.7062047, 3: 4.3026527, 5: 2.7764451}  # Student's t, n - 1 degrees of freedom


@pytest.mark.parametrize("values", [[1.0, 3.0], [0.0, 2.0, 7.0], [4.0, 4.5, 3.0, 9.0, 1.0]])
def test_a_few_replicates_have_students_interval(values):
    n, s = len(values), np.std(values, ddof=1)
    half = T_975[n] * s / np.sqrt(n)
    assert interval(values) == pytest.approx((np.mean(values) - half, np.mean(values) + half))


@pytest.mark.parametrize("n", [2, 3, 6])
def test_all_samples_of_a_small_bootstrap_are_taken_once(n):
    rows = {tuple(row) for row in resamples(n).tolist()}
    assert rows == set(itertools.product(range(n), repeat=n)) and len(resamples(n)) == n**n <= ALL


def test_a_large_bootstrap_is_drawn_and_the_same_each_time():
    first = resamples(9, "a claim").copy()
    resamples.cache_clear()
    assert len(first) == DRAWN and np.array_equal(first, resamples(9, "a claim"))
    assert not np.array_equal(first, resamples(9, "another"))


def test_an_interval_is_never_narrower_than_the_bootstrap():
    """Heavy on one side, so that the percentiles reach further there than Student's symmetric interval."""
    values = [0.0] * 19 + [1000.0]
    means = np.array(values)[resamples(20)].mean(axis=1)
    low, high = interval(values)
    assert low <= np.quantile(means, 0.025) and high >= np.quantile(means, 0.975)


def test_equal_replicates_have_no_spread_and_units_do_not_matter():
    assert interval([0.5, 0.5, 0.5]) == (0.5, 0.5)
    low, high = interval([1.0, 2.0, 4.0])
    assert interval([30.0, 50.0, 90.0]) == pytest.approx((10 + 20 * low, 10 + 20 * high))


def test_a_stricter_level_is_wider():
    low, high = interval([1.0, 2.0, 4.0])
    wider = interval([1.0, 2.0, 4.0], level=0.99)
    assert wider[0] < low and high < wider[1]


@pytest.mark.parametrize("values", [[], [1.0]])
def test_one_number_has_no_interval(values):
    with pytest.raises(ValueError, match=f"two numbers or more, got {len(values)}"):
        interval(values)


def test_quantiles_are_members_and_bear_infinity():
    assert quantiles(np.array([-np.inf, 3.0, np.inf])) == (-np.inf, np.inf)
    assert quantiles(np.arange(1000.0)) == (25.0, 974.0)
