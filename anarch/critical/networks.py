"""Loss, gradient and Hessian of small fully connected networks, many at once (embedding, Sec. 4).

theta (..., P) is laid out as `anarch.models.flat` says.  Leading axes are networks.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor
from torch.func import jacfwd, jvp, vmap

from anarch.models.flat import SIGMA, Network, layers


def output(network: Network, theta: Tensor, x: Tensor) -> Tensor:
    """f_theta(x), eq. (2): theta (..., P), x (n, d) -> (..., n, d')."""
    return _forward(network, theta, x)[-1][0]


def features(network: Network, theta: Tensor, x: Tensor) -> list[Tensor]:
    """f^[0] ... f^[L] of Sec. 4.1, each (..., n, m_l) and f^[0] = x (n, d)."""
    passes = _forward(network, theta, x)
    return [x, *(f for _, f in passes[:-1]), passes[-1][0]]


def loss(network: Network, theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """R_S of eq. (3) with l = |f - y|^2: (1/n) sum_i |f(x_i) - y_i|^2, summed over the d' outputs; (...).

    torch's MSELoss is this over d': for one output (the 1-D data) they are equal.
    """
    return (output(network, theta, x) - y).square().sum(-1).mean(-1)


def error_vectors(network: Network, theta: Tensor, x: Tensor, y: Tensor) -> list[Tensor]:
    """dR_S / du^[l] for l = 1..L, each (..., n, m_l): z^[l] o g^[l] of Sec. 4.2 with R_S's 1/n inside."""
    return _backward(network, theta, _forward(network, theta, x), y)


def gradient(network: Network, theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Gradient of `loss` (..., P) by the back-propagation of Sec. 4.2, written out: exact, and no graph."""
    passes = _forward(network, theta, x)
    below = [x, *(f for _, f in passes[:-1])]
    parts: list[Tensor] = []
    for level, z in enumerate(_backward(network, theta, passes, y)):
        parts.append((z.mT @ below[level]).flatten(-2))
        if level < len(passes) - 1 or network.output_bias:
            parts.append(z.sum(-2))
    return torch.cat(parts, dim=-1)


def _backward(
    network: Network, theta: Tensor, passes: list[tuple[Tensor, Tensor]], y: Tensor
) -> list[Tensor]:
    derivative = SIGMA[network.activation][1]
    weights = [w for w, _ in layers(network, theta)]
    z = [(passes[-1][0] - y) * (2 / len(y))]
    for level in reversed(range(1, len(weights))):
        z.append((z[-1] @ weights[level]) * derivative(*passes[level - 1]))
    return z[::-1]


def hessian(network: Network, theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Hessian of `loss`, dense (..., P, P) and exactly symmetric: forward differentiation of `gradient`."""
    flat = theta.reshape(-1, theta.shape[-1])
    raw = vmap(jacfwd(lambda t: gradient(network, t, x, y)))(flat)
    return ((raw + raw.mT) / 2).reshape(*theta.shape, theta.shape[-1])


def slope_and_bend(network: Network, theta: Tensor, x: Tensor, layer: int) -> tuple[Tensor, Tensor]:
    """sigma' and sigma'' at the inputs of hidden layer ``layer`` (from 0), each (n, m_l)."""
    u, _ = _forward(network, theta, x)[layer]
    derivative = SIGMA[network.activation][1]
    sigma = SIGMA[network.activation][0]
    first, second = jvp(lambda v: derivative(v, sigma(v)), (u,), (torch.ones_like(u),))  # type: ignore[misc]
    return first, second


def initial(
    network: Network,
    count: int,
    variance: float,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """``count`` starts (count, P), every parameter N(0, variance) (Sec. 3.2)."""
    if not variance > 0 or count < 1:
        raise ValueError(f"variance must be above 0 and count 1 or more, got {variance} and {count}")
    return torch.randn(count, network.parameters, generator=generator, dtype=dtype) * math.sqrt(variance)


def hidden_width(network: Network, width: int) -> Network:
    """The two-layer ``network`` with another number m of hidden neurons."""
    return replace(network, widths=(network.widths[0], width, network.widths[-1]))


def _forward(network: Network, theta: Tensor, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """(u, sigma(u)) of every layer, u = W f + b; the last layer's second entry is not used."""
    sigma = SIGMA[network.activation][0]
    passes: list[tuple[Tensor, Tensor]] = []
    f = x
    for weight, bias in layers(network, theta):
        u = f @ weight.mT
        u = u if bias is None else u + bias.unsqueeze(-2)
        f = sigma(u) if len(passes) < len(network.widths) - 2 else u
        passes.append((u, f))
    return passes
