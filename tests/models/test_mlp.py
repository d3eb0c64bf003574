from typing import Any

import pytest
import torch
import torch.nn.functional as F
from family import count
from torch import nn
from torch.func import functional_call
from torch.fx import symbolic_trace
from torch.testing import assert_close

from anarch.models import build, initialise_
from anarch.models.mlp import mlp


@pytest.mark.parametrize(
    "shape, outputs, options, parameters",
    [
        ((2,), 2, {}, 2 * 100 + 100 + 100 * 100 + 100 + 2 * 101),  # bad_minima, Fig. 1
        ((2,), 1, {"hidden": [23, 16, 26, 32, 28, 31]}, 3_614),  # blessing's swiss roll
        ((2, 1, 1), 1, {"hidden": [25, 25, 25, 25]}, 2_051),  # blessing's minefield
        ((3, 32, 32), 10, {"hidden": []}, 30_730),
    ],
)
def test_toy_networks_have_their_number_of_parameters(
    shape: tuple[int, ...], outputs: int, options: dict[str, Any], parameters: int
) -> None:
    assert count(build("mlp", shape, outputs, **options)) == parameters


def test_3_fc_has_batch_norm_in_the_place_of_biases() -> None:
    """scratch, App. A.1: two equal hidden widths; 256 M weights at h = 14.5 thousand (table 1)."""
    h, inputs = 145, 3 * 32 * 32
    network = build("mlp", (3, 32, 32), 10, hidden=(h, h), norm=True)
    assert count(network) == inputs * h + h**2 + 2 * 2 * h + 10 * (h + 1)
    kinds = [type(layer) for layer in network]
    layer = [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert kinds == [nn.Flatten, *layer, *layer, nn.Linear]


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("norm", [False, True])
def test_it_is_the_formula_and_so_are_its_gradients(activation: str, norm: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    network = build("mlp", (2, 3, 1), 4, hidden=(7, 5), activation=activation, norm=norm)
    initialise_(network.double(), generator)
    x = torch.randn(9, 2, 3, 1, dtype=torch.float64, generator=generator)
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    expected = x.flatten(1)
    for layer in linear[:-1]:
        expected = F.linear(expected, layer.weight, layer.bias)
        if norm:
            expected = (expected - expected.mean(0)) / (expected.var(0, correction=0) + 1e-5).sqrt()
        expected = getattr(torch, activation)(expected)
    expected = F.linear(expected, linear[-1].weight, linear[-1].bias)
    weights = dict(network.named_parameters())
    blank = build("mlp", (2, 3, 1), 4, hidden=(7, 5), activation=activation, norm=norm).double()
    for actual in (network(x), symbolic_trace(network)(x), functional_call(blank, weights, (x,))):
        assert_close(actual, expected)
    own = [p for layer in linear for p in layer.parameters()]
    true = torch.autograd.grad(expected.square().sum(), own)
    ours = torch.autograd.grad(network(x).square().sum(), own)
    assert_close(ours, true)
    assert all(gradient.any() for gradient in ours)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"hidden": (3, 0)}, "hidden must be 1 or more, got 0"),
        ({"activation": "gelu"}, "activation must be one of relu, tanh, sigmoid, got 'gelu'"),
        ({"width": 3}, "mlp has no option 'width'; it has hidden, activation, norm"),
    ],
)
def test_what_cannot_be_built_is_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        build("mlp", (3, 4, 4), 10, **options)
    assert "\n" not in str(error.value)


def test_dropout_comes_before_each_of_the_last_two_linear_layers():
    """App. A.2 of scratch; without it the network is as it was, weights by the same names."""
    kinds = [type(m).__name__ for m in mlp((1, 2, 2), 3, hidden=(5, 6), norm=True, dropout=0.5)]
    last_two = ["Dropout", "Linear", "BatchNorm1d", "ReLU", "Dropout", "Linear"]
    assert kinds == ["Flatten", "Linear", "BatchNorm1d", "ReLU", *last_two]
    assert not any(isinstance(m, nn.Dropout) for m in mlp((1, 2, 2), 3, hidden=(5, 6)))
