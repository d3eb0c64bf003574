"""Where a training stagnates, and how far from a narrow network's critical point (embedding, Fig. 1)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Stagnation:
    """A stretch of a training where the loss hardly decays."""

    step: int  # where it decays most slowly
    loss: float  # there
    rate: float  # -d ln(loss) / d ln(step) there
    first: int  # the stretch, in steps
    last: int


def stagnations(
    steps: list[int], losses: list[float], *, rate: float = 0.05, decades: float = 0.2
) -> list[Stagnation]:
    """Stretches of at least ``decades`` of steps with -d ln(loss) / d ln(step) below ``rate``, in order.

    Logarithmic time, since a stagnation is long or short beside the time that led to it (Figs. 1a, 5a).
    """
    if len(steps) != len(losses) or min(losses, default=1.0) <= 0:
        raise ValueError("steps and losses must be of one length, and losses above 0")
    log_t, log_r = (
        torch.tensor(v, dtype=torch.float64).add(shift).log() for v, shift in ((steps, 1), (losses, 0))
    )
    slow = -log_r.diff() / log_t.diff()
    found, start = [], None
    for k in range(len(slow) + 1):
        below = k < len(slow) and slow[k] < rate
        if below and start is None:
            start = k
        if not below and start is not None:
            if log_t[k] - log_t[start] >= decades * math.log(10):
                best = start + int(slow[start:k].argmin())
                found.append(Stagnation(steps[best], losses[best], slow[best].item(), steps[start], steps[k]))
            start = None
    return found


@dataclass(frozen=True)
class Gap:
    """How far a stagnating wide network is from a critical point of a narrow one."""

    loss: float  # R_S(wide) - R_S(narrow)
    relative: float  # that over R_S(narrow)
    outputs: float  # root mean square of f_wide - f_narrow over the samples and outputs


def gap(wide: Tensor, narrow: Tensor, y: Tensor) -> Gap:
    """Compare outputs (n, d') of two networks on the samples with targets ``y`` (n, d').

    The embedding principle makes a stagnation near a narrow critical point possible, not certain: neurons of
    one orientation and different lengths need not equal one neuron, so the gap is measured, not assumed.
    """
    if not wide.shape == narrow.shape == y.shape:
        raise ValueError(
            f"outputs and targets of one shape are needed, got {wide.shape, narrow.shape, y.shape}"
        )
    first, second = ((f - y).square().sum(1).mean().item() for f in (wide, narrow))
    rms = (wide - narrow).square().mean().sqrt().item()
    return Gap(first - second, (first - second) / second if second else math.inf, rms)
