"""What equal copies of one neuron do to the spectrum at a critical point (embedding, Figs. 2 and 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from anarch.critical.diagram import CriticalPoint, embed
from anarch.critical.networks import gradient, hessian, loss
from anarch.critical.precise import precise_critical_point, precise_eigenvalues, precise_split
from anarch.critical.spectra import spectrum
from anarch.models.flat import Network

_BOUNDED = 20.0  # a parameter beyond it: the neuron is a step, and the point on its way to infinity


@dataclass(frozen=True)
class Copied:
    """A critical point with one neuron as so many equal neurons."""

    network: Network
    eigenvalues: Tensor  # float64 (P,), ascending
    loss: float
    residual: float | None  # L1 norm of the gradient, in float64


def choose(points: Sequence[CriticalPoint], *, negatives: int) -> list[CriticalPoint]:
    """The points whose index is nearest to ``negatives``, lowest loss first.

    What a split adds plays no part, for that is what the choice is made to show.  Degenerate and unbounded
    points are taken only where there is no other.
    """
    regular = [p for p in points if p.inertia.zero == 0 and p.theta.abs().max() < _BOUNDED] or points
    nearest = min(abs(p.inertia.negative - negatives) for p in regular)
    chosen = [p for p in regular if abs(p.inertia.negative - negatives) == nearest]
    return sorted(chosen, key=lambda p: p.loss)


def copied(point: CriticalPoint, neuron: int, most: int, x: Tensor, y: Tensor) -> list[Copied]:
    """``point`` with ``neuron`` as 1 to ``most`` equal neurons."""
    results = []
    for count in range(1, most + 1):
        wide, theta = embed(point.network, point.theta, _copies(point.network, neuron, count))
        residual = gradient(wide, theta, x, y).abs().sum().item()
        values = spectrum(hessian(wide, theta, x, y))
        results.append(Copied(wide, values, loss(wide, theta, x, y).item(), residual))
    return results


def copied_precisely(
    point: CriticalPoint, neuron: int, most: int, x: Tensor, y: Tensor, *, digits: int
) -> list[Copied]:
    """The same in ``digits`` decimal digits: zeros then come out near 10^-digits."""
    theta = precise_critical_point(point.network, point.theta, x, y, digits=digits)
    results = []
    for count in range(1, most + 1):
        network, wide = point.network, theta
        for remaining in range(count, 1, -1):
            network, wide = precise_split(network, wide, neuron, 1 / remaining, digits=digits)
        values = [float(value) for value in precise_eigenvalues(network, wide, x, y, digits=digits)]
        results.append(Copied(network, torch.tensor(values, dtype=torch.float64), point.loss, None))
    return results


def _copies(network: Network, neuron: int, count: int) -> list[int]:
    """How many neurons each neuron becomes where ``neuron`` becomes ``count``."""
    return [count if k == neuron else 1 for k in range(network.widths[1])]
