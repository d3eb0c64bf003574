"""Small fully connected ReLU networks by the hundred: one tensor (K, P), a row of P parameters a network.

A row holds the parameters of an ``nn.Sequential`` of Linear and ReLU in its own order: weight (out, in) and
bias (out,), layer by layer.  ``widths`` is (inputs, hidden…, outputs), such as (2, 25, 25, 25, 25, 1).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from anarch.models.flat import Network, empty, layers, unpack
from anarch.models.initialise import initialise_

Widths = Sequence[int]
_GLOROT = {"glorot_uniform": nn.init.xavier_uniform_, "glorot_normal": nn.init.xavier_normal_}


def outputs(parameters: Tensor, widths: Widths, x: Tensor) -> Tensor:
    """Logits (K, n, C) of K networks at ``x``: points (n, d) that all share, or (K, n, d) of each its own."""
    # Features before points: products with the long dimension last are a fifth faster on a CPU.
    h = x.expand(len(parameters), -1, -1).transpose(1, 2)
    for level, (weight, bias) in enumerate(layers(_relu(widths), parameters), start=2):
        h = torch.baddbmm(bias.unsqueeze(2), weight, h)  # type: ignore[union-attr]
        h = h.relu_() if level < len(widths) else h
    return h.transpose(1, 2)


def predictions(logits: Tensor) -> Tensor:
    """The class (..., n) of largest probability for logits (..., n, C); one logit: 1 where it is positive."""
    return (logits.squeeze(-1) > 0).long() if logits.shape[-1] == 1 else logits.argmax(-1)


def kernel_mask(widths: Widths) -> Tensor:
    """bool (P,): true for the entries of weight matrices, false for biases."""
    return torch.cat(
        [torch.arange(fan_out * fan_in + fan_out) < fan_out * fan_in for fan_in, fan_out in pairwise(widths)]
    )


def stack(networks: Iterable[nn.Module]) -> Tensor:
    """Parameters (K, P) of networks of one shape; `unstack` gives the networks back."""
    return torch.stack([parameters_to_vector(network.parameters()).detach() for network in networks])


def unstack(parameters: Tensor, i: int, widths: Widths) -> nn.Sequential:
    """Network ``i`` on its own, of Linear and ReLU: (n, d) -> logits (n, C).  Its parameters are copies."""
    return unpack(_relu(widths), parameters[i])


def fresh(widths: Widths, draws: Iterable[torch.Generator], *, start: str = "default") -> Tensor:
    """Initial parameters float32 (K, P), a generator per network, so that none depends on its neighbours.

    - default: PyTorch's, weights and biases U(-b, b) with b = 1 / sqrt(fan_in)
    - glorot_uniform: weights U(-b, b) with b = sqrt(6 / (fan_in + fan_out)), biases 0
    - glorot_normal: weights N(0, 2 / (fan_in + fan_out)), biases 0

    Raises:
        ValueError: ``start`` is none of these, or a width is below 1.
    """
    if start not in ("default", *_GLOROT):
        raise ValueError(f"start must be default, {' or '.join(_GLOROT)}, got {start!r}")
    network = empty(_relu(widths))
    if start == "default":
        return stack(initialise_(network, generator) for generator in draws)
    return stack(_glorot_(network, start, generator) for generator in draws)


@torch.no_grad()
def _glorot_(network: nn.Sequential, start: str, generator: torch.Generator) -> nn.Sequential:
    for linear in (module for module in network if isinstance(module, nn.Linear)):
        _GLOROT[start](linear.weight, generator=generator)
        linear.bias.zero_()
    return network


def _relu(widths: Widths) -> Network:
    return Network(tuple(widths), "relu")
