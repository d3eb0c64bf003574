"""The toy sets: formulas without noise, symmetry, and draws that depend on their generator alone."""

import math

import pytest
import torch
from torch.testing import assert_close

from anarch.data.toys import concentric_rings, minefield_spirals, random_labels, two_gaussians, two_spirals
from anarch.randomness import generator

DRAWN = {
    "two_spirals": lambda n, draws: two_spirals(n, draws),
    "minefield_spirals": lambda n, draws: minefield_spirals(n, draws),
    "two_gaussians": lambda n, draws: two_gaussians(n // 2, draws),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_draw_is_balanced_typed_and_its_generators_own(draw):
    x, y = draw(36, generator(0, "train"))
    assert x.shape == (36, 2) and x.dtype == torch.float32
    assert y.dtype == torch.int64 and all(y[:n].sum() == n // 2 for n in range(37))
    state = torch.get_rng_state()
    again, _ = draw(36, generator(0, "train"))
    assert torch.equal(x, again) and torch.equal(torch.get_rng_state(), state)
    extra, _ = draw(36, generator(0, "extra"))
    assert (torch.cdist(x, extra) > 0).all()
    with pytest.raises(ValueError, match="number of points must be 1 or more, got 0"):
        draw(0, generator(0))


def test_two_spirals_without_noise_lie_on_theirs():
    """r = 1.5 t and the angle, measured from the negative x axis, is -t for class 0."""
    x, y = two_spirals(400, generator(0, "train"), noise=0.0)
    arm = x.double() * (1 - 2 * y).unsqueeze(1)
    t = arm.norm(dim=1) / 1.5
    assert t.max() <= math.radians(600)
    assert_close(arm, torch.stack((-1.5 * t * t.cos(), 1.5 * t * t.sin()), 1), atol=1e-4, rtol=0)


def test_two_spirals_are_spread_evenly_over_the_square_of_the_angle():
    """(t / t_max)^2 is uniform: its mean over 4000 draws is 1/2 within 6 standard errors."""
    x, _ = two_spirals(4000, generator(0, "train"), noise=0.0, degrees=90.0, scale=2.0)
    share = (x.norm(dim=1) / 2 / math.radians(90)).square()
    assert share.max() <= 1 + 1e-6
    assert share.mean().item() == pytest.approx(0.5, abs=6 * math.sqrt(1 / 12 / 4000))


def test_noise_moves_points_by_its_standard_deviation():
    still, _ = two_spirals(4000, generator(0, "train"), noise=0.0)
    moved, _ = two_spirals(4000, generator(0, "train"), noise=0.25)
    shift = (moved - still).double() / 0.25
    assert shift.mean(0).abs().max() < 6 / math.sqrt(4000)
    assert_close(shift.square().mean(0), torch.ones(2).double(), atol=6 * math.sqrt(2 / 4000), rtol=0)


def test_minefield_spirals_have_radius_5_root_theta():
    x, y = minefield_spirals(400, generator(0, "train"))
    arm = x.double() * (2 * y - 1).unsqueeze(1)
    t = (arm.norm(dim=1) / 5).square()
    assert t.max() < 3 * math.pi + 1e-4
    assert_close(arm, 5 * t.sqrt().unsqueeze(1) * torch.stack((t.cos(), t.sin()), 1), atol=1e-4, rtol=0)
    assert t.mean().item() == pytest.approx(1.5 * math.pi, abs=6 * 3 * math.pi / math.sqrt(12 * 400))


@pytest.mark.parametrize("gap", [0.001, 0.2])
def test_rings_have_their_radii_sizes_and_margin(gap):
    """Neighbours on the inner rings are the gap apart where their angles agree, and never nearer."""
    x, y = concentric_rings(gap)
    radius = x.norm(dim=1)
    assert_close(radius[y == 0], torch.full((40,), 0.4 + gap))
    assert_close(radius[y == 1], torch.tensor([0.95] * 80 + [0.4] * 10))
    more, labels = concentric_rings(gap, sizes=(500, 700, 300), draws=generator(0, "extra"))
    assert labels.bincount().tolist() == [500, 1000]
    distances = torch.cdist(more[labels == 0].double(), more[labels == 1].double())
    assert distances.min() >= gap - 1e-6
    assert_close(more[labels == 0].norm(dim=1), torch.full((500,), 0.4 + gap))


def test_rings_in_the_authors_places():
    """Evenly spaced from the top; the innermost ring is turned by pi / 40, half a step of the middle one."""
    x, _ = concentric_rings(0.1)
    assert_close(x[10], torch.tensor([0.5, 0.0]), atol=1e-6, rtol=0)
    assert_close(x[40], torch.tensor([0.0, 0.95]))
    assert_close(x[120], 0.4 * torch.tensor([math.sin(math.pi / 40), math.cos(math.pi / 40)]))


@pytest.mark.parametrize("gap", [0.0, -0.1, 0.55])
def test_rings_out_of_order_are_refused(gap):
    with pytest.raises(ValueError, match=f"gap must be more than 0 and less than 0.55.*got {gap}"):
        concentric_rings(gap)


def test_gaussians_have_their_centres_and_spread():
    x, y = two_gaussians(4000, generator(0, "train"), centre=(3.0, -1.0), std=0.5)
    for label, sign in ((0, -1.0), (1, 1.0)):
        part = x[y == label]
        error = 6 * 0.5 / math.sqrt(4000)
        assert_close(part.mean(0), sign * torch.tensor([3.0, -1.0]), atol=error, rtol=0)
        assert_close(part.var(0), torch.full((2,), 0.25), atol=0.25 * 6 * math.sqrt(2 / 4000), rtol=0)


def test_random_labels_always_have_both_classes():
    for seed in range(40):
        assert random_labels(2, generator(seed, "labels")).sum() == 1
