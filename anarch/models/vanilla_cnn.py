"""VanillaCNN, the network of needle's main text (Sec. 4)."""

from torch import nn
from torch.nn.utils import skip_init

from anarch.models.stack import Row, at_least_one, convolutions


def vanilla_cnn(input_shape: tuple[int, int, int], classes: int, *, channels: int = 64) -> nn.Sequential:
    """Three convolutions and a linear head: (N, *input_shape) -> logits (N, classes).

    At (3, 32, 32), 10 classes and 64 channels: 143,178 parameters, maps 17 -> 8 -> 8 -> 3 -> 3 -> 1.

    Raises:
        ValueError: a number below 1, or an input too small for the three poolings.
    """
    at_least_one(classes=classes, channels=channels)
    layers, features = convolutions(
        input_shape,
        (
            #   channels  kernel stride padding pool
            Row(channels, 4, 2, 2, True),
            Row(channels, 5, 1, 2, True),
            Row(channels, 3, 1, 1, True),
        ),
    )
    return nn.Sequential(*layers, nn.Flatten(), skip_init(nn.Linear, features, classes))
