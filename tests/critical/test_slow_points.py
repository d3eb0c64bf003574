"""Slow points are minima of the gradient over a stretch of logarithmic time."""

import math

import pytest

from anarch.critical.slow_points import slow_points


def test_minima_of_a_wave_in_logarithmic_time():
    """|g| = 2 + cos(2 pi log10 t) is smallest at t = 10^0.5, 10^1.5, 10^2.5: 32 and 316 among whole steps.

    The first is not told: no whole step lies between 10^0.5 / 1.4 and 3.
    """
    steps = list(range(1, 1001))
    norms = [2 + math.cos(2 * math.pi * math.log10(t)) for t in steps]
    assert [steps[k] for k in slow_points(steps, norms)] == [32, 316]


def test_neither_the_start_nor_the_end_is_slow_by_itself():
    steps = list(range(0, 500, 10))
    assert slow_points(steps, [1.0 + t for t in steps]) == []
    assert slow_points(steps, [1000.0 - t for t in steps]) == []


def test_a_wider_stretch_leaves_out_ripples():
    steps = list(range(100, 1001))
    norms = [abs(math.log(t / 300)) + 0.3 * math.cos(40 * math.log(t / 300)) + 1 for t in steps]
    assert len(slow_points(steps, norms, factor=1.05)) > len(slow_points(steps, norms, factor=2)) >= 1


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="as many gradient norms"):
        slow_points([1, 2], [1.0])
    with pytest.raises(ValueError, match="increasing steps"):
        slow_points([2, 2], [1.0, 1.0])
    with pytest.raises(ValueError, match="factor must be above 1"):
        slow_points([1, 2], [1.0, 1.0], factor=1)
