"""The bound of scratch's Theorem 2: a network generalises if a short code describes its weights."""

import math
from dataclasses import dataclass

import torch
from torch import nn


def description_length_bound(
    nonzero: int, distinct: int, parameters: int, samples: int, bits: int = 32, delta: float = 0.05
) -> float:
    """Bound on L_D - L_S, population loss minus sample loss (of a loss in [0, 1]; scratch, Thm. 2, eq. 2).

        sqrt((k b + |d(g)| + log(2 n / delta)) / (2 m)),    |d(g)| = ||w||_0 log(k n) + 2 log n

    It holds with probability 1 - delta over the sample.  Lengths are in bits, so every log is to base 2: it
    takes log n bits to name one of n weights and log k to name one of k values.

    Args:
        nonzero: ||w||_0, weights that are not zero.
        distinct: k, the different values among the weights, at most n.
        parameters: n, weights of the largest network that was searched, zeros included.
        samples: m, training examples.
        bits: b of one value.
        delta: probability that the bound fails.

    Raises:
        ValueError: a number out of range.
    """
    if not (1 <= distinct <= parameters and 0 <= nonzero <= parameters):
        raise ValueError(
            "distinct must be in 1..parameters and nonzero in 0..parameters, "
            f"got {distinct}, {nonzero} and {parameters} parameters"
        )
    if not (samples >= 1 and bits >= 1 and 0 < delta < 1):
        raise ValueError(
            f"samples and bits must be 1 or more and delta in (0, 1), got {samples}, {bits} and {delta}"
        )
    k, n, m = distinct, parameters, samples
    sharing = nonzero * math.log2(k * n) + 2 * math.log2(n)  # |d(g)|
    return math.sqrt((k * bits + sharing + math.log2(2 * n / delta)) / (2 * m))


@dataclass(frozen=True)
class WeightCounts:
    """What `description_length_bound` asks about a network."""

    nonzero: int
    distinct: int
    parameters: int


@torch.no_grad()
def weight_counts(model: nn.Module) -> WeightCounts:
    """Counts over all parameters of ``model``, biases and batch norm too; 0 and -0 are one value.

    Raises:
        ValueError: it has no parameters.
    """
    every = [parameter.flatten() for parameter in model.parameters()]
    if not every:
        raise ValueError(f"this {type(model).__name__} has no parameters to describe")
    values = torch.cat(every)
    return WeightCounts(
        nonzero=int(values.count_nonzero()), distinct=len(values.unique()), parameters=len(values)
    )
