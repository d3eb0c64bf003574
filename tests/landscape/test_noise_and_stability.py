"""Noise that a minimum bears, and labels that a step turns, against closed forms."""

import math

import pytest
import torch
from torch import nn

from anarch.landscape.directions import random_directions
from anarch.landscape.noise import noise_tolerance
from anarch.landscape.stability import unstable_share
from anarch.randomness import generator


def test_the_noise_that_a_minimum_bears_solves_the_equation_that_defines_it():
    torch.manual_seed(0)
    model = nn.Linear(3, 2).double()
    x, y = torch.randn(8, 3, dtype=torch.float64), torch.arange(8) % 2
    sigma = noise_tolerance(model, x, y, 0.5, draws=3, seed=4, tolerance=1e-6)
    own = nn.functional.cross_entropy(model(x), y).item()
    losses = []
    for k in range(3):
        draws = generator(4, "noise", k)
        weight, bias = (p + sigma * torch.randn(p.shape, generator=draws).to(p) for p in model.parameters())
        losses.append(nn.functional.cross_entropy(x @ weight.T + bias, y).item())
    assert sum(losses) / 3 == pytest.approx(own + 0.5, abs=1e-4)


def test_a_flat_loss_bears_all_noise():
    model = nn.Linear(2, 2)
    x, y = torch.zeros(4, 2), torch.tensor([0, 1, 0, 1])
    with torch.no_grad():
        model.weight.zero_()
    model.bias.requires_grad_(False)
    assert noise_tolerance(model, x, y, 0.1) == math.inf


@pytest.mark.parametrize("options", [{"draws": 0}, {"rise": 0.0}])
def test_impossible_noise_is_refused(options):
    with pytest.raises(ValueError, match="need draws of 1 or more and a rise above 0"):
        noise_tolerance(nn.Linear(2, 2), torch.ones(1, 2), torch.zeros(1).long(), **{"rise": 0.1, **options})


def test_labels_that_a_step_turns_are_counted_over_all_directions():
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    x = torch.randn(200, 4)
    y = (model(x)[:, 0] > 0).long()
    assert unstable_share(model, x, y, 0.0, directions=3) == 0
    wrong = torch.zeros(200, dtype=torch.bool)
    for d in random_directions(model, 0, range(5))["weight"]:
        wrong |= ((x @ (model.weight + 0.5 * d).T + model.bias)[:, 0] > 0).long() != y
    share = unstable_share(model, x, y, 0.5, directions=5)
    assert share == pytest.approx(wrong.double().mean().item()) and share > 0.2
    assert unstable_share(model, x, 1 - y, 0.0, directions=1) == 1
    with pytest.raises(ValueError, match="directions must be 1 or more, got 0"):
        unstable_share(model, x, y, 0.5, directions=0)
