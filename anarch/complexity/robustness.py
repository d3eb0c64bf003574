"""How near the images are to the decision boundary: FGSM accuracy and margins (bad_minima, Sec. 3.7)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from anarch.contract import require_examples, require_measurable
from anarch.modes import evaluation_mode
from anarch.objective import class_logits


def fgsm_accuracy(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    epsilon: float,
    mean: Sequence[float] | Tensor,
    std: Sequence[float] | Tensor,
    *,
    batch_size: int = 500,
) -> float:
    """Accuracy (0 to 1) under the fast gradient sign attack on the cross entropy: bad_minima, Fig. 6.

    pixel' = clip(pixel + epsilon * sign(d loss / d pixel), 0, 1), with ``model`` in evaluation mode; it is
    left as it was, without gradients.

    Args:
        model: inputs -> logits (N, C), or (N, 1) or (N,), the logit of class 1 against class 0.
        x: its normalised inputs (N, C, H, W): pixel = x * std + mean lies in 0..1.
        y: labels int64 (N,) in 0..C-1.
        epsilon: strength in units of the pixel range: 8 / 255, not 8.  At 0 the images are left alone.
        mean, std: pixel statistics (C,) that ``x`` was normalised by, on the scale 0..1.
        batch_size: images; bounds memory only.

    Raises:
        ValueError: epsilon, std or a pixel is out of its range; x, y and the model do not fit together (see
            `anarch.contract`).
    """
    require_examples(x, y, batch_size=batch_size)
    if x.ndim != 4:
        raise ValueError(f"x must be images (N, C, H, W), got {tuple(x.shape)}")
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon must be between 0 and 1, the pixel range, got {epsilon}")
    centre, scale = (torch.as_tensor(s, dtype=x.dtype, device=x.device).view(-1, 1, 1) for s in (mean, std))
    if not len(centre) == len(scale) == x.shape[1]:
        raise ValueError(
            f"mean and std must have a number per channel, {x.shape[1]}, got {len(centre)} and {len(scale)}"
        )
    if not bool((scale > 0).all()):
        raise ValueError(f"std must be positive, got {scale.flatten().tolist()}")
    _require_pixels(x, centre, scale)
    hits = torch.zeros((), dtype=torch.int64, device=x.device)
    with evaluation_mode(model):
        require_measurable(model, x, y)
        for images, labels in zip(x.split(batch_size), y.split(batch_size), strict=True):
            attacked = images
            if epsilon > 0:
                _, slope = _value_and_slope(_excess, model, images, labels)
                # The slope by pixels is this one divided by std, which is positive: the same signs.
                pixels = (images * scale + centre + epsilon * slope.sign()).clamp(0, 1)
                attacked = (pixels - centre) / scale
            with torch.no_grad():
                hits += (class_logits(model(attacked)).argmax(1) == labels).sum()
    return hits.item() / len(x)


@torch.no_grad()
def margins(model: nn.Module, x: Tensor, y: Tensor, *, batch_size: int = 500) -> Tensor:
    """Output margin (N,) of ``x`` (N, ...): logit of ``y`` less the largest other, in evaluation mode.

    Raises:
        ValueError: x, y and the model do not fit together (see `anarch.contract`).
    """
    with evaluation_mode(model):
        require_measurable(model, x, y, batch_size=batch_size)
        parts = zip(x.split(batch_size), y.split(batch_size), strict=True)
        return torch.cat([_margin(class_logits(model(images)), labels) for images, labels in parts])


def input_margins(model: nn.Module, x: Tensor, y: Tensor, *, batch_size: int = 500) -> Tensor:
    """First-order distance (N,) of ``x`` (N, ...) to the boundary: margin / ||d margin / d x||_2.

    In units of ``x``, negative where the label ``y`` loses; infinite where the margin has no slope.

    Raises:
        ValueError: x, y and the model do not fit together (see `anarch.contract`).
    """
    distances = []
    with evaluation_mode(model):
        require_measurable(model, x, y, batch_size=batch_size)
        for images, labels in zip(x.split(batch_size), y.split(batch_size), strict=True):
            margin, slope = _value_and_slope(_margin, model, images, labels)
            distances.append(margin / slope.flatten(1).norm(dim=1))
    return torch.cat(distances)


def _margin(logits: Tensor, labels: Tensor) -> Tensor:
    return _own(logits, labels) - _others(logits, labels).amax(1)


def _excess(logits: Tensor, labels: Tensor) -> Tensor:
    """e = logsumexp of the other logits - own logit; the cross entropy is log(1 + exp(e)).

    So both have slopes of equal signs, but the cross entropy's is rounded away where a network is sure.
    """
    return _others(logits, labels).logsumexp(1) - _own(logits, labels)


def _own(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.gather(1, labels[:, None]).squeeze(1)


def _others(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.scatter(1, labels[:, None], -torch.inf)


def _value_and_slope(
    measure: Callable[[Tensor, Tensor], Tensor], model: nn.Module, images: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """``measure`` of the logits of each image (n,), and its gradient by that image (n, ...)."""
    inputs = images.detach().requires_grad_()
    with torch.enable_grad():
        values = measure(class_logits(model(inputs)), labels)
        (slope,) = torch.autograd.grad(values.sum(), inputs)
    return values.detach(), slope


def _require_pixels(x: Tensor, centre: Tensor, scale: Tensor) -> None:
    """ValueError unless every pixel is in 0..1; half a grey level is left for rounding."""
    low, high = (x.amin((0, 2, 3)), x.amax((0, 2, 3)))
    least, most = ((end * scale.flatten() + centre.flatten()) for end in (low, high))
    if least.min() < -0.5 / 255 or most.max() > 1 + 0.5 / 255:
        raise ValueError(
            "pixels x * std + mean must lie in 0..1, the range of epsilon, "
            f"got {least.min():.4g}..{most.max():.4g}: x must be normalised by this mean and std"
        )
