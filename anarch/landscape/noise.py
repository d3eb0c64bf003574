"""How much Gaussian noise on all weights a minimum bears: sharpness as PAC-Bayesian bounds mean it."""

import torch
from torch import Tensor, nn

from anarch.landscape.crossings import first_crossings
from anarch.landscape.directions import displaced
from anarch.landscape.gradient import trainable
from anarch.landscape.surface import networks_at_once, point_scores
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
    own = {name: p.detach() for name, p in trainable(model).items()}
    noise = [_noise(own, seed, k) for k in range(draws)]
    chunk = networks_at_once(own, None)

    def mean_loss(rows: Tensor, steps: Tensor) -> Tensor:
        losses = []
        for step in steps:
            parts = [noise[k : k + chunk] for k in range(0, draws, chunk)]
            many = [{name: torch.stack([d[name] for d in part]) for name in own} for part in parts]
            scores = [
                point_scores(model, displaced(own, d, step.expand(len(part))), x, y)[:, 0]
                for d, part in zip(many, parts, strict=True)
            ]
            losses.append(torch.cat(scores).mean().cpu())
        return torch.stack(losses)

    centre = point_scores(model, {name: p[None] for name, p in own.items()}, x, y)[0, 0].item()
    search = {"start": SMALLEST, "ratio": RATIO, "largest": largest, "tolerance": tolerance}
    return first_crossings(mean_loss, 1, (centre + rise,), **search).item()


def _noise(parameters: dict[str, Tensor], seed: int, k: int) -> dict[str, Tensor]:
    draws = generator(seed, "noise", k)
    return {name: torch.randn(p.shape, generator=draws).to(p) for name, p in parameters.items()}
