"""S-CONV, the shallow all-convolutional network of scratch (Sec. 2.1, Tab. 4)."""

from torch import nn

from anarch.models.all_convolutional import Row, all_convolutional
from anarch.models.stack import at_least_one


def s_conv(
    input_shape: tuple[int, int, int],
    classes: int,
    *,
    alpha: int = 150,
    norm: str = "channel",
    dropout: float = 0.0,
) -> nn.Sequential:
    """One convolution and two linear layers: (N, *input_shape) -> logits (N, classes).

    S-LOCAL and S-FC are this network lifted.  Weights at (3, 32, 32), 10 classes and alpha = 150: 138,312,450
    (S-CONV), 146,356,200 (S-LOCAL; 147,607,200 with taps that only meet padding, as the paper counts) and
    256,240,800 (S-FC); `anarch.workflow.scratch_counts` has the formulas.

    Args:
        alpha: base channels, those of the convolution.
        norm: "channel" pools the statistics of batch norm over positions, as usual for shared weights;
            "unit" gives each unit its own, as usual in a fully connected network.
        dropout: share of features dropped before each of the two linear layers.

    Raises:
        ValueError: a number below 1, or an unknown ``norm``.
    """
    at_least_one(classes=classes, alpha=alpha)
    rows = (Row(alpha, 9, 2),)
    return all_convolutional(input_shape, classes, rows, hidden=24 * alpha, norm=norm, dropout=dropout)
