"""What every measure asks of a model, inputs and targets, checked before anything is measured.

A measure takes ``model``, ``x`` (N, ...) and ``y``.  With the cross entropy ``y`` is int64 (N,) and the model
returns one tensor of logits: (N, C) of C classes, or (N, 1) or (N,), the logit of class 1 against class 0.
"""

import torch
from torch import Tensor, nn

from anarch.determinism import repeatable_outputs, require_deterministic
from anarch.objective import Loss, example_losses, is_one_logit
from anarch.tensors import require_finite, require_tensor

FEW = 4  # examples that the model is tried on


def require_measurable(
    model: nn.Module, x: Tensor, y: Tensor, *, batch_size: int = 1, loss: Loss = "cross_entropy"
) -> None:
    """ValueError, in one line, unless ``loss`` over ``x``, ``y`` is a function of the ``model``'s parameters.

    Looked at are ``x`` and ``y`` (all of them), the modules of the model, and its outputs for the first few.
    """
    require_examples(x, y, batch_size=batch_size, loss=loss)
    require_deterministic(model)
    require_outputs(tried(model, x), y, loss=loss)


def require_examples(x: Tensor, y: Tensor, *, batch_size: int = 1, loss: Loss = "cross_entropy") -> None:
    """ValueError unless ``x`` is finite, ``y`` fits it and ``loss``, and ``batch_size`` is positive."""
    require_tensor("x", x)
    require_tensor("y", y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or len(x) == 0:
        images, labels = (len(t) if t.ndim else "no axis of" for t in (x, y))
        raise ValueError(
            f"x and y must have one equal, non-zero length, got {images} images and {labels} labels"
        )
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
    require_finite("x", x)
    if loss == "cross_entropy":
        if y.dtype != torch.int64 or y.ndim != 1:
            raise ValueError(
                f"labels y must be int64 ({len(x)},), got {_dtype(y)} {tuple(y.shape)}; "
                "for other targets give loss='squared_error' or a function"
            )
        if y.min() < 0:
            raise ValueError(f"labels y must be 0 or more, got {y.min()}; leave such examples out")
    else:
        require_finite("y", y)


def require_outputs(outputs: object, y: Tensor, *, loss: Loss = "cross_entropy") -> None:
    """ValueError unless a model's ``outputs`` for the first of ``y`` are what ``loss`` can take."""
    outputs, targets = one_tensor(outputs), y[:FEW]
    if not outputs.ndim or len(outputs) != len(targets):
        raise ValueError(
            f"the model must return a row for each example, got {_shape(outputs)} for {len(targets)} of them"
        )
    if loss == "cross_entropy":
        _require_logits(outputs, y)
    elif loss == "squared_error":
        if outputs.shape[1:] != y.shape[1:] or not y.is_floating_point():
            raise ValueError(
                "loss='squared_error' takes floating targets of the outputs' shape, "
                f"(N{_rest(outputs)}), got {_dtype(y)} (N{_rest(y)})"
            )
    else:
        losses = example_losses(loss, outputs, targets)
        if not isinstance(losses, Tensor) or losses.shape != outputs.shape[:1]:
            got = _shape(losses) if isinstance(losses, Tensor) else type(losses).__name__
            raise ValueError(
                f"loss must return one number for each example, ({len(targets)},) here, got {got}; "
                "of a loss of PyTorch ask for reduction='none' and average over what is not the example"
            )


def tried(model: nn.Module, x: Tensor) -> object:
    """What ``model`` returns for the first few of ``x``; ValueError if it cannot take them or is random."""
    return repeatable_outputs(model, x[:FEW])


def one_tensor(outputs: object) -> Tensor:
    """``outputs`` of a model; ValueError unless they are one tensor."""
    if isinstance(outputs, Tensor):
        return outputs
    raise ValueError(
        f"the model must return one tensor (N, C), got {type(outputs).__name__}; wrap it to return the logits"
    )


def _require_logits(outputs: Tensor, y: Tensor) -> None:
    if not outputs.is_floating_point() or outputs.ndim > 2 or not outputs.numel():
        raise ValueError(
            f"the model must return one tensor (N, C) of logits, got {_dtype(outputs)} {_shape(outputs)}"
        )
    classes = 2 if is_one_logit(outputs) else outputs.shape[1]
    if y.max() >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1} for these logits, got {y.min()}..{y.max()}")


def _dtype(t: Tensor) -> str:
    return str(t.dtype).removeprefix("torch.")


def _shape(t: Tensor) -> str:
    return str(tuple(t.shape))


def _rest(t: Tensor) -> str:
    """The shape of one example, as it continues (N"""
    return "".join(f", {size}" for size in t.shape[1:])
