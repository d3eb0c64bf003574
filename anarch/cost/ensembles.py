"""What full-batch trainings of many small networks at once cost (see `anarch.training.ensemble`)."""

from functools import cache
from itertools import pairwise

import torch

from anarch.cost.counting import Count, counted
from anarch.cost.networks import FLOAT
from anarch.cost.work import Work
from anarch.training.ensemble import networks_at_once
from anarch.training.losses import cross_entropy
from anarch.training.stacked import Widths, outputs

CPU = torch.device("cpu")
MOMENTS = {"sgd": 1, "rmsprop": 1, "adam": 2}


def parameters(widths: Widths) -> int:
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))


def descent(widths: Widths, networks: int, points: int, steps: int, optimiser: str) -> Work:
    """``steps`` of so many ``networks``, each on ``points`` of its own, as if none stopped early."""
    together = min(networks, networks_at_once(widths, points, CPU))
    one = gradient(tuple(widths), together, points).work + _update(widths, together, optimiser)
    return (steps * networks / together) * one


def memory(widths: Widths, networks: int, points: int) -> float:
    """Bytes of all networks, their moments and gradients, and of a pass."""
    together = min(networks, networks_at_once(widths, points, CPU))
    return 6 * FLOAT * networks * parameters(widths) + gradient(tuple(widths), together, points).peak


@cache
def gradient(widths: tuple[int, ...], networks: int, points: int) -> Count:
    """Loss and slopes of ``networks`` in one pass."""

    def run() -> torch.Tensor:
        theta = torch.empty(networks, parameters(widths), device="meta", requires_grad=True)
        x = torch.empty(networks, points, widths[0], device="meta")
        y = torch.empty(networks, points, dtype=torch.int64, device="meta")
        loss = cross_entropy(outputs(theta, widths, x), y).sum()
        return torch.autograd.grad(loss, theta)[0]

    return counted(run)


def _update(widths: Widths, networks: int, optimiser: str) -> Work:
    """Clipping, decay, moments and the step: some passes over the parameters, each an operation."""
    passes = 12 + 4 * MOMENTS[optimiser]
    return Work(moved=3 * FLOAT * passes * networks * parameters(widths), calls=passes)


def outputs_at(widths: Widths, networks: int, points: float) -> Work:
    """Outputs of ``networks`` at ``points`` each."""
    sizes = list(pairwise(widths))
    flops = 2.0 * networks * points * sum(fan_in * fan_out for fan_in, fan_out in sizes)
    moved = FLOAT * networks * points * sum(2 * fan_in + 4 * fan_out for fan_in, fan_out in sizes)
    return Work(flops, flops, moved, 3 * len(sizes))
