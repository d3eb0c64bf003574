"""Log volumes: identities that hold for every n, closed forms where Monte Carlo is accurate, warnings."""

import math

import pytest
import torch
from torch.testing import assert_close

from anarch.landscape.volume import basin_volume, log10, log_unit_ball, log_volume


def sphere(count: int, n: int) -> torch.Tensor:
    draws = torch.randn(count, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return draws / draws.norm(dim=1, keepdim=True)


def test_unit_balls():
    known = {1: 2.0, 2: math.pi, 3: 4 / 3 * math.pi, 4: math.pi**2 / 2, 5: 8 * math.pi**2 / 15}
    for n, volume in known.items():
        assert log_unit_ball(n) == pytest.approx(math.log(volume), rel=1e-14)


@pytest.mark.parametrize("n", [1, 7, 3_614, 268_336])
def test_equal_radii_are_a_ball_and_scaling_adds_n_log_c(n):
    radii = torch.rand(50, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.1
    ball = log_unit_ball(n) + n * math.log(0.3)
    assert log_volume(torch.full((7,), 0.3, dtype=torch.float64), n) == pytest.approx(ball, rel=1e-13)
    scaled = log_volume(radii, n) + n * math.log(1e-3)
    assert log_volume(1e-3 * radii, n) == pytest.approx(scaled, rel=1e-12)


@pytest.mark.parametrize("n, count, tolerance", [(2, 20_000, 0.02), (3, 20_000, 0.02), (6, 100_000, 0.015)])
def test_the_volume_of_an_ellipsoid(n, count, tolerance):
    """log V = log omega_n + sum log a_i and r(phi) = 1 / sqrt(sum (phi_i / a_i)^2), a_i the semi-axes.

    The tolerance is four standard errors or more; the draws are fixed.
    """
    semi = torch.linspace(0.7, 1.6, n, dtype=torch.float64)
    radii = 1 / (sphere(count, n) / semi).square().sum(1).sqrt()
    exact = log_unit_ball(n) + semi.log().sum().item()
    assert log_volume(radii, n) == pytest.approx(exact, abs=tolerance)
    result = basin_volume(radii, n, 0, resamples=100)
    assert result.log_mean == log_volume(radii, n)
    assert result.low < result.log_mean < result.high


def test_the_mean_against_a_direct_sum_and_no_overflow():
    radii = torch.tensor([0.5, 1.5, 2.0, 0.0])
    direct = math.log(math.pi * (0.5**2 + 1.5**2 + 2.0**2) / 4)
    assert log_volume(radii, 2) == pytest.approx(direct, rel=1e-13)
    n = 100_000  # r^n overflows by far: the largest radius is all that is left
    largest = log_unit_ball(n) + n * math.log(2) - math.log(4)
    assert log_volume(radii, n) == pytest.approx(largest, rel=1e-14)
    assert basin_volume(radii, n, 0).effective == 1.0


def test_effective_size_and_medians():
    radii = torch.tensor([1.0, 2.0, 4.0, 8.0], dtype=torch.float64)
    weights = radii**3
    result = basin_volume(radii, 3, 0)
    assert result.effective == pytest.approx((weights.sum() ** 2 / weights.square().sum()).item(), rel=1e-13)
    assert result.log_median == pytest.approx(log_unit_ball(3) + 3 * math.log(math.sqrt(8)), rel=1e-13)
    odd = basin_volume(radii[:3], 3, 0)
    assert odd.log_median == pytest.approx(log_unit_ball(3) + 3 * math.log(2), rel=1e-13)
    assert basin_volume(torch.full((9,), 3.0), 40, 0).effective == pytest.approx(9.0)


def test_the_bootstrap_interval_holds_the_estimate_and_is_repeatable():
    radii = 1 + torch.rand(200, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    one, two, other = basin_volume(radii, 5, 4), basin_volume(radii, 5, 4), basin_volume(radii, 5, 5)
    assert one == two and (one.low, one.high) != (other.low, other.high)
    assert one.low < one.log_mean < one.high
    wider = basin_volume(radii, 5, 4, level=0.99)
    assert wider.low < one.low and one.high < wider.high
    same = basin_volume(torch.full((5,), 2.0), 3, 0)
    assert same.low == same.high == pytest.approx(same.log_mean)


def test_the_interval_has_the_width_of_the_standard_error():
    """For small n: 1.96 standard errors of the mean of r^n, to either side."""
    weights = (1 + torch.rand(400, generator=torch.Generator().manual_seed(2), dtype=torch.float64)) ** 3
    result = basin_volume(weights ** (1 / 3), 3, 0, resamples=2000)
    error = (weights.std() / math.sqrt(400) / weights.mean()).item()
    assert (result.high - result.low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.1)


def test_directions_without_a_crossing():
    radii = torch.tensor([1.0, 2.0, math.inf, 3.0, math.inf], dtype=torch.float64)
    open_ = basin_volume(radii, 4, 0)
    assert open_.censored == 2 and open_.log_mean == math.inf and open_.effective == 2.0
    assert open_.log_median == pytest.approx(log_unit_ball(4) + 4 * math.log(3))
    bounded = basin_volume(radii, 4, 0, largest=10.0)
    assert bounded.censored == 2
    assert bounded.log_mean == log_volume(torch.where(radii.isinf(), 10.0, radii), 4)
    none = basin_volume(torch.zeros(3), 4, 0)
    assert none.log_mean == none.log_median == none.low == -math.inf and none.effective == 0.0


def test_orders_of_magnitude():
    assert_close(log10(math.log(1e12)), 12.0)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((torch.ones(2), 0), "dimension must be 1 or more, got 0"),
        ((torch.ones(0), 3), r"radii must be \(K,\) with K >= 1, got \(0,\)"),
        ((torch.ones(2, 2), 3), r"radii must be \(K,\) with K >= 1, got \(2, 2\)"),
        ((torch.tensor([1.0, -2.0]), 3), r"radii must be 0 or more, got -2\.0"),
        ((torch.tensor([math.nan]), 3), "radii must be 0 or more, got nan"),
    ],
)
def test_what_is_no_radius_is_refused(arguments, message):
    for function in (log_volume, basin_volume):
        with pytest.raises(ValueError, match=message):
            function(*arguments)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"resamples": 0}, "need resamples >= 1 and 0 < level < 1, got 0 and 0.95"),
        ({"level": 1.0}, r"need resamples >= 1 and 0 < level < 1, got 1000 and 1\.0"),
        ({"largest": 0.5}, r"largest must be no less than the finite radii, got 0\.5 < 1\.0"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        basin_volume(torch.ones(3), 2, 0, **options)
