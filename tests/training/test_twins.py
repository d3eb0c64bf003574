"""Twins: what a permutation of pixels does to a fully connected network, and to others."""

import pytest
import torch
from torch import nn

from anarch.data.pixels import permuted, pixel_order
from anarch.lifting.walk import lift
from anarch.models.s_conv import s_conv
from anarch.training.twins import descend, largest_difference, permuted_twin
from anarch.workflow.specs import Recipe

SHAPE = (2, 6, 6)
ORDER = pixel_order(1, 36)


def drawn(*size: int) -> torch.Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def batches(steps: int = 6) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(x, torch.arange(8) % 3) for x in drawn(steps, 8, *SHAPE)]


def fully_connected() -> nn.Module:
    torch.manual_seed(0)
    network = s_conv(SHAPE, 3, alpha=2, norm="unit")
    for weight in network.parameters():
        nn.init.normal_(weight, std=0.3)
    return lift(network, SHAPE, to="fully_connected").double()


def test_a_column_by_hand():
    """One unit that shows pixel 3 must, in the twin, show the place where pixel 3 went to."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[0.0, 0.0, 0.0, 1.0]]))
    order = torch.tensor([2, 3, 1, 0])
    twin = permuted_twin(network, (1, 2, 2), order)
    assert twin[1].weight.tolist() == [[0.0, 1.0, 0.0, 0.0]]
    assert network[1].weight.tolist() == [[0.0, 0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    "options",
    [
        {"momentum": 0.9, "weight_decay": 0.005},
        {"optimiser": "beta_lasso", "l1_conv": 0.02, "l1_fc": 0.01, "beta": 2.0},
    ],
)
def test_training_cannot_tell_the_twins_apart(options):
    recipe = Recipe(epochs=1, batch_size=8, lr=0.1, **options)
    network = fully_connected()
    begun = [weight.clone() for weight in network.parameters()]
    twin = permuted_twin(network, SHAPE, ORDER)
    descend(network, batches(), recipe)
    descend(twin, ((permuted(x, ORDER), y) for x, y in batches()), recipe)
    assert any((a - b).abs().max() > 0.05 for a, b in zip(begun, network.parameters(), strict=True))
    assert largest_difference(network, twin, drawn(5, *SHAPE), ORDER) < 1e-11
    if "beta" in options:
        assert (next(network.parameters()) == 0).any()


def test_a_network_without_permuted_columns_can_tell():
    network = fully_connected()
    assert largest_difference(network.eval(), network, drawn(5, *SHAPE), ORDER) > 0.1


def test_a_convolution_has_no_column_of_each_pixel():
    with pytest.raises(ValueError, match="Conv2d is not fully connected to inputs of shape"):
        permuted_twin(s_conv(SHAPE, 3, alpha=2), SHAPE, ORDER)
