"""Slope of the training loss: the gradient of the mean cross entropy and its norm (needle, Fig. 3 centre)."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from anarch.contract import require_measurable
from anarch.objective import Loss, example_losses
from anarch.onednn import guarded

AT_ONCE = 1000  # examples of one pass; bounds memory only
CHUNK = 2**20  # entries widened to float64 at a time: 8 MiB, where a whole vector would be twice the network


def gradient(
    model: nn.Module, x: Tensor, y: Tensor, *, loss: Loss = "cross_entropy", batch_size: int = AT_ONCE
) -> dict[str, Tensor]:
    """Gradient of the mean ``loss`` over all of ``x`` (N, ...), ``y``: name -> tensor of a parameter's shape.

    Over the parameters with ``requires_grad``, in the order of ``model.named_parameters()``; ``p.grad`` is
    not touched.

    Args:
        model: inputs -> logits (N, C), or (N, 1) or (N,), the logit of class 1 against class 0; in a mode in
            which the loss depends on the parameters alone (usually ``model.eval()``).
        x: inputs (N, ...) in the model's dtype and on its device, finite.
        y: labels int64 (N,) in 0..C-1; for another loss the targets (N, ...) that it takes.
        loss: "cross_entropy" (nats), "squared_error" (the mean over an example's outputs, so that the mean
            over ``x`` is that of ``nn.MSELoss``), or a function: outputs, targets -> losses (n,).
        batch_size: examples; bounds memory only.

    Raises:
        ValueError: one of these does not hold (see `anarch.contract`), or no parameter has ``requires_grad``.
    """
    require_measurable(model, x, y, batch_size=batch_size, loss=loss)
    parameters = trainable(model)
    total = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    for images, labels in batches(x, y, batch_size):
        with torch.enable_grad(), guarded(model):
            mean_loss = example_losses(loss, model(images), labels).sum() / len(x)
        parts = torch.autograd.grad(mean_loss, list(parameters.values()), materialize_grads=True)
        # Added into buffers of our own: autograd may hand out one tensor as the gradient of two parameters.
        for mean, part in zip(total.values(), parts, strict=True):
            mean.add_(part)
        del part, parts  # a whole gradient, which would live on beside the next batch's
    return total


def gradient_norm(
    model: nn.Module, x: Tensor, y: Tensor, *, loss: Loss = "cross_entropy", batch_size: int = AT_ONCE
) -> float:
    """L2 norm of the gradient of the mean cross entropy over ``x``, ``y``: needle, Sec. 4.2.

    By the parameters with ``requires_grad``, in nats per unit of them, summed in float64.  Of another loss
    where one is given.

    Args:
        model: inputs -> logits (N, C), or (N, 1) or (N,), the logit of class 1 against class 0; usually after
            ``model.eval()``.
        x: inputs (N, ...) in the model's dtype and on its device, finite.
        y: labels int64 (N,) in 0..C-1; for another loss the targets (N, ...) that it takes.
        loss: "cross_entropy", "squared_error" or a function: outputs, targets -> losses (n,).
        batch_size: examples; bounds memory only.

    Raises:
        ValueError: as `gradient`.
    """
    slopes = gradient(model, x, y, loss=loss, batch_size=batch_size)
    return norm(slopes.values())


def inner(a: Iterable[Tensor], b: Iterable[Tensor]) -> float:
    """Inner product of two vectors, each a sequence of tensors of equal shapes, in float64."""
    total = torch.zeros((), dtype=torch.float64)
    for left, right in zip(a, b, strict=True):
        total = total.to(left.device)
        for u, v in zip(left.reshape(-1).split(CHUNK), right.reshape(-1).split(CHUNK), strict=True):
            total += torch.dot(u.double(), v.double())
    return total.item()


def norm(a: Iterable[Tensor]) -> float:
    """L2 norm of a vector that is a sequence of tensors, in float64."""
    tensors = list(a)
    return inner(tensors, tensors) ** 0.5


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters of ``model`` with ``requires_grad``, each once; ValueError if there is none."""
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not parameters:
        raise ValueError(
            f"{type(model).__name__} has no parameter with requires_grad: nothing to differentiate by"
        )
    return parameters


def batches(x: Tensor, y: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """``x`` and ``y`` in their own order, the last batch short if ``batch_size`` does not divide N."""
    return zip(x.split(batch_size), y.split(batch_size), strict=True)
