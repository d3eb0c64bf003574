"""What the tests of every family of architectures ask alike."""

import pytest
import torch
from torch import nn

from anarch.models import build, initialise_


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def random_network(name: str, input_shape: tuple[int, int, int], **options: int) -> nn.Module:
    """In float64, with norms that are not 1 and 0: a forgotten one would show."""
    generator = torch.Generator().manual_seed(7)
    network = initialise_(build(name, input_shape, 5, **options), generator).double()
    with torch.no_grad():
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.weight.uniform_(0.5, 1.5, generator=generator)
                norm.bias.uniform_(-0.5, 0.5, generator=generator)
    return network


def assert_refused(name: str, shape: tuple[int, int, int], options: dict[str, int], message: str) -> None:
    """Building it fails with one line."""
    with pytest.raises(ValueError, match=message) as error:
        build(name, shape, 10, **options)
    assert "\n" not in str(error.value)


def assert_logits_in_both_modes(network: nn.Module, shape: tuple[int, int, int]) -> None:
    for mode in (True, False):
        logits = network.train(mode)(torch.ones(2, *shape))
        assert logits.shape == (2, 5) and logits.isfinite().all()
