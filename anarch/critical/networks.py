"""Small fully-connected networks as functions of a flat parameter vector, any number of them at once.

theta (..., P) holds W[1], b[1], ..., W[L], b[L] of embedding eq. (1) row by row: the order of
``nn.Sequential(...).parameters()``, so `pack` and `unpack` move no number.  Leading axes are networks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.func import jacfwd, jvp, vmap
from torch.nn import functional as F


@dataclass(frozen=True)
class Network:
    """Which network: embedding Sec. 4.1."""

    widths: tuple[int, ...]  # (m_0, ..., m_L)
    activation: str = "tanh"  # sigma: tanh, relu, sigmoid or softplus
    output_bias: bool = True  # b[L] of eq. (2); the formula of Fig. 5 has none

    def __post_init__(self) -> None:
        if len(self.widths) < 3 or min(self.widths) < 1:
            raise ValueError(f"widths must be at least input, one hidden and output, got {self.widths}")
        if self.activation not in _SIGMA:
            raise ValueError(f"unknown activation {self.activation!r}; allowed: {', '.join(_SIGMA)}")

    @property
    def parameters(self) -> int:
        """P: the paper's M = sum_l (m_l + 1) m_{l+1}, less the output bias where there is none."""
        return sum(math.prod(shape) for shape in _shapes(self))


# sigma, sigma' as a function of its argument and of sigma, and the module of the same name
_SIGMA: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor], type[nn.Module]]] = {
    "tanh": (torch.tanh, lambda u, f: 1 - f * f, nn.Tanh),
    "relu": (F.relu, lambda u, f: (u > 0).to(u.dtype), nn.ReLU),
    "sigmoid": (torch.sigmoid, lambda u, f: f * (1 - f), nn.Sigmoid),
    "softplus": (F.softplus, lambda u, f: torch.sigmoid(u), nn.Softplus),
}


def layers(network: Network, theta: Tensor) -> list[tuple[Tensor, Tensor | None]]:
    """(W (..., m_l, m_{l-1}), b (..., m_l)) for l = 1..L: views of ``theta`` (..., P)."""
    if theta.shape[-1] != network.parameters:
        raise ValueError(
            f"theta must have {network.parameters} entries for widths {network.widths}, got {theta.shape[-1]}"
        )
    shapes = _shapes(network)
    parts = theta.split([math.prod(shape) for shape in shapes], dim=-1)
    views = [part.unflatten(-1, shape) for part, shape in zip(parts, shapes, strict=True)]
    biases = views[1::2] if network.output_bias else [*views[1::2], None]
    return list(zip(views[::2], biases, strict=True))


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
    derivative = _SIGMA[network.activation][1]
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
    derivative = _SIGMA[network.activation][1]
    sigma = _SIGMA[network.activation][0]
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


def pack(model: nn.Sequential) -> tuple[Network, Tensor]:
    """The `Network` that ``model`` is, and its theta (P,), a copy.

    Raises:
        ValueError: ``model`` is not Linear layers with one known activation between them.
    """
    linears, between = list(model)[::2], list(model)[1::2]
    kinds = {type(module) for module in between}
    names = [name for name, (_, _, kind) in _SIGMA.items() if kinds == {kind}]
    known = all(type(module) is nn.Linear for module in linears) and len(linears) == len(between) + 1
    if not (known and names and all(module.bias is not None for module in linears[:-1])):
        raise ValueError(
            f"cannot pack {model}: allowed are biased Linear layers with one activation of "
            f"{', '.join(_SIGMA)} between them"
        )
    weights = [linear.get_parameter("weight") for linear in linears]
    widths = (weights[0].shape[1], *(len(weight) for weight in weights))
    network = Network(widths, names[0], linears[-1].bias is not None)
    return network, torch.cat([p.detach().flatten() for p in model.parameters()])


def unpack(network: Network, theta: Tensor) -> nn.Sequential:
    """The module with parameters ``theta`` (P,), copied: Linear, sigma, ..., Linear."""
    modules: list[nn.Module] = []
    for weight, bias in layers(network, theta):
        linear = nn.utils.skip_init(
            nn.Linear,
            weight.shape[-1],
            weight.shape[-2],
            bias is not None,
            dtype=theta.dtype,
            device=theta.device,
        )
        with torch.no_grad():
            linear.weight.copy_(weight)
            if bias is not None:
                linear.bias.copy_(bias)
        modules += [linear, _SIGMA[network.activation][2]()]
    return nn.Sequential(*modules[:-1])


def hidden_width(network: Network, width: int) -> Network:
    """The two-layer ``network`` with another number m of hidden neurons."""
    return replace(network, widths=(network.widths[0], width, network.widths[-1]))


def _forward(network: Network, theta: Tensor, x: Tensor) -> list[tuple[Tensor, Tensor]]:
    """(u, sigma(u)) of every layer, u = W f + b; the last layer's second entry is not used."""
    sigma = _SIGMA[network.activation][0]
    passes: list[tuple[Tensor, Tensor]] = []
    f = x
    for weight, bias in layers(network, theta):
        u = f @ weight.mT
        u = u if bias is None else u + bias.unsqueeze(-2)
        f = sigma(u) if len(passes) < len(network.widths) - 2 else u
        passes.append((u, f))
    return passes


def _shapes(network: Network) -> list[tuple[int, ...]]:
    shapes: list[tuple[int, ...]] = []
    for below, above in zip(network.widths, network.widths[1:], strict=False):
        shapes += [(above, below), (above,)]
    return shapes if network.output_bias else shapes[:-1]
