"""A small network of each kind that is trained or measured, and images for them."""

import torch
from torch import Tensor, nn

from anarch.lifting.walk import lift
from anarch.models import build, initialise_
from anarch.randomness import generator
from anarch.training.examples import Examples

SHAPE, CLASSES = (3, 32, 32), 10


def cnn(space: str = "none") -> nn.Module:
    network = initialise_(build("vanilla_cnn", SHAPE, CLASSES, channels=2), generator(0, "weights"))
    return network if space == "none" else lift(network, SHAPE, to=space)


def resnet() -> nn.Module:
    return initialise_(build("resnet", SHAPE, CLASSES, channels=2), generator(0, "weights"))


def examples(count: int, device: torch.device) -> Examples:
    draws = generator(0, "images")
    images = torch.randint(0, 256, (count, *SHAPE), dtype=torch.uint8, generator=draws)
    labels = torch.randint(0, CLASSES, (count,), generator=draws)
    return Examples(images, labels, torch.full((3,), 0.5), torch.full((3,), 0.25)).to(device)


def batch(count: int) -> tuple[Tensor, Tensor]:
    """Float64 inputs (count, 3, 32, 32) and labels (count,), on the CPU."""
    draws = generator(1, "inputs")
    x = torch.randn(count, *SHAPE, dtype=torch.float64, generator=draws)
    return x, torch.randint(0, CLASSES, (count,), generator=draws)
