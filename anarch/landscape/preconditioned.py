"""Volume of a basin in directions that follow its shape (Scherlis and Belrose, arXiv 2501.18812).

V = omega_n E[r^n] asks for the rare directions in which r is large.  In coordinates u with z = P u the same
volume is det(P) omega_n E[rho^n], rho the radius along P u for a random unit vector u: exact for every P, and
of no variance at all where the basin is the ellipsoid P makes of a ball.  P shortens here the directions that
move the outputs most, and leaves all others alone.

z are the coordinates of `directions.unit_scales`, so that a ReLU network that is rescaled unit by unit keeps
its volume, in units in which a filter-normalised direction has length 1, so that volumes compare with those
of `volume`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from anarch.landscape.basins import BasinRadii, radii_along
from anarch.landscape.directions import Point, moving_parameters, number_of_units, unit_scales
from anarch.landscape.volume import basin_volume, log_unit_ball
from anarch.objective import Loss, log_odds
from anarch.randomness import generator

Score = Callable[[Tensor, Tensor], Tensor]  # outputs (1, C), target (1,) -> one number
RIDGES = (1e-6, 1e-4, 1e-2)  # of the largest stiffness; the one with the largest volume is taken
PILOTS = 4  # directions, of another seed, by which that is found


@dataclass(frozen=True)
class Stiffness:
    """J^T J / N = B^T diag(values) B, J the slopes (N, n) of N examples' scores by z."""

    values: Tensor  # float64 (k,), above 0
    basis: Tensor  # B (k, n), orthonormal rows


@dataclass(frozen=True)
class Preconditioner:
    """P = 1 + B^T diag(factors - 1) B."""

    factors: Tensor  # float64 (k,): lengths of the directions in ``basis``; all others have 1
    basis: Tensor

    @property
    def log_det(self) -> float:
        return self.factors.log().sum().item()

    def __call__(self, u: Tensor) -> Tensor:
        """P u of each row of ``u`` (K, n)."""
        return u + ((u @ self.basis.T) * (self.factors - 1).to(u)) @ self.basis


def log_odds_score(outputs: Tensor, targets: Tensor) -> Tensor:
    """d = log p / (1 - p) of the label: the cross entropy is log(1 + exp(-d))."""
    return log_odds(outputs.reshape(len(outputs), -1), targets).sum()


def steps_to_weights(model: nn.Module) -> dict[str, Tensor]:
    """name -> factors from z to weights: lengths of units, times the root of the number of units."""
    root = math.sqrt(number_of_units(model))
    return {name: root * scale for name, scale in unit_scales(model).items()}


def stiffness(
    model: nn.Module, x: Tensor, y: Tensor, *, score: Score = log_odds_score, weights: Tensor | None = None
) -> Stiffness:
    """How fast the scores of the examples ``x``, ``y`` change with z, along no more directions than examples.

    ``weights`` (N,) of the examples, by default 1.  Directions whose stiffness is below the rounding of the
    largest are left out.
    """
    slopes = _slopes(model, x, y, score)
    if weights is not None:
        slopes = slopes * weights.sqrt().to(slopes)[:, None]
    # Of n x n only the N x N Gram matrix is needed, in float64: its eigenvalues are squares.
    gram = sum((part.double() @ part.double().T for part in slopes.split(4096, 1)), torch.zeros(())) / len(x)
    values, vectors = torch.linalg.eigh(gram)
    kept = values > len(x) * torch.finfo(slopes.dtype).eps * values[-1].clamp(min=0)
    values, vectors = values[kept], vectors[:, kept]
    basis = (vectors / (len(x) * values).sqrt()).T.to(slopes) @ slopes
    return Stiffness(values, basis)


def preconditioner(stiff: Stiffness, ridge: float) -> Preconditioner:
    """P = (1 + S / s)^(-1/2), with S the stiffness and s ``ridge`` times its largest value."""
    if not ridge > 0:
        raise ValueError(f"ridge must be above 0, got {ridge}")
    if not len(stiff.values):
        return Preconditioner(stiff.values, stiff.basis)
    return Preconditioner((1 + stiff.values / (ridge * stiff.values.max())).rsqrt(), stiff.basis)


