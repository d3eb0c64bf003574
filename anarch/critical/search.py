"""Critical points: descent that keeps its slowest point, then a polish that keeps saddles saddles."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from anarch.critical.descent import recorded
from anarch.critical.networks import gradient, hessian, loss
from anarch.models.flat import Network

_CREEP = 0.9  # of |g|: a step that leaves more of it creeps
_DAMPING = torch.tensor([0.0, *(10.0**-k for k in range(14, -1, -2))], dtype=torch.float64)


@dataclass(frozen=True)
class Descent:
    """What K descents of S steps leave behind."""

    theta: Tensor  # (K, P) after the last step
    slowest: Tensor  # (K, P) the point of smallest L1 norm of the gradient after the burn-in
    slowest_norm: Tensor  # (K,) that norm
    slowest_step: Tensor  # int64 (K,) the steps before it
    losses: Tensor  # (R, K) the loss at `steps`
    steps: Tensor  # int64 (R,)


def descend(
    network: Network,
    theta: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    lr: float,
    steps: int,
    adam: bool = False,
    burn_in: int = 0,
    record_every: int = 100,
) -> Descent:
    """Full-batch gradient descent, or Adam with its default constants, from ``theta`` (K, P) (Sec. 3.2).

    The empirical critical point of a path is, as in the paper, that of smallest L1 norm of the gradient, but
    for the first ``burn_in`` steps: a small start lies beside the critical point theta = 0.

    Raises ValueError for impossible options and where the loss is no longer finite.
    """
    _require_options(lr, steps, burn_in, record_every)
    theta = theta.clone()
    optimiser = torch.optim.Adam([theta], lr=lr) if adam else None
    slowest, norm = theta.clone(), theta.new_full(theta.shape[:1], math.inf)
    when = torch.zeros(len(theta), dtype=torch.int64, device=theta.device)
    looks = recorded(steps, record_every)
    losses = torch.full((len(looks), len(theta)), math.nan, dtype=theta.dtype, device=theta.device)
    for step in range(steps + 1):
        if step % record_every == 0 or step == steps:
            losses[looks.index(step)] = loss(network, theta, x, y)
        slope = gradient(network, theta, x, y)
        if step >= burn_in:
            better = (size := slope.abs().sum(-1)) < norm
            norm, when = torch.where(better, size, norm), when.masked_fill(better, step)
            slowest = torch.where(better[:, None], theta, slowest)
        if step < steps:
            if optimiser is None:
                theta -= lr * slope
            else:
                theta.grad = slope
                optimiser.step()
    theta.grad = None
    if not losses[-1].isfinite().all():
        raise ValueError(f"the loss is not finite after {steps} steps: lower lr ({lr})")
    return Descent(theta, slowest, norm, when, losses, torch.tensor(looks))


def _require_options(lr: float, steps: int, burn_in: int, record_every: int) -> None:
    if not lr > 0 or steps < 1 or not 0 <= burn_in <= steps or record_every < 1:
        raise ValueError(
            f"lr > 0, steps >= 1, 0 <= burn_in <= steps and record_every >= 1 are needed, "
            f"got {lr}, {steps}, {burn_in}, {record_every}"
        )


@dataclass(frozen=True)
class Polished:
    """K points that solve grad R_S = 0 as well as `residual` says."""

    theta: Tensor  # (K, P)
    residual: Tensor  # (K,) L1 norm of the gradient
    iterations: Tensor  # int64 (K,) Hessians spent until the residual fell no more
    converged: Tensor  # bool (K,) residual < tol


def polish(
    network: Network,
    theta: Tensor,
    x: Tensor,
    y: Tensor,
    *,
    tol: float = 1e-12,
    max_iterations: int = 100,
    max_step: float = 0.5,
) -> Polished:
    """Critical points near ``theta`` (K, P): Levenberg-Marquardt on the system grad R_S(theta) = 0.

    Minimises |g|^2 with g the gradient and its Jacobian the Hessian H: the loss itself plays no part, so that
    a saddle stays a saddle.  Steps are -(H^2 + mu)^-1 H g for a ladder of mu from |H|^2 down to 1e-14 |H|^2,
    and the least-squares Newton step (pseudo-inverse: a degenerate H is no obstacle); the one with the
    smallest |g| is taken.  In curved valleys |g| can only creep: where no step gains a tenth, the Newton
    step is taken all the same.  A trust region cuts steps at ``max_step`` * max(1, |theta|).  The point of
    smallest |g| is returned; a local minimum of |g|^2 that is not critical is not ``converged``.
    """
    if not tol > 0 or max_iterations < 1 or not max_step > 0:
        raise ValueError(
            f"tol, max_iterations and max_step must be positive, got {tol}, {max_iterations}, {max_step}"
        )
    theta, best = theta.clone(), theta.clone()
    sizes = gradient(network, theta, x, y).norm(dim=-1)
    iterations = torch.zeros(len(theta), dtype=torch.int64, device=theta.device)
    active = torch.arange(len(theta), device=theta.device)
    for _ in range(max_iterations):
        theta[active], ahead = _advance(network, theta[active], x, y, max_step)
        better = ahead < sizes[active]
        rough = gradient(network, best[active], x, y).abs().sum(-1) >= tol
        gained = active[better]
        best[gained], sizes[gained] = theta[gained], ahead[better]
        iterations[active] += 1
        active = active[better | rough]  # below tol, the first step without a gain is round-off
        if not len(active):
            break
    residual = gradient(network, best, x, y).abs().sum(-1)
    return Polished(best, residual, iterations, residual < tol)


def _advance(network: Network, theta: Tensor, x: Tensor, y: Tensor, max_step: float) -> tuple[Tensor, Tensor]:
    """The next points (K, P) of `polish` and |g| there."""
    slope = gradient(network, theta, x, y)
    ahead = theta.unsqueeze(1) + _ladder(hessian(network, theta, x, y), slope, theta, max_step)  # (K, mu, P)
    sizes = gradient(network, ahead, x, y).norm(dim=-1).nan_to_num(math.inf)
    size, rung = sizes.min(1)
    creeping = (size > _CREEP * slope.norm(dim=-1)) & sizes[:, 0].isfinite()
    rung = rung.masked_fill(creeping, 0)
    rows = torch.arange(len(theta), device=theta.device)
    return ahead[rows, rung], sizes[rows, rung]


def _ladder(curvature: Tensor, slope: Tensor, theta: Tensor, max_step: float) -> Tensor:
    """Trial steps (K, rungs, P) of `polish`."""
    values, vectors = torch.linalg.eigh(curvature)
    scale = values.abs().amax(-1, keepdim=True).clamp_min(torch.finfo(theta.dtype).tiny)
    mu = _DAMPING.to(theta) * scale.square()  # (K, rungs)
    floor = len(slope[0]) * torch.finfo(theta.dtype).eps * scale
    kept = torch.where(values.abs() > floor, values, torch.zeros_like(values))
    inverse = kept.unsqueeze(1) / (kept.square().unsqueeze(1) + mu.unsqueeze(2))
    inverse = inverse.nan_to_num(0.0)  # 0 / 0: the pseudo-inverse of a zero eigenvalue
    along = (vectors.mT @ slope.unsqueeze(-1)).squeeze(-1)
    steps = -(inverse * along.unsqueeze(1)) @ vectors.mT
    radius = max_step * theta.norm(dim=-1).clamp_min(1.0)
    return steps * (radius[:, None, None] / steps.norm(dim=-1, keepdim=True)).clamp_max(1.0)
