"""The linear model on pixels and their products, against the features written out."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.models import build, initialise_


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def features(x: Tensor, block: int) -> Tensor:
    """All pixels, then u_i u_j for i <= j one after the other, u the means over blocks."""
    n, channels, height, width = x.shape
    h, w = height // block, width // block
    blocks = x[:, :, : h * block, : w * block].reshape(n, channels, h, block, w, block)
    u = blocks.mean((3, 5)).reshape(n, -1)
    products = [u[:, i] * u[:, j] for i in range(u.shape[1]) for j in range(i, u.shape[1])]
    return torch.cat((x.flatten(1), torch.stack(products, 1)), 1)


@pytest.mark.parametrize("shape, block", [((2, 4, 6), 2), ((1, 5, 7), 2), ((3, 2, 3), 1), ((1, 7, 6), 3)])
def test_logits_and_gradients_are_those_of_a_linear_layer_on_the_features(shape, block):
    model = initialise_(build("quadratic_features", shape, 3, block=block), seeded()).double()
    x = torch.randn(5, *shape, dtype=torch.float64, generator=seeded(1))
    y, explicit = torch.arange(5) % 3, features(x, block)
    assert model.fan_in == explicit.shape[1]
    weight, bias = (p.detach().clone().requires_grad_() for p in (model.weight, model.bias))
    logits = F.linear(explicit, weight, bias)
    assert_close(model(x), logits)
    wanted = torch.autograd.grad(F.cross_entropy(logits, y), (weight, bias))
    found = torch.autograd.grad(F.cross_entropy(model(x), y), (model.weight, model.bias))
    assert_close(found, wanted)


def test_parameters_are_those_of_the_paper_and_the_authors():
    """298,369 for one output (Sec. 2); ten classes have ten times as many."""
    one, ten = (build("quadratic_features", (3, 32, 32), classes) for classes in (1, 10))
    assert sum(p.numel() for p in one.parameters()) == 298_369
    assert sum(p.numel() for p in ten.parameters()) == 2_983_690


def test_it_starts_as_a_linear_layer_on_the_features_would():
    model = initialise_(build("quadratic_features", (1, 6, 4), 3), seeded(5))
    twin = initialise_(nn.Linear(24 + 21, 3), seeded(5))
    assert torch.equal(model.weight, twin.weight) and torch.equal(model.bias, twin.bias)
    assert list(model.state_dict()) == ["weight", "bias"]


@pytest.mark.parametrize(
    "shape, classes, block, message",
    [
        ((3, 8, 8), 0, 2, "classes must be 1 or more, got 0"),
        ((3, 8, 8), 2, 0, "block must be 1 or more, got 0"),
        ((3, 8, 2), 2, 4, r"an input of shape \(3, 8, 2\) is too small: 4 x 4 pixels"),
    ],
)
def test_impossible_sizes_are_refused(shape, classes, block, message):
    with pytest.raises(ValueError, match=message):
        build("quadratic_features", shape, classes, block=block)
