"""The distance of points from a decision boundary, against boundaries that are known."""

import math

import pytest
import torch
from torch import nn

from anarch.complexity.boundary import boundary_distance, boundary_distances, largest_margin


def straight(weight: list[float], bias: float) -> nn.Linear:
    line = nn.Linear(2, 1)
    with torch.no_grad():
        line.weight.copy_(torch.tensor([weight]))
        line.bias.fill_(bias)
    return line


def test_of_a_straight_boundary_it_is_the_distance_of_the_nearest_point():
    """p_1 > 1/2 where 3 a + 4 b > 5: distance |3 a + 4 b - 5| / 5; 32 rays miss half a percent at most."""
    x = torch.tensor([[-2.0, 0.3], [2.5, 1.0], [0.4, -1.7]])
    truth = ((x @ torch.tensor([3.0, 4.0]) - 5) / 5).abs().min().item()
    found = boundary_distance(straight([3.0, 4.0], -5.0), x)
    assert truth * (1 - 1e-5) <= found <= truth / math.cos(math.pi / 32) * (1 + 1e-3)


def test_without_a_boundary_it_is_infinite():
    assert boundary_distance(straight([0.0, 0.0], 1.0), torch.zeros(3, 2)) == math.inf


@pytest.mark.parametrize("radius", [1e-3, 0.7, 40.0])
def test_of_a_disc_it_is_the_radius_at_the_centre(radius):
    class Disc(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.norm(dim=1, keepdim=True) - radius

    assert boundary_distance(Disc(), torch.zeros(1, 2)) == pytest.approx(radius, rel=2e-3)


def test_no_boundary_is_farther_from_two_classes_than_half_the_gap_between_them():
    """(0, 0) and (3, 4) are 5 apart, all others farther; a straight boundary half way between reaches it."""
    x = torch.tensor([[0.0, 0.0], [-1.0, 0.5], [3.0, 4.0], [9.0, 9.0]])
    labels = torch.tensor([0.0, 0.0, 1.0, 1.0])
    assert largest_margin(x, labels) == 2.5
    assert boundary_distance(straight([3.0, 4.0], -12.5), x) == pytest.approx(2.5, rel=1e-2)
    assert largest_margin(x, torch.zeros(4)) == math.inf


def test_distances_of_every_point_from_a_straight_boundary():
    """Each is right to a tenth, by which the radii grow, and to what 32 rays miss."""
    x = torch.tensor([[-2.0, 0.3], [2.5, 1.0], [0.4, -1.7]])
    truth = ((x @ torch.tensor([3.0, 4.0]) - 5) / 5).abs()
    found = boundary_distances(straight([3.0, 4.0], -5.0), x)
    assert (found >= truth * (1 - 1e-5)).all()
    assert (found <= 1.1 * truth / math.cos(math.pi / 32)).all()
    assert boundary_distances(straight([0.0, 0.0], 1.0), x).isinf().all()
