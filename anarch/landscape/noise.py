"""How much Gaussian noise on all weights a minimum bears: sharpness as PAC-Bayesian bounds mean it."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from anarch.contract import require_measurable
from anarch.landscape.crossings import first_crossings
from anarch.landscape.directions import Point, displaced
from anarch.landscape.gradient import trainable
from anarch.landscape.surface import networks_at_once, scores_of
from anarch.randomness import generator

SMALLEST, RATIO = 1e-2, 2.0  # where the search begins, and its steps outwards or inwards


def noise_tolerance(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    rise: float,
    draws: int = 6,
    seed: int = 0,
    *,
    tolerance: float = 0.01,
    largest: float = 10.0,
) -> float:
    """sigma at which networks w + sigma g, g standard Gaussian, have a mean loss of w's own plus ``rise``.

    Over ``draws`` of g on all trainable parameters, biases and norms too.  With a posterior N(w, sigma^2 1)
    and the prior N(w_0, sigma^2 1) the divergence of a PAC-Bayesian bound is |w - w_0|^2 / (2 sigma^2)
    (Dziugaite and Roy 2017; Jiang et al. 2020).  inf where ``largest`` is not enough.

    Raises:
        ValueError: as `point_scores`; impossible options.
    """
    if draws < 1 or not rise > 0:
        raise ValueError(f"need draws of 1 or more and a rise above 0, got {draws} and {rise}")
    require_measurable(model, x, y)
    own = {name: p.detach() for name, p in trainable(model).items()}
    first = next(iter(own))
    chunk = networks_at_once(own, None)
    parts = [_noise(own, seed, range(draws)[k : k + chunk]) for k in range(0, draws, chunk)]

    def losses(points: Point) -> Tensor:
        return scores_of(model, points, x, y, loss="cross_entropy", batch_size=None)[:, 0]

    def mean_loss(rows: Tensor, steps: Tensor) -> Tensor:
        found = []
        for step in steps:
            many = (displaced(own, part, step.expand(len(part[first]))) for part in parts)
            found.append(torch.cat([losses(points) for points in many]).mean().cpu())
        return torch.stack(found)

    centre = losses({name: p[None] for name, p in own.items()}).item()
    search = {"start": SMALLEST, "ratio": RATIO, "largest": largest, "tolerance": tolerance}
    return first_crossings(mean_loss, 1, (centre + rise,), **search).item()


def _noise(parameters: Point, seed: int, numbers: Iterable[int]) -> Point:
    """Of each parameter the draws of these ``numbers``: name -> (K, *shape)."""
    draws = [generator(seed, "noise", k) for k in numbers]
    return {
        name: torch.stack([torch.randn(p.shape, generator=one) for one in draws]).to(p)
        for name, p in parameters.items()
    }
