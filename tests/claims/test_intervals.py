"""Intervals of a mean at a look."""

import math

import numpy as np
import pytest

from anarch.claims.intervals import half_widths, interval
from anarch.claims.sequential import Look, t_limits

T_975 = {2: 12.7062047, 3: 4.3026527, 5: 2.7764451}  # Student's t, n - 1 degrees of freedom


@pytest.mark.parametrize("values", [[1.0, 3.0], [0.0, 2.0, 7.0], [4.0, 4.5, 3.0, 9.0, 1.0]])
def test_of_one_look_it_is_students(values):
    n, s = len(values), np.std(values, ddof=1)
    half = T_975[n] * s / np.sqrt(n)
    expected = (np.mean(values) - half, np.mean(values) + half)
    assert interval(np.array(values), Look((n,), 0)) == pytest.approx(expected)


def test_an_early_look_and_a_shared_chance_are_wider():
    values = np.array([1.0, 2.0, 4.0, 3.0, 2.5])
    widths = [float(half_widths(values, look)) for look in
              (Look((5,), 0), Look((3, 5), 1), Look((5, 12), 0), Look((5, 12), 0).among(3))]  # fmt: skip
    assert widths == sorted(widths) and len(set(widths)) == 4
    assert widths[2] == pytest.approx(t_limits((5, 12))[0] * values.std(ddof=1) / math.sqrt(5))


def test_equal_replicates_have_no_interval_until_a_sign_test_would_decide():
    for n, half in ((2, math.inf), (5, math.inf), (6, 0.0)):
        assert half_widths(np.full(n, 0.1 + 0.2), Look((n,), 0)) == half
    assert half_widths(np.zeros(8), Look((3, 5, 8, 12), 2)) == 0.0
    assert half_widths(np.zeros(5), Look((3, 5, 8, 12), 1)) == math.inf


def test_columns_stand_alone_and_units_do_not_matter():
    values = np.array([[1.0, 7.0, 30.0], [2.0, 7.0, 50.0], [4.0, 7.0, 90.0]])
    one, none, tenfold = half_widths(values, Look((3,), 0))
    assert none == math.inf and tenfold == pytest.approx(20 * one)


def test_another_number_of_seeds_is_refused():
    with pytest.raises(ValueError, match="the look is at 3 seeds, got 2"):
        half_widths(np.array([1.0, 2.0]), Look((3, 5), 0))
