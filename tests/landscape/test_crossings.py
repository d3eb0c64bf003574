"""First crossings along rays: closed forms, humps, and how many evaluations they take."""

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from anarch.landscape.crossings import first_crossings, scan

OPTIONS = {"start": 0.01, "ratio": 1.5, "largest": 10.0, "tolerance": 1e-6}


class Counted:
    """A loss of ray and radius that counts how often each ray is asked for."""

    def __init__(self, function, count: int):
        self.function, self.calls = function, torch.zeros(count, dtype=torch.int64)

    def __call__(self, rays: Tensor, radii: Tensor) -> Tensor:
        self.calls.index_add_(0, rays, torch.ones_like(rays))
        return self.function(rays, radii)


def jump(r: Tensor, at: float | Tensor, low: float, high: float) -> Tensor:
    """``low`` below radius ``at``, ``high`` from there on."""
    return torch.where(
        r < at, torch.tensor(low, dtype=torch.float64), torch.tensor(high, dtype=torch.float64)
    )


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 6.0])
def test_power_laws_from_far_inside_to_far_outside_the_start(power):
    """a r^p = c at r = (c / a)^(1/p), which lies between 1e-6 and beyond the largest radius here."""
    exact = torch.logspace(-6, 2, 50, dtype=torch.float64)
    cutoffs = (0.1, 0.35, 1.0)
    loss = Counted(lambda rays, r: 0.1 * (r / exact[rays]) ** power, 50)
    radii = first_crossings(loss, 50, cutoffs, **OPTIONS)
    for c, found in zip(cutoffs, radii, strict=True):
        wanted = exact * (c / 0.1) ** (1 / power)
        assert_close(found, wanted.masked_fill(wanted > 10, math.inf), rtol=1e-6, atol=0.0)


def test_a_smooth_loss_takes_an_eighth_of_the_authors_grid_of_101():
    """Radii spread over a factor of 5, as those of a network are, and losses that flatten."""
    r0 = torch.logspace(math.log10(0.03), math.log10(0.15), 200, dtype=torch.float64)
    loss = Counted(lambda rays, r: 1e-4 + 3 * (1 - torch.exp(-((r / r0[rays]) ** 2.5) / 29.5)), 200)
    radii = first_crossings(loss, 200, (0.1,), **OPTIONS | {"tolerance": 1e-4})
    assert_close(loss.function(torch.arange(200), radii[0]), torch.full_like(r0, 0.1), rtol=1e-3, atol=0.0)
    assert loss.calls.double().mean() <= 101 / 8


def test_the_first_of_three_crossings_is_found():
    """Above 0.1 between 1 and 3, below again, and above for good from 7 on."""
    radii = first_crossings(
        lambda _, r: 0.1 + (r - 1) * (r - 3) * (r - 7) / 1000, 3, (0.1,), **OPTIONS | {"largest": 20.0}
    )
    assert_close(radii, torch.ones(1, 3, dtype=torch.float64), rtol=1e-6, atol=0.0)


@pytest.mark.parametrize("ratio", [1.2, 1.5, 3.0])
def test_no_hump_as_wide_as_the_ratio_is_missed(ratio):
    """Whatever their place, humps of the width of the ratio are met, here all between 0.02 and 1."""
    begin = torch.logspace(math.log10(0.02), 0, 60, dtype=torch.float64)

    def loss(rays: Tensor, r: Tensor) -> Tensor:
        inside = (r >= begin[rays]) & (r <= 1.0001 * ratio * begin[rays])
        return 0.01 + (inside | (r > 8)).double()

    radii = first_crossings(loss, 60, (0.1,), **OPTIONS | {"ratio": ratio})
    assert_close(radii[0], begin, rtol=1e-6, atol=0.0)


def test_steps_zeros_and_overflow():
    """Jumps, losses of exactly 0 before the radius, overflow or nan behind it: enclosed by halving."""
    for low, high in ((0.0, 1.0), (0.05, math.inf), (0.0, math.nan), (1e-300, 1e300)):
        radii = first_crossings(
            lambda _, r, low=low, high=high: jump(r, 0.7, low, high), 2, (0.1,), **OPTIONS
        )
        assert_close(radii, torch.full((1, 2), 0.7, dtype=torch.float64), rtol=1e-6, atol=0.0)


def test_enclosing_a_jump_takes_few_halvings():
    """From a ratio of 1.5 to 1e-6 it takes 19 halvings at least."""
    loss = Counted(lambda rays, r: jump(r, 0.7, 1e-9, 50.0), 1)
    first_crossings(loss, 1, (0.1,), **OPTIONS)
    assert loss.calls.item() < 12 + 2.2 * math.log2(math.log(1.5) / 1e-6)


def test_beyond_the_largest_and_below_any_radius():
    for at, wanted in ((11.0, math.inf), (10.0, 10.0), (0.0, 0.0)):
        radii = first_crossings(lambda _, r, at=at: jump(r, at, 0.05, 0.1), 2, (0.1,), **OPTIONS)
        assert_close(radii, torch.full((1, 2), wanted, dtype=torch.float64), rtol=1e-6, atol=0.0)


def test_the_grid_is_geometric_and_every_ray_is_followed_no_further_than_needed():
    exact = torch.tensor([0.004, 0.5], dtype=torch.float64)
    loss = Counted(lambda rays, r: (r / exact[rays]) ** 2, 2)
    grid, table = scan(loss, 2, (1.0, 4.0), start=0.01, ratio=2.0, largest=0.9)
    wanted = [0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 0.9]
    assert_close(grid, torch.tensor(wanted, dtype=torch.float64))
    known = ~table.isnan()
    assert (
        known[0].tolist() == [True] * 3 + [False] * 7
    )  # inwards until below 1; 6.25 at the start is above 4
    assert known[1].tolist() == [False] * 2 + [True] * 8
    assert loss.calls.tolist() == known.sum(1).tolist()
    assert_close(table[1, 2:], (grid[2:] / 0.5) ** 2)
