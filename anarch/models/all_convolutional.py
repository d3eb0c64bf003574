"""All-convolutional networks with batch norm, from a table; what S-CONV and D-CONV of scratch share."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from torch import nn
from torch.nn.utils import skip_init

NORMS = ("channel", "unit")


class Row(NamedTuple):
    """One convolution with zero padding kernel // 2, batch norm and ReLU: s pixels -> ceil(s / stride)."""

    channels: int
    kernel: int
    stride: int


def all_convolutional(
    input_shape: tuple[int, int, int],
    classes: int,
    rows: Iterable[Row],
    *,
    hidden: int,
    norm: str,
    dropout: float,
) -> nn.Sequential:
    """Convolutions of ``rows``, a hidden layer and logits: (N, *input_shape) -> (N, classes).

    Batch norm and ReLU follow each layer but the last, the only one with a bias.

    Raises:
        ValueError: an unknown ``norm``.
    """
    if norm not in NORMS:
        raise ValueError(f"norm must be {' or '.join(NORMS)}, got {norm!r}")
    layers: list[nn.Module] = []
    seen, height, width = input_shape
    for row in rows:
        layers.append(
            skip_init(
                nn.Conv2d, seen, row.channels, row.kernel, row.stride, padding=row.kernel // 2, bias=False
            )
        )
        seen, height, width = row.channels, -(-height // row.stride), -(-width // row.stride)
        layers += [*_normalisation((seen, height, width), norm), nn.ReLU()]
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Dropout(dropout),
        skip_init(nn.Linear, seen * height * width, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        skip_init(nn.Linear, hidden, classes),
    )


def _normalisation(shape: tuple[int, int, int], norm: str) -> tuple[nn.Module, ...]:
    """Batch norm of maps (N, *shape): statistics over images and positions, or over images alone."""
    if norm == "channel":
        return (nn.BatchNorm2d(shape[0]),)
    return nn.Flatten(), nn.BatchNorm1d(math.prod(shape)), nn.Unflatten(1, shape)
