"""The losses that the landscape is measured of: one number for each example, from outputs and targets."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

# "cross_entropy" (nats) of logits (n, C), or (n, 1) or (n,) for two classes, and labels int64 (n,);
# "squared_error", the mean over an example's outputs, of outputs and targets of one shape (n, ...);
# or a function: outputs (n, ...), targets (n, ...) -> losses (n,).
Loss = Literal["cross_entropy", "squared_error"] | Callable[[Tensor, Tensor], Tensor]


def example_losses(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """The ``loss`` of each example, (n,)."""
    if loss == "cross_entropy":
        if is_one_logit(outputs):
            # By softplus: the softmax of (0, z) would round the loss of a sure network to 0.
            flat = outputs.reshape(-1)
            return F.binary_cross_entropy_with_logits(flat, targets.to(flat), reduction="none")
        return F.cross_entropy(outputs, targets, reduction="none")
    if loss == "squared_error":
        return (outputs - targets).square().reshape(len(outputs), -1).mean(1)
    if isinstance(loss, str):
        raise ValueError(f"loss must be 'cross_entropy', 'squared_error' or a function, got {loss!r}")
    return loss(outputs, targets)


def log_odds(logits: Tensor, labels: Tensor) -> Tensor:
    """d = log(p_y / (1 - p_y)) (..., N): logit of the label less the logsumexp of all others.

    One logit: z for label 1, -z for label 0.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    if logits.ndim < 2 or logits.shape[:-1] != labels.shape:
        raise ValueError(
            f"logits must be (..., N, C) and labels (..., N), got {tuple(logits.shape)} and "
            f"{tuple(labels.shape)}; give one logit a dimension of its own: (N, 1)"
        )
    if logits.shape[-1] == 1:
        return (2 * labels - 1) * logits.squeeze(-1)
    column = labels.unsqueeze(-1)
    others = logits.scatter(-1, column, -float("inf")).logsumexp(-1)
    return logits.gather(-1, column).squeeze(-1) - others


def hits(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """Whether each example is classified right, float64 (n,); NaN for a loss that knows no classes."""
    if loss != "cross_entropy":
        return torch.full((len(outputs),), torch.nan, dtype=torch.float64, device=outputs.device)
    return (class_logits(outputs).argmax(1) == targets).double()


def class_logits(outputs: Tensor) -> Tensor:
    """(n, C): outputs (n, C) as they are; one logit z, (n, 1) or (n,), is that of class 1 against class 0."""
    if not is_one_logit(outputs):
        return outputs
    flat = outputs.reshape(-1)
    return torch.stack((torch.zeros_like(flat), flat), 1)


def is_one_logit(outputs: Tensor) -> bool:
    """Whether ``outputs`` are (n, 1) or (n,)."""
    return outputs.ndim == 1 or (outputs.ndim == 2 and outputs.shape[1] == 1)
