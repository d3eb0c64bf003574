"""D-CONV, the deep all-convolutional network of scratch (Sec. 2.1, Tab. 3)."""

from torch import nn

from anarch.models.all_convolutional import Row, all_convolutional
from anarch.models.stack import at_least_one


def d_conv(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    alpha: int = 15,
    norm: str = "channel",
    dropout: float = 0.0,
) -> nn.Sequential:
    """Eight convolutions and two linear layers: (N, *input_shape) -> logits (N, classes).

    D-LOCAL and D-FC are this network lifted.  Weights at (3, 32, 32), 10 classes and alpha = 15: 1,445,955
    (D-CONV), 9,953,070 (D-LOCAL; 11,713,920 with taps that only meet padding, the paper prints 3.42 M) and
    282,203,520 (D-FC); `anarch.workflow.scratch_counts` has the formulas.  Arguments, errors: see `s_conv`.
    """
    at_least_one(classes=classes, alpha=alpha)
    rows = (
        #   channels  kernel stride
        Row(alpha, 3, 1),
        Row(2 * alpha, 3, 2),
        Row(2 * alpha, 3, 1),
        Row(4 * alpha, 3, 2),
        Row(4 * alpha, 3, 1),
        Row(8 * alpha, 3, 2),
        Row(8 * alpha, 3, 1),
        Row(16 * alpha, 3, 2),
    )
    return all_convolutional(input_shape, classes, rows, hidden=64 * alpha, norm=norm, dropout=dropout)
