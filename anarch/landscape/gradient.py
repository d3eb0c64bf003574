"""Slope of the training loss: the gradient of the mean cross entropy and its norm (needle, Fig. 3 centre)."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.instancenorm import _InstanceNorm

from anarch.onednn import guarded

CHUNK = 2**20  # entries widened to float64 at a time: 8 MiB, where a whole vector would be twice the network


def gradient(model: nn.Module, x: Tensor, y: Tensor, *, batch_size: int = 1000) -> dict[str, Tensor]:
    """Gradient of the mean cross entropy over all of ``x`` (N, ...), ``y`` int64 (N,): name -> tensor.

    Over the parameters with ``requires_grad``, in the order of ``model.named_parameters()``; ``p.grad`` is
    not touched.  ``batch_size`` (images) bounds memory only.  Raises ValueError as ``require_deterministic``
    does.
    """
    require_deterministic(model)
    require_data(x, y, batch_size)
    parameters = trainable(model)
    total = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    for images, labels in batches(x, y, batch_size):
        with torch.enable_grad(), guarded(model):
            loss = F.cross_entropy(model(images), labels, reduction="sum") / len(x)
        parts = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
        # Added into buffers of our own: autograd may hand out one tensor as the gradient of two parameters.
        for mean, part in zip(total.values(), parts, strict=True):
            mean.add_(part)
        del part, parts  # a whole gradient, which would live on beside the next batch's
    return total


def gradient_norm(model: nn.Module, x: Tensor, y: Tensor, *, batch_size: int = 1000) -> float:
    """L2 norm of ``gradient``, in nats per parameter unit, summed in float64 (needle, Sec. 4.2)."""
    slopes = gradient(model, x, y, batch_size=batch_size)
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


def require_data(x: Tensor, y: Tensor, batch_size: int) -> None:
    """ValueError unless there are as many labels as images, at least one, and a positive ``batch_size``."""
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(
            f"x and y must have one equal, non-zero length, got {len(x)} images and {len(y)} labels"
        )
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, got {batch_size}")


def require_deterministic(model: nn.Module) -> None:
    """ValueError if the loss would be drawn at random, depend on the batches, or change the model's buffers.

    Judged by the modules of torch.nn that do so; randomness inside a ``forward`` of one's own is not seen.
    """
    for name, module in model.named_modules():
        fault = _fault(module)
        if fault:
            where = f"{name!r} ({type(module).__name__})" if name else type(module).__name__
            raise ValueError(f"the loss is no function of the parameters alone: module {where} {fault}")


def _fault(module: nn.Module) -> str:
    """What makes the output of ``module`` unfit to be measured, with the cure; empty if nothing does."""
    cure = "in training mode; call model.eval() first"
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return "normalises by the batch in every mode; build it with track_running_stats=True"
    if not module.training:
        return ""
    if isinstance(module, _BatchNorm):
        return f"normalises by the batch {cure}"
    if isinstance(module, _InstanceNorm) and module.track_running_stats:
        return f"changes its running statistics {cure}"
    if isinstance(module, _DropoutNd) and module.p > 0:
        return f"drops units at random {cure}"
    if isinstance(module, nn.RNNBase | nn.MultiheadAttention) and module.dropout > 0:
        return f"drops units at random {cure}"
    if isinstance(module, nn.RReLU):
        return f"draws its slopes at random {cure}"
    return ""
