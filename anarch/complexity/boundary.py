"""How near points of the plane are to a decision boundary (bad_minima, Fig. 1)."""

import math

import torch
from torch import Tensor, nn

RAYS, NEAREST, FARTHEST, GROWTH = 32, 1e-5, 100.0, 1.1


@torch.no_grad()
def boundary_distance(network: nn.Module, x: Tensor) -> float:
    """Least distance from a point of ``x`` (n, 2) to where its class changes; inf if that is nowhere.

    ``network``: (n, 2) -> one logit (n, 1).  32 rays leave each point; radii grow by a tenth until a class
    changes, and that last step is bisected to a relative 1e-3: thinner slivers may be missed.
    """
    rays = _rays(x.device)
    positive = network(x).squeeze(1) > 0

    def changed(radius: float, point: Tensor, ray: Tensor) -> Tensor:
        return (network(x[point] + radius * rays[ray]).squeeze(1) > 0) != positive[point]

    every = torch.cartesian_prod(torch.arange(len(x)), torch.arange(RAYS)).to(x.device).T
    near, far = 0.0, NEAREST
    while not (hits := changed(far, *every)).any():
        near, far = far, far * GROWTH
        if far > FARTHEST:
            return math.inf
    point, ray = every[:, hits]
    while far - near > 1e-3 * far:
        middle = (near + far) / 2
        near, far = (near, middle) if changed(middle, point, ray).any() else (middle, far)
    return far


def largest_margin(x: Tensor, labels: Tensor) -> float:
    """Half the least distance between points of ``x`` (n, d) that differ in ``labels`` (n,).

    No boundary that has all points right is farther from the nearest of them, and the one half way between
    each point and its nearest neighbour of the other class is so far; inf where there is one class only.
    """
    gaps = torch.cdist(x.double(), x.double(), compute_mode="donot_use_mm_for_euclid_dist")
    return gaps.masked_fill(labels[:, None] == labels, math.inf).min().item() / 2


@torch.no_grad()
def boundary_distances(network: nn.Module, x: Tensor) -> Tensor:
    """Of each point of ``x`` (n, 2) the distance to where its class changes: (n,), inf if that is nowhere.

    As `boundary_distance`, which is the least of them, but to the tenth by which the radii grow, and from a
    thousandth on.
    """
    rays = _rays(x.device)
    positive = network(x).squeeze(1) > 0
    found, left = torch.full((len(x),), math.inf, device=x.device), torch.arange(len(x), device=x.device)
    radius = 1e-3
    while len(left) and radius < FARTHEST:
        around = (x[left, None] + radius * rays).reshape(-1, 2)
        changed = (network(around).reshape(len(left), RAYS) > 0) != positive[left, None]
        found[left[changed.any(1)]] = radius
        left, radius = left[~changed.any(1)], radius * GROWTH
    return found


def _rays(device: torch.device) -> Tensor:
    """Unit vectors all around, (`RAYS`, 2)."""
    angle = torch.arange(RAYS, device=device) * (2 * math.pi / RAYS)
    return torch.stack((angle.cos(), angle.sin()), 1)
