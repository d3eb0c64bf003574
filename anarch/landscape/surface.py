"""Slices of loss and accuracy through a network, many of its neighbours at once (blessing, Figs. 3, 4, 7).

Batch normalisation: running statistics as they are stored, in evaluation mode, unless ``statistics`` says
"recomputed"; then every point has statistics of its own, gathered from the same images.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.modules.batchnorm import _BatchNorm

from anarch.contract import require_measurable
from anarch.foreign import retold
from anarch.landscape.directions import (
    Normalisation,
    Point,
    dimension,
    moving_parameters,
    moving_units,
    orthogonalised,
    random_directions,
)
from anarch.objective import Loss, example_losses, hits

Statistics = Literal["running", "recomputed"]

# Input values that all networks together see in one pass.  On a CPU more would leave the cache: ResNets of
# 16 channels then take up to three times as long an image.
NETWORKS_AT_ONCE, PARAMETERS_AT_ONCE = 128, 2**20  # of networks that are evaluated together on a CPU
VALUES_AT_ONCE = {"cpu": 2**18}


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What names a slice: plain values, to be stored beside its points.  Axes are directions 0, 1 of seed."""

    seed: int
    axes: int = 2  # 1: a line, 2: a plane
    normalisation: Normalisation = "filter"
    biases: bool = False  # whether biases and norms move too
    orthogonal: bool = False  # whether the second axis is made orthogonal to the first, filter by filter


def axes(model: nn.Module, through: Slice) -> Point:
    """The directions that span the slice: name -> (axes, *shape).

    Raises:
        ValueError: a slice of other than 1 or 2 axes.
    """
    if through.axes not in (1, 2):
        raise ValueError(f"a slice has 1 or 2 axes, got {through.axes}")
    drawn = random_directions(
        model,
        through.seed,
        range(through.axes),
        normalisation=through.normalisation,
        biases=through.biases,
    )
    if through.axes == 1 or not through.orthogonal:
        return drawn
    first, second = ({name: d[k] for name, d in drawn.items()} for k in range(2))
    second = orthogonalised(second, first, moving_units(model, biases=through.biases))
    return {name: torch.stack((first[name], second[name])) for name in drawn}


