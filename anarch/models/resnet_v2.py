"""Pre-activation ResNet for small images: the network of blessing's SVHN experiments (Secs. 4, 5)."""

from torch import nn
from torch.nn.utils import skip_init

from anarch.models.stack import Sum, at_least_one, large_enough


def resnet_v2(
    input_shape: tuple[int, int, int], classes: int, *, depth: int = 20, channels: int = 16
) -> nn.Sequential:
    """ResNet-v2 of ``depth`` 6 n + 2: (N, *input_shape) -> logits (N, classes).

    Three stages of n units BN, leaky ReLU 0.1, convolution, twice over; ``channels`` wide, then twice and
    four times.  Where a map is halved the shortcut is averaged 2 x 2 and padded with zero channels, so that
    it has no parameter; in the first unit of all it starts behind the activation.  Parameters at (3, 32, 32),
    10 classes, depth 20 and 16 channels: 269,722, the number that the paper gives for its "ResNet-18".

    Raises:
        ValueError: a depth that is not 6 n + 2, a number below 1, or an input below 4 x 4.
    """
    at_least_one(classes=classes, channels=channels)
    large_enough(input_shape, 4)
    units = (depth - 2) // 6
    if units < 1 or depth != 6 * units + 2:
        raise ValueError(f"depth of a ResNet-v2 must be 6 n + 2 with n of 1 or more, got {depth}")
    layers: list[nn.Module] = [_convolution(input_shape[0], channels)]
    seen = channels
    for width in (channels, 2 * channels, 4 * channels):
        for _ in range(units):
            stride = 2 if width > seen else 1
            body = [_convolution(seen, width, stride), *_activation(width), _convolution(width, width)]
            shortcut: nn.Module = nn.Identity()
            if stride == 2:
                before = (width - seen) // 2
                zeros = nn.ZeroPad3d((0, 0, 0, 0, before, width - seen - before))
                # ceil_mode: an odd map becomes as large as the strided convolution makes it
                shortcut = nn.Sequential(nn.AvgPool2d(2, ceil_mode=True), zeros)
            if len(layers) == 1:
                layers += [*_activation(seen), Sum(nn.Sequential(*body), shortcut)]
            else:
                layers.append(Sum(nn.Sequential(*_activation(seen), *body), shortcut))
            seen = width
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), skip_init(nn.Linear, seen, classes))
    return nn.Sequential(*layers, *_activation(seen), *head)


def _convolution(seen: int, channels: int, stride: int = 1) -> nn.Module:
    return skip_init(nn.Conv2d, seen, channels, 3, stride, padding=1, bias=False)


def _activation(channels: int) -> list[nn.Module]:
    """The authors keep 0.9 of the running statistics at each step, which PyTorch calls momentum 0.1."""
    return [nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1), nn.LeakyReLU(0.1)]
