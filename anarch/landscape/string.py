"""A relaxed string (elastic band) between two networks: a path along low loss (needle, Sec. C)."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call

from anarch.contract import require_measurable
from anarch.landscape.interpolation import linear, require_known
from anarch.objective import Loss, example_losses
from anarch.onednn import guarded

Point = dict[str, Tensor]


def relax_string(
    model: nn.Module,
    ends: tuple[Mapping[str, Tensor], Mapping[str, Tensor]],
    x: Tensor,
    y: Tensor,
    *,
    points: int,
    epochs: int,
    lr: float,
    stiffness: float,
    batch_size: int,
    generator: torch.Generator,
    loss: Loss = "cross_entropy",
) -> list[Point]:
    """A string of ``points`` networks (both ``ends`` counted) that starts straight and sinks into valleys.

    For every batch of ``x`` (N, ...), ``y`` int64 (N,), and every inner point i in turn, first an SGD step on
    the mean cross entropy (or another ``loss``, see `gradient`), theta_i -= lr * grad, then the pull of the
    springs, theta_i += stiffness * (theta_{i-1} + theta_{i+1} - 2 theta_i), where theta_{i-1} has moved
    already.  All points see the same batches, one permutation drawn from ``generator`` an epoch.  The ends
    stay as they are.

    ``ends`` and the result: name -> tensor, for all that shall move; memory: ``points`` copies and one
    gradient.  Raises ValueError for a ``stiffness`` outside 0..1/2 (the bound of an explicit diffusion step:
    at 1/2 a point goes to the middle of its neighbours, beyond it overshoots), other impossible options, and
    as ``gradient`` does.
    """
    require_measurable(model, x, y, batch_size=batch_size, loss=loss)
    for end in ends:
        require_known(model, end)
    if not 0 <= stiffness <= 0.5:
        raise ValueError(f"stiffness must lie in 0..0.5, beyond which the springs overshoot, got {stiffness}")
    if points < 3 or epochs < 0 or not lr >= 0:
        raise ValueError(
            f"need points >= 3 (ends counted), epochs >= 0, lr >= 0; got {points}, {epochs}, {lr}"
        )
    first, last = ({name: t.detach().clone() for name, t in end.items()} for end in ends)
    inner = [linear(first, last, i / (points - 1)) for i in range(1, points - 1)]
    string = [first, *inner, last]
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator, device=generator.device).to(x.device)
        for rows in order.split(batch_size):
            images, labels = x[rows], y[rows]
            for (before, here), after in zip(pairwise(string), string[2:], strict=False):
                _descend(model, here, images, labels, lr, loss)
                _pull(here, before, after, stiffness)
    return string


def _descend(model: nn.Module, here: Point, images: Tensor, targets: Tensor, lr: float, loss: Loss) -> None:
    with torch.enable_grad(), guarded(model):
        leaves = {name: t.detach().requires_grad_() for name, t in here.items()}
        mean_loss = example_losses(loss, functional_call(model, leaves, (images,)), targets).mean()
    slopes = torch.autograd.grad(mean_loss, list(leaves.values()), materialize_grads=True)
    for t, slope in zip(here.values(), slopes, strict=True):
        t.sub_(slope, alpha=lr)


def _pull(here: Point, before: Point, after: Point, stiffness: float) -> None:
    if stiffness == 0:  # 0 * inf would let a diverged neighbour in
        return
    for name, t in here.items():
        t.mul_(1 - 2 * stiffness).add_(before[name], alpha=stiffness).add_(after[name], alpha=stiffness)
