"""Radii of a basin: how far the loss stays below a cutoff in random directions (blessing, Sec. 5, Fig. 7)."""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from anarch.contract import require_measurable
from anarch.landscape.crossings import Loss as LossOnRays
from anarch.landscape.crossings import first_crossings
from anarch.landscape.directions import (
    Normalisation,
    Point,
    dimension,
    displaced,
    moving_parameters,
    random_directions,
)
from anarch.landscape.gradient import norm
from anarch.landscape.surface import networks_at_once, scores_of
from anarch.objective import Loss

PILOTS = 8  # directions 0 to 7 tell where to begin, whatever the number of directions asked for


@dataclass(frozen=True)
class BasinRadii:
    """Radii of one basin, and what they cost."""

    radii: Tensor  # float64 (cutoffs, K): 0 if the centre is not below the cutoff, inf if none was met
    dimension: int  # n, the number of coordinates that the directions span
    centre: float  # the loss of the network itself
    start: float  # the innermost radius that is tested in every direction
    largest: float  # the outermost: an infinite radius is one beyond it
    evaluations: int  # networks evaluated on all of x, the centre and the pilot directions counted


def basin_radii(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    cutoff: float = 0.1,
    directions: int = 3000,
    seed: int = 0,
    *,
    loss: Loss = "cross_entropy",
    normalisation: Normalisation = "filter",
    biases: bool = False,
    tolerance: float = 1e-4,
    ratio: float = 1.5,
    largest: float | None = None,
    chunk: int | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """r(phi) in ``directions`` random directions, float64 (directions,), on the CPU: blessing, Sec. 5.

    The radius at which the mean loss over ``x``, ``y`` first reaches the ``cutoff``; inf in a direction that
    does not up to ``largest``.  ``radii_at_cutoffs`` tells how it is found, for several cutoffs.  Where the
    network itself is not below the cutoff every radius is 0, and a RuntimeWarning says so.

    Args:
        model: inputs -> logits (N, C), or (N, 1) or (N,), the logit of class 1 against class 0; usually after
            ``model.eval()``.
        x: inputs (N, ...) in the model's dtype and on its device, finite.
        y: labels int64 (N,) in 0..C-1; for another loss the targets (N, ...) that it takes.
        cutoff: of the mean loss: nats for the cross entropy.
        directions: how many, number 0 and on of ``seed``.
        seed: names the directions; each is drawn from a generator of its own.
        loss: "cross_entropy", "squared_error" or a function: outputs, targets -> losses (n,).
        normalisation: "filter", radii in multiples of the filters' own lengths, or "unit", in distances.
        biases: whether biases and the scales and shifts of norms move too.
        tolerance: relative width to which a radius is enclosed.
        ratio: factor between the radii at which a direction is tested.
        largest: where to give up; by default a step of 10, or 10 times the length of the weights.
        chunk, batch_size: networks and examples at a time; bound memory only.

    Raises:
        ValueError: as ``radii_at_cutoffs``.
    """
    options: dict[str, Any] = {"loss": loss, "normalisation": normalisation, "biases": biases}
    options |= {"tolerance": tolerance, "ratio": ratio, "largest": largest}
    options |= {"chunk": chunk, "batch_size": batch_size}
    basin = radii_at_cutoffs(model, x, y, (cutoff,), directions, seed, **options)
    if not basin.centre < cutoff:
        warnings.warn(
            f"the loss of the network itself, {basin.centre:.6g}, is not below the cutoff {cutoff:g}: every "
            "radius is 0; raise the cutoff, or train the network further",
            RuntimeWarning,
            stacklevel=2,
        )
    return basin.radii[0]


def radii_at_cutoffs(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    cutoffs: Sequence[float],
    directions: int = 3000,
    seed: int = 0,
    *,
    loss: Loss = "cross_entropy",
    normalisation: Normalisation = "filter",
    biases: bool = False,
    tolerance: float = 1e-4,
    ratio: float = 1.5,
    largest: float | None = None,
    chunk: int | None = None,
    batch_size: int | None = None,
) -> BasinRadii:
    """Radii at which the mean loss over ``x``, ``y`` (cross entropy: nats) first reaches each of ``cutoffs``.

    r is the step along ``random_directions(model, seed, range(directions), biases=biases, ...)``: for
    ``normalisation="filter"`` a multiple of the filters' own lengths (what a filter is in each layer:
    `anarch.landscape.units`), for ``"unit"`` a distance.  Loss as in
    ``surface.point_scores``; batch normalisation uses its stored statistics (the model in evaluation mode).

    In every direction the loss is computed at ``start``, outwards from there at radii that grow by the factor
    ``ratio`` until the cutoff is reached, and inwards by the same factor where ``start`` is too far out; then
    the crossing is enclosed to a relative width of ``tolerance``.  So the loss is below the cutoff at all
    tested radii within r; a rise above it and back that fits between two of them, or within ``start``, is
    stepped over.  ``start`` is half the smallest radius that a coarse scan of directions 0 to 7 finds.
    ``largest``: where to give up, by default 10 times the length of the weights (a step of 10, or 10 |w|).
    All cutoffs share the grid.  ``chunk`` (networks at a time) and ``batch_size`` (images) bound memory; by
    default they follow the sizes of the network and of the images.

    Raises:
        ValueError: as ``point_scores``; impossible options; all weights are 0 and nothing can be scaled to
            them.
    """
    parameters = moving_parameters(model, biases=biases)
    length = norm(parameters.values())
    if length == 0 and (normalisation == "filter" or largest is None):
        raise ValueError("all weights are 0: use normalisation='unit' and give the largest radius to look at")
    draw = partial(random_directions, model, seed, normalisation=normalisation, biases=biases)
    largest = largest or (10.0 if normalisation == "filter" else 10 * length)
    options: dict[str, Any] = {"loss": loss, "tolerance": tolerance, "ratio": ratio, "largest": largest}
    options |= {"chunk": chunk, "batch_size": batch_size}
    return radii_along(model, x, y, draw, cutoffs, directions, **options)


def radii_along(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    draw: Callable[[Sequence[int]], Point],
    cutoffs: Sequence[float],
    directions: int,
    *,
    loss: Loss = "cross_entropy",
    tolerance: float = 1e-4,
    ratio: float = 1.5,
    largest: float = 10.0,
    chunk: int | None = None,
    batch_size: int | None = None,
) -> BasinRadii:
    """`radii_at_cutoffs` along directions of one's own: ``draw`` gives those of some numbers, counted from 0,
    as name -> (K, *shape); r is the step along them.

    Raises:
        ValueError: as `radii_at_cutoffs`.
    """
    _require_options(cutoffs, directions, tolerance, ratio, largest)
    require_measurable(model, x, y, batch_size=1 if batch_size is None else batch_size, loss=loss)
    moved = draw(())
    parameters = {name: p.detach() for name, p in model.named_parameters() if name in moved}
    chunk = networks_at_once(parameters, chunk)
    rays = _Rays(model, parameters, x, y, loss, draw, chunk, batch_size)
    centre = rays.centre()
    below = torch.tensor(cutoffs, dtype=torch.float64) > centre
    radii = torch.zeros(len(cutoffs), directions, dtype=torch.float64)
    start = 0.0
    if below.any():
        levels = [cutoff for cutoff, inside in zip(cutoffs, below, strict=True) if inside]
        start = _start(rays.loss(range(PILOTS)), min(levels), ratio, largest)
        search = {"start": start, "ratio": ratio, "largest": largest, "tolerance": tolerance}
        parts = [range(directions)[k : k + chunk] for k in range(0, directions, chunk)]
        crossings = [first_crossings(rays.loss(part), len(part), levels, **search) for part in parts]
        radii[below] = torch.cat(crossings, 1)
    return BasinRadii(radii, dimension(parameters), centre, start, largest, rays.evaluations)


@dataclass
class _Rays:
    """The loss along random directions from a network, and how many networks have been evaluated for it."""

    model: nn.Module
    parameters: Point
    x: Tensor
    y: Tensor
    measured: Loss
    draw: Callable[[Sequence[int]], Point]  # directions, by their numbers
    chunk: int
    batch_size: int | None
    evaluations: int = 0

    def loss(self, directions: range) -> LossOnRays:
        """Loss at (rows, steps), rows counted from the first of ``directions``, which stay in memory."""
        drawn = self.draw(directions)

        def loss(rows: Tensor, steps: Tensor) -> Tensor:
            losses = []
            for some, far in zip(rows.split(self.chunk), steps.split(self.chunk), strict=True):
                chosen = {name: d[some.to(d.device)] for name, d in drawn.items()}
                points = displaced(self.parameters, chosen, far)
                losses.append(self._losses(points))
                self.evaluations += len(some)
            return torch.cat(losses)

        return loss

    def _losses(self, points: Point) -> Tensor:
        """Of each of the ``points``: float64 (K,), on the CPU."""
        scores = scores_of(self.model, points, self.x, self.y, loss=self.measured, batch_size=self.batch_size)
        losses = scores[:, 0].cpu()
        if (losses < 0).any():
            raise ValueError(f"radii need a loss of 0 or more, got {losses.min():.6g}; add a constant to it")
        return losses

    def centre(self) -> float:
        """The loss of the network itself."""
        loss = self.loss(range(1))(torch.tensor([0]), torch.zeros(1)).item()
        if not math.isfinite(loss):
            raise ValueError(f"the loss of the network itself is {loss}: there is no basin to measure")
        return loss


def _start(loss: LossOnRays, cutoff: float, ratio: float, largest: float) -> float:
    """Half the smallest radius of the pilot directions, by a coarse scan and interpolation alone."""
    coarse = ratio**3
    search = {"start": 1e-3 * largest, "ratio": coarse, "largest": largest, "tolerance": coarse}
    radii = first_crossings(loss, PILOTS, (cutoff,), **search)
    return radii[radii > 0].clamp(max=largest).min().item() / 2 if (radii > 0).any() else 1e-3 * largest


def _require_options(
    cutoffs: Sequence[float],
    directions: int,
    tolerance: float,
    ratio: float,
    largest: float | None,
) -> None:
    if not cutoffs or not all(math.isfinite(c) and c > 0 for c in cutoffs):
        raise ValueError(
            f"a cutoff must be a finite loss above 0, and there must be one; got {list(cutoffs)}"
        )
    if directions < 1:
        raise ValueError(f"directions must be 1 or more, got {directions}")
    if not tolerance > 0 or not ratio > 1 or not math.isfinite(ratio):
        raise ValueError(f"need tolerance > 0 and ratio > 1, got {tolerance} and {ratio}")
    if largest is not None and not (math.isfinite(largest) and largest > 0):
        raise ValueError(f"largest must be a finite radius above 0, got {largest}")
