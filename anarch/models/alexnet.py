"""AlexNet for 32 x 32 images, the network of needle's supplement (Sec. B)."""

from torch import nn
from torch.nn.utils import skip_init

from anarch.models.stack import Row, at_least_one, convolutions


def alexnet(
    input_shape: tuple[int, int, int], classes: int, *, channels: int = 64, dropout: float = 0.5
) -> nn.Sequential:
    """Five convolutions and three linear layers with dropout: (N, *input_shape) -> logits (N, classes).

    Widths are multiples of ``channels``, those of the first convolution.  At (3, 32, 32), 10 classes and 64
    channels: 2,848,906 parameters, maps 17 -> 8 -> 8 -> 3 -> 3 -> 3 -> 3 -> 1.  ``dropout`` is the share of
    features dropped before the first two linear layers.

    Raises:
        ValueError: a number below 1, or an input too small for the three poolings.
    """
    at_least_one(classes=classes, channels=channels)
    layers, features = convolutions(
        input_shape,
        (
            #   channels      kernel stride padding pool
            Row(channels, 4, 2, 2, True),
            Row(3 * channels, 5, 1, 2, True),
            Row(6 * channels, 3, 1, 1, False),
            Row(4 * channels, 3, 1, 1, False),
            Row(4 * channels, 3, 1, 1, True),
        ),
    )
    hidden = 8 * channels
    head = (
        nn.Flatten(),
        nn.Dropout(dropout),
        skip_init(nn.Linear, features, hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        skip_init(nn.Linear, hidden, hidden),
        nn.ReLU(),
        skip_init(nn.Linear, hidden, classes),
    )
    return nn.Sequential(*layers, *head)