def slice_scores(
    model: nn.Module,
    through: Slice,
    coordinates: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    loss: Loss = "cross_entropy",
    statistics: Statistics = "running",
    chunk: int | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """Loss and accuracy at w + coordinates[p] . axes: float64 (P, 2), on the CPU.

    ``coordinates``: (P, axes), any points of the slice in any order.  A point's scores do not depend on which
    others are asked for, so whoever stores them asks for the missing ones only.  ``x`` (N, ...), ``y``,
    ``loss`` and scores as in ``point_scores``.  ``chunk`` (points) and ``batch_size`` (images) bound memory;
    by default they follow the sizes of the network and of the images.  Recomputed statistics are of all
    images at once, or averages over batches where a ``batch_size`` is given.

    Raises:
        ValueError: as ``point_scores``; coordinates of another shape; an unknown ``statistics``.
    """
    if coordinates.ndim != 2 or coordinates.shape[1] != through.axes:
        raise ValueError(f"coordinates must be (P, {through.axes}), got {tuple(coordinates.shape)}")
    if statistics not in ("running", "recomputed"):
        raise ValueError(f"statistics must be 'running' or 'recomputed', got {statistics!r}")
    require_measurable(model, x, y, batch_size=1 if batch_size is None else batch_size, loss=loss)
    parameters, directions = moving_parameters(model, biases=through.biases), axes(model, through)
    chunk = networks_at_once(parameters, chunk) if statistics == "running" else 1
    scores = [torch.empty(0, 2, dtype=torch.float64)]
    for first in range(0, len(coordinates), chunk):
        steps = coordinates[first : first + chunk]
        points = {
            name: p + torch.tensordot(steps.to(p), directions[name], 1) for name, p in parameters.items()
        }
        if statistics == "recomputed":
            points = points | _recomputed_statistics(model, points, x, batch_size)
        scores.append(scores_of(model, points, x, y, loss=loss, batch_size=batch_size).cpu())
    return torch.cat(scores)


def point_scores(
    model: nn.Module,
    points: Mapping[str, Tensor],
    x: Tensor,
    y: Tensor,
    *,
    loss: Loss = "cross_entropy",
    batch_size: int | None = None,
) -> Tensor:
    """Mean loss and accuracy (0 to 1) of K networks over ``x`` (N, ...), ``y``: float64 (K, 2).

    ``points``: name -> (K, *shape), what they have of their own; all else, buffers too, is the ``model``'s,
    which is not changed.  ``y`` is int64 (N,) and the loss the cross entropy (nats): logits (N, C) are of C
    classes, (N, 1) or (N,) is the logit of class 1 against class 0.  Or another ``loss``, see `gradient`; the
    accuracy then is NaN.

    Raises:
        ValueError: as ``gradient``; no points.
    """
    if not points:
        raise ValueError("no points: give name -> (K, *shape) of one parameter or more")
    require_measurable(model, x, y, batch_size=1 if batch_size is None else batch_size, loss=loss)
    return scores_of(model, points, x, y, loss=loss, batch_size=batch_size)


@torch.no_grad()
def scores_of(
    model: nn.Module,
    points: Mapping[str, Tensor],
    x: Tensor,
    y: Tensor,
    *,
    loss: Loss,
    batch_size: int | None,
) -> Tensor:
    """`point_scores`, for callers that have checked model, ``x`` and ``y`` by `require_measurable`."""
    batch_size = images_at_once(x, len(next(iter(points.values()))), batch_size)
    total: Tensor | float = 0.0
    parts = zip(y.split(batch_size), _outputs(model, points, x.split(batch_size)), strict=True)
    for targets, outputs in parts:
        total = total + _sums(loss, outputs, targets)
    return torch.as_tensor(total) / len(x)


def _outputs(model: nn.Module, points: Mapping[str, Tensor], batches: Sequence[Tensor]) -> Iterator[Tensor]:
    """Outputs (K, n, ...) of all networks for each batch, together or, where vmap cannot, one by one."""
    own, together = dict(points), True
    every = vmap(lambda point, images: functional_call(model, point, (images,)), in_dims=(0, None))
    for images in batches:
        if together:
            try:
                yield every(own, images)
                continue
            except torch.OutOfMemoryError:
                raise
            except RuntimeError:  # no rule for an operation (LSTM), writing in place, branching on numbers
                together = False
        rows = (dict(zip(own, row, strict=True)) for row in zip(*own.values(), strict=True))
        yield torch.stack([functional_call(model, row, (images,)) for row in rows])


def networks_at_once(parameters: Mapping[str, Tensor], chunk: int | None) -> int:
    """``chunk``, by default so many networks that their ``parameters`` take 4 MiB (CPU) or 256 MiB."""
    if chunk is None:
        cpu = all(t.device.type == "cpu" for t in parameters.values())
        return max(1, min(NETWORKS_AT_ONCE, (PARAMETERS_AT_ONCE if cpu else 2**26) // dimension(parameters)))
    if chunk < 1:
        raise ValueError(f"chunk must be 1 or more, got {chunk}")
    return chunk


def images_at_once(x: Tensor, networks: int, batch_size: int | None) -> int:
    """``batch_size``, by default so many of ``x`` (N, ...) that all ``networks`` see ``VALUES_AT_ONCE``."""
    if batch_size is not None:
        return batch_size
    return max(1, VALUES_AT_ONCE.get(x.device.type, 2**24) * len(x) // (networks * max(1, x.numel())))


def _sums(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """Summed losses and hits, float64 (K, 2), of ``outputs`` (K, n, ...) for ``targets`` (n, ...)."""
    many, count = outputs.shape[:2]
    flat, repeated = outputs.flatten(0, 1), targets.repeat(many, *[1] * (targets.ndim - 1))
    both = example_losses(loss, flat, repeated), hits(loss, flat, repeated)
    return torch.stack([part.double().view(many, count).sum(1) for part in both], 1)


@torch.no_grad()
def _recomputed_statistics(
    model: nn.Module, points: Mapping[str, Tensor], x: Tensor, batch_size: int | None
) -> Point:
    """Running statistics of the one network in ``points`` (1, *shape), each with a leading 1.

    From one pass over ``x``, by default as one batch; else the means, over batches of (nearly) equal size, of
    the batch mean and of the unbiased batch variance.
    """
    twin = copy.deepcopy(model)
    norms = {name: module for name, module in twin.named_modules() if isinstance(module, _BatchNorm)}
    for norm in norms.values():
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches
        norm.train()
    point = {name: t[0] for name, t in points.items()}
    for images in x.tensor_split(-(-len(x) // (batch_size or len(x)))):
        with retold(f"no statistics can be recomputed from a batch of {len(images)}"):
            functional_call(twin, point, (images,))
    return {
        f"{name}.{key}".removeprefix("."): t[None]
        for name, norm in norms.items()
        for key, t in norm.named_buffers(recurse=False)
    }
