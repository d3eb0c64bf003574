"""Lifted layers as matrices: the same function, whatever the convolution was."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from anarch.lifting.dense import as_linear
from anarch.lifting.layers import LiftedConv
from anarch.lifting.walk import lift

CONVOLUTIONS = [
    {"kernel_size": 3},
    {"kernel_size": (3, 2), "stride": (1, 2), "padding": (2, 0), "bias": False},
    {"kernel_size": 2, "dilation": 2, "groups": 2},
    {"kernel_size": 3, "padding": 1, "padding_mode": "circular"},
]


def untied(options: dict, to: str) -> nn.Module:
    """A lifted layer whose weights are no longer tied."""
    torch.manual_seed(0)
    lifted = lift(nn.Conv2d(4, 6, **options).double(), (4, 7, 6), to=to)
    with torch.no_grad():
        for parameter in lifted.parameters():
            parameter += torch.randn_like(parameter)
    return lifted


@pytest.mark.parametrize("to", ["fully_connected", "locally_connected"])
@pytest.mark.parametrize("options", CONVOLUTIONS)
def test_a_lifted_layer_is_its_matrix(options, to):
    lifted = untied(options, to)
    plain = as_linear(lifted)
    x = torch.randn(3, 4, 7, 6, dtype=torch.float64)
    assert_close(plain(x), lifted(x))
    assert [type(module) for module in plain] == [nn.Flatten, nn.Linear, nn.Unflatten]
    assert (plain[1].bias is None) == (lifted.bias is None)


def test_every_lifted_layer_of_a_network_is_replaced_and_the_network_is_left_alone():
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU())
    network = lift(
        nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), inner, nn.Flatten(), nn.Linear(40, 2)), (1, 6, 5)
    )
    network.double().eval()
    before = [type(module) for module in network.modules()]
    plain = as_linear(network)
    x = torch.randn(4, 1, 6, 5, dtype=torch.float64)
    assert_close(plain(x), network(x))
    assert not any(isinstance(module, LiftedConv) for module in plain.modules())
    assert not any(module.training for module in plain.modules())
    assert [type(module) for module in network.modules()] == before
    plain[0][1].weight.data.zero_()
    assert network[0].weight.count_nonzero() > 0


def test_a_network_without_lifted_layers_is_copied():
    network = nn.Sequential(nn.Linear(3, 2))
    plain = as_linear(network)
    assert plain is not network and torch.equal(plain[0].weight, network[0].weight)
