"""VGG for 32 x 32 images, with batch normalisation and one linear layer (bad_minima; blessing, Fig. 2)."""

import math

from torch import nn
from torch.nn.utils import skip_init

from anarch.models.stack import at_least_one, large_enough

# Simonyan and Zisserman 2015, table 1, columns A, B, D, E: 3 x 3 convolutions of each block
_CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_WIDTHS = (1, 2, 4, 8, 8)  # of each block, in multiples of ``channels``


def vgg(
    input_shape: tuple[int, int, int], classes: int, *, depth: int = 16, channels: int = 64
) -> nn.Sequential:
    """VGG of ``depth`` 11, 13, 16 or 19: (N, *input_shape) -> logits (N, classes).

    Five blocks of convolutions, each with bias, batch norm and ReLU, and MaxPool(2) after each block.
    ``channels`` is the width of the first block.  Parameters at (3, 32, 32), 10 classes and 64 channels:
    9,231,114, 9,416,010, 14,728,266, 20,040,522.

    Images of 16 to 31 pixels pass no pooling after block 4: block 5 then sees maps of 2 x 2, as it does at
    32 x 32.  On maps of 1 x 1 eight of the nine taps of its kernels would only ever see padding.

    Raises:
        ValueError: another depth, a number below 1, or an input below 16 x 16.
    """
    at_least_one(classes=classes, channels=channels)
    large_enough(input_shape, 16)
    if depth not in _CONVOLUTIONS:
        raise ValueError(f"depth of a VGG must be 11, 13, 16 or 19, got {depth}")
    layers: list[nn.Module] = []
    seen, *size = input_shape
    small = min(size) < 32
    for block, (count, multiple) in enumerate(zip(_CONVOLUTIONS[depth], _WIDTHS, strict=True), start=1):
        width = multiple * channels
        for _ in range(count):
            convolution = skip_init(nn.Conv2d, seen, width, 3, padding=1)
            layers += [convolution, nn.BatchNorm2d(width), nn.ReLU()]
            seen = width
        if not (small and block == 4):
            layers.append(nn.MaxPool2d(2))
            size = [s // 2 for s in size]
    return nn.Sequential(*layers, nn.Flatten(), skip_init(nn.Linear, seen * math.prod(size), classes))
