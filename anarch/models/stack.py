"""What the architectures here share: convolutions from a table, sums of branches, checks of sizes."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.utils import skip_init


class Row(NamedTuple):
    """One convolution with its ReLU, and MaxPool(3, stride 2) after it where ``pool``."""

    channels: int
    kernel: int
    stride: int
    padding: int
    pool: bool


def convolutions(input_shape: tuple[int, int, int], rows: Iterable[Row]) -> tuple[list[nn.Module], int]:
    """The layers of ``rows`` for inputs (N, C, H, W) = (N, *input_shape), and how many features come out.

    Raises:
        ValueError: a map would shrink to nothing.
    """
    layers: list[nn.Module] = []
    seen, *size = input_shape
    for row in rows:
        convolution = skip_init(nn.Conv2d, seen, row.channels, row.kernel, row.stride, row.padding)
        layers += [convolution, nn.ReLU()]
        size = [(s + 2 * row.padding - row.kernel) // row.stride + 1 for s in size]
        if row.pool:
            layers.append(nn.MaxPool2d(3, stride=2))
            size = [(s - 3) // 2 + 1 for s in size]
        if min(size) < 1:
            raise ValueError(
                f"an input of shape {tuple(input_shape)} is too small: its map vanishes after convolution "
                f"{sum(isinstance(layer, nn.Conv2d) for layer in layers)}; 32 x 32 is large enough"
            )
        seen = row.channels
    return layers, seen * math.prod(size)


def at_least_one(**numbers: int) -> None:
    """Refuse a width or a number of classes below 1."""
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be 1 or more, got {number}")


def large_enough(input_shape: tuple[int, int, int], side: int) -> None:
    """Refuse images with fewer than ``side`` pixels a side."""
    if min(input_shape[1:]) < side:
        raise ValueError(
            f"an input of shape {tuple(input_shape)} is too small: {side} x {side} pixels are the least"
        )


class Sum(nn.Module):
    """body(x) + shortcut(x): a residual block (He et al. 2016, eq. 1)."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W')."""
        total: Tensor = self.body(x) + self.shortcut(x)
        return total
