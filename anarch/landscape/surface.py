"""Slices of loss and accuracy through a network, many of its neighbours at once (blessing, Figs. 3, 4, 7).

Batch normalisation: running statistics as they are stored, in evaluation mode, unless ``statistics`` says
"recomputed"; then every point has statistics of its own, gathered from the same images.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from anarch.landscape.directions import (
    Normalisation,
    Point,
    dimension,
    moving_parameters,
    orthogonalised,
    random_directions,
)
from anarch.landscape.gradient import batches, require_data, require_deterministic

Statistics = Literal["running", "recomputed"]

# Input values that all networks together see in one pass.  On a CPU more would leave the cache: ResNets of
# 16 channels then take up to three times as long an image.
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
        moving_parameters(model, biases=through.biases),
        through.seed,
        range(through.axes),
        normalisation=through.normalisation,
    )
    if through.axes == 1 or not through.orthogonal:
        return drawn
    first, second = ({name: d[k] for name, d in drawn.items()} for k in range(2))
    second = orthogonalised(second, first)
    return {name: torch.stack((first[name], second[name])) for name in drawn}


def slice_scores(
    model: nn.Module,
    through: Slice,
    coordinates: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    statistics: Statistics = "running",
    chunk: int | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """Loss and accuracy at w + coordinates[p] . axes: float64 (P, 2), on the CPU.

    ``coordinates``: (P, axes), any points of the slice in any order.  A point's scores do not depend on which
    others are asked for, so whoever stores them asks for the missing ones only.  ``x`` (N, ...), ``y`` int64
    (N,); scores as in ``point_scores``.  ``chunk`` (points) and ``batch_size`` (images) bound memory; by
    default they follow the sizes of the network and of the images.  Recomputed statistics are of all images
    at once, or averages over batches where a ``batch_size`` is given.

    Raises:
        ValueError: as ``point_scores``; coordinates of another shape; an unknown ``statistics``.
    """
    if coordinates.ndim != 2 or coordinates.shape[1] != through.axes:
        raise ValueError(f"coordinates must be (P, {through.axes}), got {tuple(coordinates.shape)}")
    if statistics not in ("running", "recomputed"):
        raise ValueError(f"statistics must be 'running' or 'recomputed', got {statistics!r}")
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
        scores.append(point_scores(model, points, x, y, batch_size=batch_size).cpu())
    return torch.cat(scores)


@torch.no_grad()
def point_scores(
    model: nn.Module, points: Mapping[str, Tensor], x: Tensor, y: Tensor, *, batch_size: int | None = None
) -> Tensor:
    """Mean cross entropy (nats) and accuracy (0 to 1) of K networks over ``x`` (N, ...), ``y`` int64 (N,).

    float64 (K, 2).  ``points``: name -> (K, *shape), what they have of their own; all else, buffers too, is
    the ``model``'s, which is not changed.  Logits (N, C) are of C classes; (N, 1) or (N,) is the logit of
    class 1 against class 0.

    Raises:
        ValueError: as ``gradient``; no points; labels that the logits know no class for.
    """
    if not points:
        raise ValueError("no points: give name -> (K, *shape) of one parameter or more")
    require_deterministic(model)
    batch_size = images_at_once(x, len(next(iter(points.values()))), batch_size)
    require_data(x, y, batch_size)
    every = vmap(lambda point, images: functional_call(model, point, (images,)), in_dims=(0, None))
    total: Tensor | float = 0.0
    for images, labels in batches(x, y, batch_size):
        total = total + _sums(every(dict(points), images), labels)
    return torch.as_tensor(total) / len(x)


def networks_at_once(parameters: Mapping[str, Tensor], chunk: int | None) -> int:
    """``chunk``, by default so many networks that their ``parameters`` take 4 MiB (CPU) or 256 MiB."""
    if chunk is None:
        cpu = all(t.device.type == "cpu" for t in parameters.values())
        return max(1, min(128, (2**20 if cpu else 2**26) // dimension(parameters)))
    if chunk < 1:
        raise ValueError(f"chunk must be 1 or more, got {chunk}")
    return chunk


def images_at_once(x: Tensor, networks: int, batch_size: int | None) -> int:
    """``batch_size``, by default so many of ``x`` (N, ...) that all ``networks`` see ``VALUES_AT_ONCE``."""
    if batch_size is not None:
        return batch_size
    return max(1, VALUES_AT_ONCE.get(x.device.type, 2**24) * len(x) // (networks * max(1, x.numel())))


def _sums(logits: Tensor, labels: Tensor) -> Tensor:
    """Summed cross entropy and hits, float64 (K, 2), of ``logits`` (K, n, C), (K, n, 1) or (K, n)."""
    many, count = logits.shape[:2]
    classes = max(2, logits[0, 0].numel())
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels must lie in 0..{classes - 1} for these logits, got {labels.min()}..{labels.max()}"
        )
    if logits[0, 0].numel() == 1:
        flat = logits.reshape(many, count)
        targets = labels.to(flat).expand_as(flat)
        losses = F.binary_cross_entropy_with_logits(flat, targets, reduction="none")
        hits = (flat > 0) == labels.bool()
    else:
        losses = F.cross_entropy(logits.flatten(0, 1), labels.repeat(many), reduction="none").view(
            many, count
        )
        hits = logits.argmax(2) == labels
    return torch.stack((losses.double().sum(1), hits.double().sum(1)), 1)


@torch.no_grad()
def _recomputed_statistics(
    model: nn.Module, points: Mapping[str, Tensor], x: Tensor, batch_size: int | None
) -> Point:
    """Running statistics of the one network in ``points`` (1, *shape), each with a leading 1.

    From one pass over ``x``, by default as one batch; else the means, over batches of (nearly) equal size, of
    the batch mean and of the unbiased batch variance.
    """
    require_deterministic(model)
    twin = copy.deepcopy(model)
    norms = {name: module for name, module in twin.named_modules() if isinstance(module, _BatchNorm)}
    for norm in norms.values():
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches
        norm.train()
    point = {name: t[0] for name, t in points.items()}
    for images in x.tensor_split(-(-len(x) // (batch_size or len(x)))):
        functional_call(twin, point, (images,))
    return {
        f"{name}.{key}".removeprefix("."): t[None]
        for name, norm in norms.items()
        for key, t in norm.named_buffers(recurse=False)
    }