def preconditioned_radii(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    cutoff: float,
    directions: int,
    seed: int = 0,
    *,
    by: Preconditioner,
    loss: Loss = "cross_entropy",
    tolerance: float = 1e-4,
) -> BasinRadii:
    """rho along P u, u random unit vectors of z: `volume.log_volume` of them plus ``by.log_det`` is the log
    volume of the basin in z, whose loss is below the ``cutoff``."""
    factors = steps_to_weights(model)
    shapes = {name: p.shape for name, p in moving_parameters(model).items()}
    total = sum(shape.numel() for shape in shapes.values())

    def draw(indices: Sequence[int]) -> Point:
        drawn = [torch.randn(total, generator=generator(seed, "sphere", k)) for k in indices]
        u = torch.stack(drawn).to(by.basis) if drawn else by.basis.new_empty(0, total)
        z = by(u / torch.linalg.vector_norm(u, dim=1, keepdim=True))
        parts = z.split([shape.numel() for shape in shapes.values()], 1)
        return {
            name: factors[name] * part.view(-1, *shape)
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }

    # P shortens a direction at most to its smallest factor; ten filter lengths are as far as `basins` looks.
    largest = 10 / min([1.0, *by.factors.tolist()])
    return radii_along(
        model, x, y, draw, (cutoff,), directions, loss=loss, tolerance=tolerance, largest=largest
    )


def best_preconditioner(
    model: nn.Module, x: Tensor, y: Tensor, cutoff: float, stiff: Stiffness, *, tolerance: float = 1e-2
) -> Preconditioner:
    """Of `RIDGES`, and of no preconditioning, the one whose median radius over pilot directions makes the
    largest volume: every estimate misses wide directions, so that the largest misses least."""
    plain = Preconditioner(stiff.values.new_ones(len(stiff.values)), stiff.basis)
    candidates = [plain, *(preconditioner(stiff, ridge) for ridge in RIDGES)]

    def log_volume(by: Preconditioner) -> float:
        found = preconditioned_radii(model, x, y, cutoff, PILOTS, 1, by=by, tolerance=tolerance)
        return basin_volume(found.radii[0], found.dimension, largest=found.largest).log_median + by.log_det

    return max(candidates, key=log_volume)


def log_quadratic_volume(stiff: Stiffness, dimension: int, cutoff: float) -> float:
    """log volume of the z with |z|^2 + z H z / (2 cutoff) <= 1, ``stiff`` being H: log omega_n less half the
    log determinant of 1 + H / (2 cutoff).

    That is the basin of a quadratic loss with the curvature H, held to one filter length where it is flat.
    """
    return log_unit_ball(dimension) - 0.5 * (stiff.values / (2 * cutoff)).log1p().sum().item()


def curvature_weights(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """p (1 - p) of each example's label: of two classes, with these `stiffness` is the Gauss-Newton part of
    the Hessian of the mean cross entropy, which is all of it where the loss is 0."""
    with torch.no_grad():
        outputs = model(x)
        d = log_odds(outputs.reshape(len(outputs), -1), y).double()
    return d.sigmoid() * (-d).sigmoid()


def _slopes(model: nn.Module, x: Tensor, y: Tensor, score: Score) -> Tensor:
    """Slopes (N, n) of each example's score by z."""
    factors = steps_to_weights(model)
    parameters = moving_parameters(model)

    def of_one(moved: Mapping[str, Tensor], one: Tensor, target: Tensor) -> Tensor:
        return score(functional_call(model, dict(moved), (one[None],)), target[None])

    slopes = vmap(grad(of_one), in_dims=(None, 0, 0), chunk_size=100)(parameters, x, y)
    return torch.cat([(slopes[name] * factors[name]).flatten(1) for name in parameters], 1)
