"""How far a stagnating network is from a narrow one's critical point (embedding, Fig. 1)."""

import math
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Gap:
    """How far a stagnating wide network is from a critical point of a narrow one."""

    loss: float  # R_S(wide) - R_S(narrow)
    relative: float  # that over R_S(narrow)
    outputs: float  # root mean square of f_wide - f_narrow over the samples and outputs


def share_apart(wide: Tensor, narrow: Tensor) -> float:
    """Root mean square of f_wide - f_narrow over that of f_narrow, of outputs (g, d') on fresh points."""
    return ((wide - narrow).square().mean() / narrow.square().mean()).sqrt().item()


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
