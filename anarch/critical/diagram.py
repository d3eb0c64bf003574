"""Critical points of two-layer networks and their embeddings in a wider one (embedding, Fig. 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from anarch.critical.networks import features, gradient, hessian, loss, output, slope_and_bend
from anarch.critical.search import descend, polish
from anarch.critical.spectra import Inertia, inertia, spectrum
from anarch.critical.splitting import split_neuron
from anarch.models.flat import Network, layers, pack, unpack

_BENT = 1e-4  # |sigma'| at a sample above which a neuron is not yet saturated there
_IDLE = 1e-4  # what a neuron must add to some output; targets are of order 1
_SAME = 1e-5  # largest difference, on the grid and of the loss, of what counts as one output function


@dataclass(frozen=True)
class CriticalPoint:
    """One output function at which the gradient vanishes, found in a network of some width."""

    network: Network
    theta: Tensor  # (P,)
    loss: float
    outputs: Tensor  # (g, d') on the grid
    residual: float  # L1 norm of the gradient
    found: int  # starts that led to it
    inertia: Inertia  # at theta, in its own network


@dataclass(frozen=True)
class Embedded:
    """A critical point of a narrow network, in the wide one."""

    origin: int  # index into the list of critical points
    width: int  # m_0 of the narrow network
    copies: tuple[int, ...]  # neurons that each of its neurons became
    loss: float
    residual: float  # L1 norm of the gradient in the wide network
    inertia: Inertia  # there


def find(
    network: Network,
    starts: Tensor,
    x: Tensor,
    y: Tensor,
    grid: Tensor,
    *,
    lr: float,
    steps: int,
    adam: bool = False,
    tol: float = 1e-12,
    same: float = _SAME,
) -> list[CriticalPoint]:
    """Critical points of a two-layer ``network`` reached from ``starts`` (K, P), by loss, lowest first.

    `polish` sharpens the slowest point and the last of each path, and points of one output function on
    ``grid`` (g, d) are one.  Left out: unconverged points, and those with a neuron that is idle, a copy or a
    step between samples: embeddings of narrower networks and points at infinity (`effective_width`).
    """
    path = descend(network, starts, x, y, lr=lr, steps=steps, adam=adam, burn_in=min(50, steps // 2))
    points = polish(network, torch.cat([path.slowest, path.theta]), x, y, tol=tol)
    own = [effective_width(network, theta, x) == network.widths[1] for theta in points.theta]
    kept = (points.converged & torch.tensor(own)).nonzero().squeeze(1)
    start = kept % len(starts)
    return _clusters(network, points.theta[kept], points.residual[kept], start, x, y, grid, same)


def neuron_sizes(network: Network, theta: Tensor, x: Tensor) -> Tensor:
    """|a_k| |f_k|_inf over ``x`` (n, d) of every neuron (m,): the most that it adds to the outputs."""
    f = features(network, theta, x)[1]
    return layers(network, theta)[1][0].norm(dim=0) * f.abs().amax(0)


def effective_width(network: Network, theta: Tensor, x: Tensor, *, tol: float = _IDLE) -> int:
    """Neurons of the two-layer network that are not idle, not steps between samples, and no copies.

    Idle: |a_k| |f_k|_inf (`neuron_sizes`) is at most ``tol``, in the unit of the outputs; relative to the
    largest neuron a network without any output would have none that is idle.  A step: |sigma'| above 1e-4
    at no more than d + 1 samples of ``x`` (n, d), too few to determine its d + 1 input weights: it sits
    at infinity, or on a flat valley that leads there.  Copy: features equal, for tanh up to sign, within
    ``tol`` on all of ``x``: such a network is an embedding of a narrower one.
    """
    f = features(network, theta, x)[1]
    slope, _ = slope_and_bend(network, theta, x, 0)
    bent = (slope.abs() > _BENT).sum(0) > x.shape[1] + 1
    alive = (bent & (neuron_sizes(network, theta, x) > tol)).nonzero().squeeze(1)
    kept: list[int] = []
    for k in alive.tolist():
        images = [f[:, k], -f[:, k]] if network.activation == "tanh" else [f[:, k]]
        if not any((f[:, j] - image).abs().max() < tol for j in kept for image in images):
            kept.append(k)
    return len(kept)


def embeddings(
    points: Sequence[CriticalPoint], width: int, x: Tensor, y: Tensor, *, all_ways: bool = False
) -> list[Embedded]:
    """Every one of ``points`` in the network of ``width`` neurons by equal splitting (Fig. 4), in order.

    Splitting the first neuron only is the representative of its set, as ``all_ways`` is not asked for: the
    degree of degeneracy may depend on which neurons split (in how many copies each).
    """
    rows = []
    for origin, point in enumerate(points):
        narrow = point.network.widths[1]
        if narrow > width:
            raise ValueError(f"a critical point of width {narrow} does not fit into width {width}")
        ways = _shares(narrow, width) if all_ways else [(width - narrow + 1, *[1] * (narrow - 1))]
        rows += [_embed(origin, point, copies, x, y) for copies in ways]
    return rows


def embed(network: Network, theta: Tensor, copies: Sequence[int]) -> tuple[Network, Tensor]:
    """``theta`` (P,) of a two-layer network with neuron k as ``copies[k]`` equal neurons, by T^alpha."""
    model = unpack(network, theta)
    if len(copies) != network.widths[1] or min(copies) < 1:
        raise ValueError(f"copies must be {network.widths[1]} numbers of 1 or more, got {tuple(copies)}")
    for neuron, count in enumerate(copies):
        for remaining in range(count, 1, -1):
            model = split_neuron(model, 0, neuron, 1 / remaining)  # type: ignore[assignment]
    return pack(model)


def _embed(origin: int, point: CriticalPoint, copies: tuple[int, ...], x: Tensor, y: Tensor) -> Embedded:
    wide, theta = embed(point.network, point.theta, copies)
    values = spectrum(hessian(wide, theta, x, y))
    residual = gradient(wide, theta, x, y).abs().sum()
    return Embedded(
        origin,
        point.network.widths[1],
        copies,
        loss(wide, theta, x, y).item(),
        residual.item(),
        inertia(values),
    )


def _shares(parts: int, total: int) -> list[tuple[int, ...]]:
    """All ways to write ``total`` as ``parts`` ordered numbers of 1 or more."""
    if parts == 1:
        return [(total,)]
    return [
        (first, *rest) for first in range(1, total - parts + 2) for rest in _shares(parts - 1, total - first)
    ]


def _clusters(
    network: Network,
    theta: Tensor,
    residual: Tensor,
    start: Tensor,
    x: Tensor,
    y: Tensor,
    grid: Tensor,
    same: float,
) -> list[CriticalPoint]:
    values, outputs = loss(network, theta, x, y), output(network, theta, grid)
    left = values.argsort()
    points: list[CriticalPoint] = []
    while len(left):
        near = (values[left] - values[left[0]]).abs() < same
        near &= (outputs[left] - outputs[left[0]]).abs().amax((1, 2)) < same
        members = left[near]
        best = members[residual[members].argmin()]
        curvature = inertia(spectrum(hessian(network, theta[best], x, y)))
        points.append(
            CriticalPoint(
                network,
                theta[best],
                values[best].item(),
                outputs[best],
                residual[best].item(),
                len(start[members].unique()),
                curvature,
            )
        )
        left = left[~near]
    return points
