"""Full-batch training of one wide two-layer network, with the gradient written out: Figs. 1 and 5.

f_theta(x) = sum_k a_k sigma(w_k^T x~), x~ = (x, 1): embedding Sec. 3.2, without output bias.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import torch
from torch import Tensor

from anarch.models.flat import Network

Net = TypeVar("Net", bound="TwoLayer")


@dataclass
class TwoLayer:
    """w_k with its bias, (m, d + 1), and a_k, (m, d'); sigma is tanh or relu."""

    inner: Tensor
    outer: Tensor
    activation: str = "tanh"

    def __post_init__(self) -> None:
        if self.activation not in ("tanh", "relu"):
            raise ValueError(f"activation must be tanh or relu, got {self.activation!r}")
        if self.inner.ndim != 2 or self.outer.ndim != 2 or len(self.inner) != len(self.outer):
            raise ValueError(
                f"inner (m, d + 1) and outer (m, d') are needed, got {tuple(self.inner.shape)} and "
                f"{tuple(self.outer.shape)}"
            )

    def hidden(self, x: Tensor) -> Tensor:
        """Features (n, m) of ``x`` (n, d)."""
        return _activate(with_ones(x) @ self.inner.T, self.activation)

    def output(self, x: Tensor) -> Tensor:
        """f_theta(x), (n, d')."""
        return self.hidden(x) @ self.outer

    def loss(self, x: Tensor, y: Tensor) -> float:
        """(1/n) sum_i |f(x_i) - y_i|^2, as `networks.loss`."""
        return (self.output(x) - y).square().sum(1).mean().item()

    def inputs(self, x: Tensor) -> Tensor:
        """``x`` as `slopes` reads it, so that a training lays it out once."""
        return with_ones(x)

    def slopes(self, inputs: Tensor, y: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """f - y, and the gradient for (inner, outer); in place where a temporary can be spared."""
        h = _activate(inputs @ self.inner.T, self.activation)
        residual = torch.addmm(y, h, self.outer, beta=-1)
        scale = 2 / len(inputs)
        outer = (h.T @ residual).mul_(scale)
        slope = h.square_().neg_().add_(1.0) if self.activation == "tanh" else h.gt_(0)
        # One output: a product of column and row, many times faster than the matrix product of inner size 1.
        back = residual * self.outer.T if y.shape[1] == 1 else residual @ self.outer.T
        return residual, ((back.mul_(slope).T @ inputs).mul_(scale), outer)

    def widened(self, width: int) -> Self:
        """The same function with ``width`` neurons: each as equal copies, the first ones as one more."""
        m = len(self.inner)
        counts = [width // m + (k < width % m) for k in range(m)]
        return spread(self, [torch.full((count,), 1 / count, dtype=torch.float64) for count in counts])

    def clone(self) -> Self:
        return replace(self, inner=self.inner.clone(), outer=self.outer.clone())

    def to(self, device: torch.device) -> Self:
        return replace(self, inner=self.inner.to(device), outer=self.outer.to(device))


@dataclass(frozen=True)
class History:
    """A training of S steps, looked at every so many."""

    steps: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)  # R_S before that step
    gradient_norms: list[float] = field(default_factory=list)  # L1
    snapshots: dict[int, TwoLayer] = field(default_factory=dict)


def gaussian(
    inputs: int,
    width: int,
    outputs: int,
    variance: float,
    generator: torch.Generator,
    *,
    activation: str = "tanh",
    dtype: torch.dtype = torch.float64,
) -> TwoLayer:
    """Every parameter N(0, variance) (Sec. 3.2); drawn in float64, so that precisions share their start."""
    if not variance > 0 or min(inputs, width, outputs) < 1:
        raise ValueError(
            f"sizes of 1 or more and a variance above 0 are needed, got {inputs, width, outputs, variance}"
        )
    draw = [torch.randn(width, n, generator=generator, dtype=torch.float64) for n in (inputs + 1, outputs)]
    inner, outer = ((part * math.sqrt(variance)).to(dtype) for part in draw)
    return TwoLayer(inner, outer, activation)


def from_flat(network: Network, theta: Tensor) -> TwoLayer:
    """The two-layer ``network`` without output bias at ``theta`` (P,) of `networks`."""
    if len(network.widths) != 3 or network.output_bias:
        raise ValueError(f"a two-layer network without output bias is needed, got {network}")
    d, m, outputs = network.widths
    weight, bias, outer = theta.split([m * d, m, m * outputs])
    inner = torch.cat([weight.view(m, d), bias.view(m, 1)], 1)
    return TwoLayer(inner, outer.view(outputs, m).T.contiguous(), network.activation)


def to_flat(net: TwoLayer) -> tuple[Network, Tensor]:
    """The inverse of `from_flat`."""
    network = Network((net.inner.shape[1] - 1, len(net.inner), net.outer.shape[1]), net.activation, False)
    return network, torch.cat([net.inner[:, :-1].flatten(), net.inner[:, -1], net.outer.T.flatten()])


def spread(net: Net, shares: Sequence[Tensor]) -> Net:
    """Neuron k as len(shares[k]) copies with those shares of a_k: a composition of T^alpha (definition 5).

    Shares of one neuron sum to 1; any such numbers can be reached.  Equal shares 1/m of Fig. 3 make each
    copy's block of the Hessian, alpha (1 - alpha) B, and so its escape, about m times slower; `halving` does
    not.

    Raises:
        ValueError: as many vectors as neurons are needed, each with the sum 1.
    """
    if len(shares) != len(net.inner) or any(abs(part.sum().item() - 1) > 1e-9 for part in shares):
        raise ValueError(f"{len(net.inner)} vectors of shares with the sum 1 are needed, got {len(shares)}")
    counts = torch.tensor([len(part) for part in shares])
    factors = torch.cat(list(shares)).to(net.outer).unsqueeze(1)
    inner, outer = (part.repeat_interleave(counts, 0) for part in (net.inner, net.outer))
    return replace(net, inner=inner, outer=outer * factors)


def halving(copies: int) -> Tensor:
    """Shares 1/2, 1/4, 1/8, ... of ``copies`` neurons, the last two equal: every split with alpha = 1/2."""
    if copies < 1:
        raise ValueError(f"copies must be 1 or more, got {copies}")
    powers = torch.arange(1, copies + 1, dtype=torch.float64).clamp_max(max(copies - 1, 0))
    return torch.exp2(-powers)


def perturb(net: TwoLayer, scale: float, generator: torch.Generator) -> TwoLayer:
    """``net`` with N(0, scale^2) added to every parameter: the push off a saddle."""
    noisy = [
        part + scale * torch.randn(part.shape, generator=generator, dtype=torch.float64).to(part)
        for part in (net.inner, net.outer)
    ]
    return TwoLayer(noisy[0], noisy[1], net.activation)


def train(
    net: TwoLayer,
    x: Tensor,
    y: Tensor,
    *,
    lr: float,
    steps: int,
    adam: bool = False,
    record_every: int = 100,
    keep: Collection[int] = (),
) -> History:
    """Full-batch gradient descent, or default Adam, on x (n, ...), y (n, d'); changes ``net``.

    Loss (1/n) sum_i |f - y|^2.  ``keep``: steps (updates made) whose network goes into ``snapshots``.

    Raises:
        ValueError: impossible options, or a loss that is no longer finite.
    """
    if not lr > 0 or steps < 0 or record_every < 1:
        raise ValueError(
            f"lr > 0, steps >= 0 and record_every >= 1 are needed, got {lr}, {steps}, {record_every}"
        )
    wanted, history, inputs = set(keep), History(), net.inputs(x)
    parts = [net.inner, net.outer]
    optimiser = (torch.optim.Adam if adam else torch.optim.SGD)(parts, lr=lr)
    for step in range(steps + 1):
        residual, slopes = net.slopes(inputs, y)
        if step % record_every == 0 or step == steps:
            _record(history, step, residual, slopes, lr)
        if step in wanted:
            history.snapshots[step] = net.clone()
        if step < steps:
            for part, slope in zip(parts, slopes, strict=True):
                part.grad = slope
            optimiser.step()
    for part in parts:
        part.grad = None
    return history


def decay(history: History, k: int) -> float | None:
    """-d ln(loss) / d ln(step) at record ``k``, from its neighbours."""
    before, after = max(k - 1, 0), min(k + 1, len(history.steps) - 1)
    if history.steps[before] == 0 or min(history.losses[before], history.losses[after]) <= 0:
        return None
    fall = math.log(history.losses[before] / history.losses[after])
    return fall / math.log(history.steps[after] / history.steps[before])


def recorded(steps: int, every: int) -> list[int]:
    """The steps that a training of ``steps`` looks at: every so many, and the last."""
    return sorted({*range(0, steps, every), steps})


def with_ones(x: Tensor) -> Tensor:
    """x~ = (x, 1): (n, d) -> (n, d + 1)."""
    return torch.cat([x, x.new_ones(len(x), 1)], 1)


def _activate(u: Tensor, activation: str) -> Tensor:
    return u.tanh_() if activation == "tanh" else u.relu_()


def _record(history: History, step: int, residual: Tensor, slopes: tuple[Tensor, ...], lr: float) -> None:
    value = residual.square().sum(1).mean().item()
    if not math.isfinite(value):
        raise ValueError(f"the loss is {value} at step {step}: lower lr ({lr})")
    history.steps.append(step)
    history.losses.append(value)
    history.gradient_norms.append(sum(slope.abs().sum().item() for slope in slopes))
