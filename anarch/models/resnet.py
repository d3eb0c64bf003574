"""ResNet for small images: 3 x 3 stem without pooling (bad_minima; scratch, App. A.1)."""

from torch import nn
from torch.nn.utils import skip_init

from anarch.models.stack import Sum, at_least_one, large_enough

_BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}  # of each stage (He et al. 2016, table 1)
_BOTTLENECK = {50}  # depths whose blocks are 1 x 1, 3 x 3, 1 x 1, the last four times as wide


def resnet(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    depth: int = 18,
    channels: int = 64,
    kernel: int = 3,
    dropout: float = 0.0,
) -> nn.Sequential:
    """ResNet of ``depth`` 18, 34 or 50: (N, *input_shape) -> logits (N, classes).

    ``channels`` is the width of the first stage; each of the three later ones doubles it and halves the map.
    ``kernel`` (odd) takes the place of every 3, the stem's too (scratch, Sec. 4.2).  Convolutions carry no
    bias and batch norm follows each.  ``dropout`` is the share of features dropped before the linear layer.
    Parameters at (3, 32, 32), 10 classes, 64 channels and kernel 3:
    11,173,962, 21,282,122, 23,520,842.

    Raises:
        ValueError: another depth, an even kernel, a number below 1, or an input below 8 x 8.
    """
    at_least_one(classes=classes, channels=channels, kernel=kernel)
    large_enough(input_shape, 8)
    if depth not in _BLOCKS:
        raise ValueError(f"depth of a ResNet must be 18, 34 or 50, got {depth}")
    if kernel % 2 == 0:
        raise ValueError(f"kernel must be odd, got {kernel}: an even one would shift the maps")
    bottleneck = depth in _BOTTLENECK
    layers = [*_convolution(input_shape[0], channels, kernel), nn.ReLU()]
    seen = channels
    for stage, blocks in enumerate(_BLOCKS[depth]):
        width = channels * 2**stage
        out = 4 * width if bottleneck else width
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            body = (_bottleneck if bottleneck else _basic)(seen, width, kernel, stride)
            same = seen == out and stride == 1
            shortcut = nn.Identity() if same else nn.Sequential(*_convolution(seen, out, 1, stride))
            layers += [Sum(nn.Sequential(*body), shortcut), nn.ReLU()]
            seen = out
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), *([nn.Dropout(dropout)] if dropout else [])]
    return nn.Sequential(*layers, skip_init(nn.Linear, seen, classes))


def _basic(seen: int, width: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        *_convolution(seen, width, kernel, stride),
        nn.ReLU(),
        *_convolution(width, width, kernel),
    ]


def _bottleneck(seen: int, width: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        *_convolution(seen, width, 1),
        nn.ReLU(),
        *_convolution(width, width, kernel, stride),
        nn.ReLU(),
        *_convolution(width, 4 * width, 1),
    ]


def _convolution(seen: int, channels: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution that keeps the size of the map, but for its stride, and its batch norm."""
    padding = kernel // 2
    return [
        skip_init(nn.Conv2d, seen, channels, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(channels),
    ]
