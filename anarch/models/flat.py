"""Small fully connected networks over a flat parameter vector, any number of them at once.

theta (..., P) holds W[1], b[1], ..., W[L], b[L] of embedding eq. (1), each row by row: the order of
``nn.Sequential(...).parameters()``, so that no number moves on the way.  Leading axes are networks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Network:
    """Which network: embedding Sec. 4.1."""

    widths: tuple[int, ...]  # (m_0, ..., m_L)
    activation: str = "tanh"  # sigma: tanh, relu, sigmoid or softplus
    output_bias: bool = True  # b[L] of eq. (2); the formula of Fig. 5 has none

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise ValueError(f"widths must be inputs, hidden… and outputs, each 1 or more; got {self.widths}")
        if self.activation not in SIGMA:
            raise ValueError(f"unknown activation {self.activation!r}; allowed: {', '.join(SIGMA)}")

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of W[1], b[1], ..., W[L], b[L]."""
        shapes: list[tuple[int, ...]] = []
        for below, above in pairwise(self.widths):
            shapes += [(above, below), (above,)]
        return shapes if self.output_bias else shapes[:-1]

    @property
    def parameters(self) -> int:
        """P: the paper's M = sum_l (m_l + 1) m_{l+1}, less the output bias where there is none."""
        return sum(math.prod(shape) for shape in self.shapes)


# sigma, sigma' as a function of its argument and of sigma, and the module of the same name
SIGMA: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor], type[nn.Module]]] = {
    "tanh": (torch.tanh, lambda u, f: 1 - f * f, nn.Tanh),
    "relu": (F.relu, lambda u, f: (u > 0).to(u.dtype), nn.ReLU),
    "sigmoid": (torch.sigmoid, lambda u, f: f * (1 - f), nn.Sigmoid),
    "softplus": (F.softplus, lambda u, f: torch.sigmoid(u), nn.Softplus),
}


def layers(network: Network, theta: Tensor) -> list[tuple[Tensor, Tensor | None]]:
    """(W (..., m_l, m_{l-1}), b (..., m_l)) for l = 1..L: views of ``theta`` (..., P).

    Raises:
        ValueError: P is not the number of parameters of ``network``.
    """
    if theta.shape[-1] != network.parameters:
        raise ValueError(
            f"theta must have {network.parameters} entries for widths {network.widths}, got {theta.shape[-1]}"
        )
    parts = theta.split([math.prod(shape) for shape in network.shapes], dim=-1)
    views = [part.unflatten(-1, shape) for part, shape in zip(parts, network.shapes, strict=True)]
    biases = views[1::2] if network.output_bias else [*views[1::2], None]
    return list(zip(views[::2], biases, strict=True))


def empty(network: Network) -> nn.Sequential:
    """Linear, sigma, ..., Linear; nothing is drawn, the weights are yet to be filled in."""
    modules: list[nn.Module] = []
    for level, (below, above) in enumerate(pairwise(network.widths), start=2):
        bias = level < len(network.widths) or network.output_bias
        modules += [nn.utils.skip_init(nn.Linear, below, above, bias), SIGMA[network.activation][2]()]
    return nn.Sequential(*modules[:-1])


@torch.no_grad()
def unpack(network: Network, theta: Tensor) -> nn.Sequential:
    """The module with parameters ``theta`` (P,), which are copied."""
    module = empty(network).to(theta)
    views = [part for layer in layers(network, theta) for part in layer if part is not None]
    for parameter, view in zip(module.parameters(), views, strict=True):
        parameter.copy_(view)
    return module


def pack(model: nn.Sequential) -> tuple[Network, Tensor]:
    """The `Network` that ``model`` is, and its theta (P,), a copy.

    Raises:
        ValueError: ``model`` is not Linear layers with one known activation between them.
    """
    linears, between = list(model)[::2], list(model)[1::2]
    kinds = {type(module) for module in between}
    names = [name for name, (_, _, kind) in SIGMA.items() if kinds == {kind}]
    known = all(type(module) is nn.Linear for module in linears) and len(linears) == len(between) + 1
    if not (known and names and all(module.bias is not None for module in linears[:-1])):
        raise ValueError(
            f"cannot pack {model}: allowed are biased Linear layers with one activation of "
            f"{', '.join(SIGMA)} between them"
        )
    weights = [linear.get_parameter("weight") for linear in linears]
    widths = (weights[0].shape[1], *(len(weight) for weight in weights))
    network = Network(widths, names[0], linears[-1].bias is not None)
    return network, torch.cat([p.detach().flatten() for p in model.parameters()])
