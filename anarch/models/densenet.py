"""DenseNet for small images (bad_minima; Huang et al. 2017, Sec. 3)."""

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from anarch.models.stack import at_least_one, large_enough


def densenet(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    depth: int = 40,
    channels: int = 12,
    bottleneck: bool = True,
) -> nn.Sequential:
    """DenseNet of three dense blocks: (N, *input_shape) -> logits (N, classes).

    ``channels`` is the growth rate k, what each unit adds to the map.  With ``bottleneck`` it is DenseNet-BC,
    which bad_minima trains: a unit squeezes to 4 k channels by a 1 x 1 convolution first, and transitions
    halve the channels.  Parameters at (3, 32, 32), 10 classes, depth 40 and k = 12: 176,122; without
    ``bottleneck`` 1,019,722.

    Raises:
        ValueError: a depth that is not 4 + 6 n (without ``bottleneck`` 4 + 3 n), a number below 1, or an
            input below 4 x 4.
    """
    at_least_one(classes=classes, channels=channels)
    large_enough(input_shape, 4)
    step = 6 if bottleneck else 3
    units = (depth - 4) // step
    if units < 1 or depth != 4 + step * units:
        raise ValueError(f"depth of this DenseNet must be 4 + {step} n with n of 1 or more, got {depth}")
    seen = 2 * channels if bottleneck else 16
    layers: list[nn.Module] = [_convolution(input_shape[0], seen, 3)]
    for block in range(3):
        for _ in range(units):
            unit = _normed(seen, 4 * channels, 1) if bottleneck else []
            unit += _normed(4 * channels if bottleneck else seen, channels, 3)
            layers.append(Append(nn.Sequential(*unit)))
            seen += channels
        if block < 2:
            kept = seen // 2 if bottleneck else seen
            layers += [*_normed(seen, kept, 1), nn.AvgPool2d(2)]
            seen = kept
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), skip_init(nn.Linear, seen, classes))
    return nn.Sequential(*layers, nn.BatchNorm2d(seen), nn.ReLU(), *head)


class Append(nn.Module):
    """[x, body(x)] along the channels: a unit of a dense block (Huang et al. 2017, eq. 2)."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C + k, H, W)."""
        return torch.cat((x, self.body(x)), 1)


def _normed(seen: int, channels: int, kernel: int) -> list[nn.Module]:
    """BN, ReLU, convolution: the composite function H of Huang et al. 2017, Sec. 3."""
    return [nn.BatchNorm2d(seen), nn.ReLU(), _convolution(seen, channels, kernel)]


def _convolution(seen: int, channels: int, kernel: int) -> nn.Module:
    return skip_init(nn.Conv2d, seen, channels, kernel, padding=kernel // 2, bias=False)
