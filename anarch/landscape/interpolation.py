"""Straight, norm-preserving and output-space paths between two networks (needle, Sec. C)."""

import math
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from anarch.contract import require_measurable
from anarch.landscape.gradient import AT_ONCE, batches, norm
from anarch.objective import Loss, class_logits, example_losses, hits


class Score(NamedTuple):
    """Mean loss (cross entropy in nats) and accuracy (0 to 1; NaN with another loss) over a set of images."""

    loss: float
    accuracy: float


def linear(a: Mapping[str, Tensor], b: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """(1 - alpha) a + alpha b for each parameter; a and b themselves, to the bit, at alpha = 0 and 1.

    ``a``, ``b``: name -> floating tensor, of equal names and shapes (ValueError); ``alpha`` may leave 0..1.
    """
    require_alike(a, b)
    return {name: torch.lerp(a[name].detach(), b[name].detach(), alpha) for name in a}


def norm_preserving(a: Mapping[str, Tensor], b: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """The point of ``linear``, each tensor rescaled to the norm (1 - alpha) |a| + alpha |b|.

    A straight path between unaligned networks passes points of smaller norm, and so of smaller outputs; this
    one does not.  ``alpha`` in 0..1.  Where the linear point of a tensor is zero it has no direction, and
    stays zero.
    """
    _require_fraction(alpha)
    point = linear(a, b, alpha)
    for name, tensor in point.items():
        length = norm([tensor])
        if length > 0:
            tensor.mul_(((1 - alpha) * norm([a[name].detach()]) + alpha * norm([b[name].detach()])) / length)
    return point


def evaluate(
    model: nn.Module,
    parameters: Mapping[str, Tensor],
    x: Tensor,
    y: Tensor,
    batch_size: int = AT_ONCE,
    *,
    loss: Loss = "cross_entropy",
) -> Score:
    """Loss and accuracy over ``x`` (N, ...), ``y`` of ``model`` with ``parameters`` for its own.

    Names that ``parameters`` leaves out keep the model's values; the model is not changed.  ``y``, ``loss``:
    as in `gradient`.  Raises ValueError for names that it lacks, and as ``gradient`` does.
    """
    require_known(model, parameters)
    require_measurable(model, x, y, batch_size=batch_size, loss=loss)
    given = dict(parameters)

    def measured(images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        outputs = functional_call(model, given, (images,))
        return example_losses(loss, outputs, targets), hits(loss, outputs, targets)

    return _score(measured, x, y, batch_size)


def evaluate_output_mixture(
    model_a: nn.Module,
    model_b: nn.Module,
    alpha: float,
    x: Tensor,
    y: Tensor,
    batch_size: int = AT_ONCE,
    *,
    of: Literal["logits", "probabilities"] = "logits",
    loss: Loss = "cross_entropy",
) -> Score:
    """Loss and accuracy of two networks mixed in output space, over ``x`` (N, ...), ``y``.

    ``of="logits"``: the network (1 - alpha) f_a + alpha f_b, the mean of what the paper calls f, whatever the
    ``loss``.  ``of="probabilities"``: (1 - alpha) softmax f_a + alpha softmax f_b, the ensemble, by the cross
    entropy.  ``alpha`` in 0..1.  ``y``, ``loss``: as in `gradient`.

    Raises:
        ValueError: as `gradient`; ``alpha`` outside 0..1; probabilities with another loss; outputs of two
            shapes.
    """
    if of not in ("logits", "probabilities"):
        raise ValueError(f"of must be 'logits' or 'probabilities', got {of!r}")
    if of == "probabilities" and loss != "cross_entropy":
        raise ValueError(
            f"of='probabilities' mixes classes and takes loss='cross_entropy' only, got {loss!r}"
        )
    _require_fraction(alpha)
    for model in (model_a, model_b):
        require_measurable(model, x, y, batch_size=batch_size, loss=loss)

    def measured(images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        outputs = [model(images) for model in (model_a, model_b)]
        if loss == "cross_entropy":
            outputs = [class_logits(one) for one in outputs]
        a, b = outputs
        if a.shape != b.shape:
            raise ValueError(
                f"both models must return outputs of one shape, got {(*a.shape,)}, {(*b.shape,)}"
            )
        if of == "logits":
            mixed = torch.lerp(a, b, alpha)
            return example_losses(loss, mixed, targets), hits(loss, mixed, targets)
        mixed = _log_of_mixed(a, b, alpha)
        return F.nll_loss(mixed, targets, reduction="none"), hits(loss, mixed, targets)

    return _score(measured, x, y, batch_size)


def require_alike(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> None:
    """ValueError unless ``a`` and ``b`` hold floating tensors of the same names and shapes."""
    wrong = [
        name
        for name in sorted(a.keys() | b.keys())
        if name not in a or name not in b or a[name].shape != b[name].shape or not a[name].is_floating_point()
    ]
    if wrong:
        raise ValueError(
            f"the two points must hold floating tensors of equal names and shapes; not so: {wrong}"
        )


def require_known(model: nn.Module, parameters: Mapping[str, Tensor]) -> None:
    """ValueError if ``parameters`` names a tensor that ``model`` lacks or that has another shape there."""
    own = dict(
        [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    )
    wrong = [name for name, t in parameters.items() if name not in own or own[name].shape != t.shape]
    if wrong:
        raise ValueError(f"{type(model).__name__} has no parameter of that name and shape: {wrong}")


def _log_of_mixed(a: Tensor, b: Tensor, alpha: float) -> Tensor:
    """log((1 - alpha) softmax a + alpha softmax b), (n, C), of logits ``a``, ``b``."""
    log_a, log_b = (math.log(share) if share > 0 else -math.inf for share in (1 - alpha, alpha))
    return torch.logaddexp(F.log_softmax(a, 1) + log_a, F.log_softmax(b, 1) + log_b)


def _require_fraction(alpha: float) -> None:
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in 0..1, got {alpha}; only linear() goes beyond the ends")


@torch.no_grad()
def _score(
    measured: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], x: Tensor, y: Tensor, batch_size: int
) -> Score:
    """Means of what ``measured`` (losses and hits, (n,) each) finds in the batches."""
    total = torch.zeros(2, dtype=torch.float64, device=x.device)
    for images, targets in batches(x, y, batch_size):
        total += torch.stack([part.sum(dtype=torch.float64) for part in measured(images, targets)])
    return Score(*(total / len(x)).tolist())
