"""Counts of exact zeros, and sparse copies against the dense networks they come from."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from anarch.complexity.sparsity import (
    LayerCount,
    SparseLinear,
    nonzero_weights,
    saving,
    sparse_network,
    stored_bytes,
)
from anarch.lifting.walk import lift
from anarch.models import build, initialise_


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sparse_s_fc(keep: float = 0.1) -> nn.Module:
    """An S-FC on 6 x 5 images of which about ``keep`` of the weights are left, its batch norm not trivial."""
    shape = (2, 6, 5)
    network = initialise_(lift(build("s_conv", shape, 3, alpha=3, norm="unit"), shape), seeded()).double()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.data *= torch.rand(parameter.shape, generator=seeded(1)) < keep
    network(torch.randn(20, *shape, generator=seeded(2), dtype=torch.float64))
    return network


def test_only_weights_are_counted_and_only_exact_zeros_are_zero() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 3))
    with torch.no_grad():
        network[0].weight.zero_()[1, 0, 0, 0] = 1e-40  # subnormal, and still not zero
        network[3].weight.fill_(-0.0)[0, 0] = float("nan")
        network[3].bias.zero_()
    assert nonzero_weights(network) == [LayerCount("0", 1, 18), LayerCount("3", 1, 6)]


def test_lifted_layers_count_what_they_hold() -> None:
    shape = (1, 6, 5)
    conv = initialise_(build("s_conv", shape, 3, alpha=2), seeded())
    dense = nonzero_weights(lift(conv, shape))[0]
    local = nonzero_weights(lift(conv, shape, "locally_connected"))[0]
    assert dense.weights == 30 * 18 and dense.nonzero == local.nonzero == local.weights


def test_sparse_outputs_are_the_dense_ones() -> None:
    network = sparse_s_fc()
    sparse = sparse_network(network)
    x = torch.randn(7, 2, 6, 5, generator=seeded(3), dtype=torch.float64)
    assert_close(sparse(x), network.eval()(x), rtol=0, atol=1e-12)
    assert sum(isinstance(m, SparseLinear) for m in sparse.modules()) == 3


@pytest.mark.parametrize("bias", [True, False])
def test_a_single_layer_with_empty_rows_and_columns(bias: bool) -> None:
    layer = nn.Linear(5, 4, bias=bias)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0, 0, 0, 0, 0], [1, 0, 0, 0, 2], [0, 0, 0, 0, 0], [0, 3, 0, 0, 0]]))
    x = torch.randn(6, 5, generator=seeded())
    assert_close(sparse_network(layer)(x), layer(x))
    layer.weight.data.zero_()
    assert_close(sparse_network(layer)(x), layer(x))


def test_the_model_is_left_as_it_was() -> None:
    network = sparse_s_fc()
    before = copy.deepcopy(network.state_dict())
    sparse_network(network)
    saving(network, torch.zeros(2, 2, 6, 5, dtype=torch.float64), repeats=1)
    assert network.training and type(network[0]).__name__ == "FullyConnected"
    assert all(torch.equal(a, b) for a, b in zip(before.values(), network.state_dict().values(), strict=True))


def test_convolutions_and_locally_connected_layers_stay() -> None:
    shape = (2, 6, 5)
    for to in (None, "locally_connected"):
        network: nn.Module = initialise_(build("s_conv", shape, 3, alpha=1), seeded())
        network = lift(network, shape, to) if to else network
        sparse = sparse_network(network)
        x: Tensor = torch.randn(4, *shape, generator=seeded())
        assert type(sparse[0]) is type(network[0])
        assert_close(sparse(x), network.eval()(x))


def test_bytes_of_values_indices_and_rows() -> None:
    layer = nn.Linear(10, 4)
    assert stored_bytes(layer) == 4 * (40 + 4)
    layer.weight.data.zero_()[1, :3] = 1.0
    assert stored_bytes(sparse_network(layer)) == 3 * (4 + 4) + 4 * (4 + 1) + 4 * 4


def test_saving_tells_bytes_and_positive_times() -> None:
    network = sparse_s_fc()
    found = saving(network, torch.zeros(5, 2, 6, 5, dtype=torch.float64), repeats=2)
    assert found.dense_bytes == stored_bytes(network)
    assert found.sparse_bytes == stored_bytes(sparse_network(network))
    assert found.memory_ratio == found.dense_bytes / found.sparse_bytes > 1
    assert found.time_ratio == found.dense_seconds / found.sparse_seconds > 0


def test_a_network_without_matrices_is_refused() -> None:
    with pytest.raises(ValueError, match="this Conv2d has no linear or fully connected layer to export"):
        sparse_network(nn.Conv2d(1, 1, 1))
