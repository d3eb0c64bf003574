"""Fully-connected networks: 3-FC of scratch (App. A.1) and the toy networks of bad_minima and blessing."""

import math
from collections.abc import Sequence

from torch import nn
from torch.nn.utils import skip_init

from anarch.models.stack import at_least_one

_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def mlp(
    input_shape: Sequence[int],
    classes: int,
    *,
    hidden: Sequence[int] = (100, 100),
    activation: str = "relu",
    norm: bool = False,
    dropout: float = 0.0,
) -> nn.Sequential:
    """A linear layer and its activation for each width in ``hidden``, and a linear head.

    (N, *input_shape) -> outputs (N, classes), for any input shape, (2,) for points of the plane.
    The default is the toy of bad_minima, Fig. 1.  With ``norm`` batch norm follows each linear layer but the
    head, and takes the place of its bias: with two equal widths that is 3-FC of scratch.  ``dropout`` is the
    share of features dropped before each of the last two linear layers.

    Raises:
        ValueError: a number below 1 or an unknown activation.
    """
    at_least_one(classes=classes)
    for width in hidden:
        at_least_one(hidden=width)
    if activation not in _ACTIVATIONS:
        raise ValueError(f"activation must be one of {', '.join(_ACTIVATIONS)}, got {activation!r}")
    layers: list[nn.Module] = [nn.Flatten()]
    seen = math.prod(input_shape)
    dropped = [nn.Dropout(dropout)] if dropout else []
    for place, width in enumerate(hidden, start=1):
        if place == len(hidden):
            layers += dropped
        layers.append(skip_init(nn.Linear, seen, width, bias=not norm))
        if norm:
            layers.append(nn.BatchNorm1d(width))
        layers.append(_ACTIVATIONS[activation]())
        seen = width
    return nn.Sequential(*layers, *dropped, skip_init(nn.Linear, seen, classes))
