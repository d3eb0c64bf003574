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
    assert basin_volume(radii, n).log_mean == log_volume(radii, n)


def test_the_mean_against_a_direct_sum_and_no_overflow():
    radii = torch.tensor([0.5, 1.5, 2.0, 0.0])
    direct = math.log(math.pi * (0.5**2 + 1.5**2 + 2.0**2) / 4)
    assert log_volume(radii, 2) == pytest.approx(direct, rel=1e-13)
    n = 100_000  # r^n overflows by far: the largest radius is all that is left
    largest = log_unit_ball(n) + n * math.log(2) - math.log(4)
    assert log_volume(radii, n) == pytest.approx(largest, rel=1e-14)
    assert basin_volume(radii, n).effective == 1.0


def test_effective_size_and_medians():
    radii = torch.tensor([1.0, 2.0, 4.0, 8.0], dtype=torch.float64)
    weights = radii**3
    result = basin_volume(radii, 3)
    assert result.effective == pytest.approx((weights.sum() ** 2 / weights.square().sum()).item(), rel=1e-13)
    assert result.log_median == pytest.approx(log_unit_ball(3) + 3 * math.log(math.sqrt(8)), rel=1e-13)
    odd = basin_volume(radii[:3], 3)
    assert odd.log_median == pytest.approx(log_unit_ball(3) + 3 * math.log(2), rel=1e-13)
    assert basin_volume(torch.full((9,), 3.0), 40).effective == pytest.approx(9.0)


def test_directions_without_a_crossing():
    radii = torch.tensor([1.0, 2.0, math.inf, 3.0, math.inf], dtype=torch.float64)
    open_ = basin_volume(radii, 4)
    assert open_.censored == 2 and open_.log_mean == math.inf and open_.effective == 2.0
    assert open_.log_median == pytest.approx(log_unit_ball(4) + 4 * math.log(3))
    bounded = basin_volume(radii, 4, largest=10.0)
    assert bounded.censored == 2
    assert bounded.log_mean == log_volume(torch.where(radii.isinf(), 10.0, radii), 4)
    none = basin_volume(torch.zeros(3), 4)
    assert none.log_mean == none.log_median == -math.inf and none.effective == 0.0


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


def test_a_largest_radius_below_a_finite_one_is_refused():
    with pytest.raises(ValueError, match=r"largest must be no less than the finite radii, got 0\.5 < 1\.0"):
        basin_volume(torch.ones(3), 2, largest=0.5)
