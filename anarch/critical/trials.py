"""Random networks, one random embedding of each, and random critical points: what the certificate tries."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from anarch.critical.networks import initial
from anarch.critical.search import descend, polish
from anarch.critical.splitting import split_channel, split_neuron
from anarch.models.flat import Network

_ACTIVATIONS = (nn.Tanh, nn.ReLU, nn.Sigmoid, nn.Softplus, nn.SiLU)
_ALPHAS = (0.5, 0.0, 1.0)  # beside numbers drawn from -3 to 3


@dataclass(frozen=True)
class Trial:
    """One random network before and after one random one-step embedding, and data for it."""

    narrow: nn.Sequential
    wide: nn.Module
    place: int  # of the split weight layer in the nn.Sequential; the next one stands at `following`
    following: int
    unit: int
    alpha: float
    x: Tensor
    y: Tensor
    loss: Callable[[Tensor, Tensor], Tensor]

    @property
    def units(self) -> int:
        """Neurons or channels of the layer that is split."""
        return len(self.narrow.get_parameter(f"{self.place}.weight"))


def random_perceptron(generator: torch.Generator) -> Trial:
    """Depth 2 to 4, widths 1 to 6, one of five activations, MSE or cross entropy, any real alpha."""
    depth = 2 + draw(3, generator)
    widths = [1 + draw(6, generator) for _ in range(depth)] + [2 + draw(3, generator)]
    sigma = _ACTIVATIONS[draw(len(_ACTIVATIONS), generator)]
    modules: list[nn.Module] = []
    for below, above in pairwise(widths):
        modules += [nn.utils.skip_init(nn.Linear, below, above, dtype=torch.float64), sigma()]
    narrow = _filled(nn.Sequential(*modules[:-1]), generator)
    layer = draw(depth - 1, generator)
    unit, alpha = draw(widths[layer + 1], generator), _alpha(generator)
    wide = split_neuron(narrow, layer, unit, alpha)
    shape = (widths[0],)
    return _trial(narrow, wide, 2 * layer, 2 * layer + 2, unit, alpha, shape, widths[-1], generator)


def random_cnn(generator: torch.Generator) -> Trial:
    """Conv2d, pool, Conv2d, Linear with 2 to 4 channels each, one channel split; the rest as above."""
    first, second, outputs = (2 + draw(3, generator) for _ in range(3))
    sigma = _ACTIVATIONS[draw(len(_ACTIVATIONS), generator)]
    convolution = {"kernel_size": 2, "dtype": torch.float64}
    narrow = nn.Sequential(
        nn.utils.skip_init(nn.Conv2d, 2, first, **convolution), sigma(), nn.AvgPool2d(2),
        nn.utils.skip_init(nn.Conv2d, first, second, **convolution), sigma(), nn.Flatten(),
        nn.utils.skip_init(nn.Linear, second * 2, outputs, dtype=torch.float64),
    )  # fmt: skip
    _filled(narrow, generator)
    layer = draw(2, generator)
    unit, alpha = draw((first, second)[layer], generator), _alpha(generator)
    wide = split_channel(narrow, layer, unit, alpha)
    return _trial(narrow, wide, 3 * layer, 3 * layer + 3, unit, alpha, (2, 7, 5), outputs, generator)


def _trial(
    narrow: nn.Sequential, wide: nn.Module, place: int, following: int, unit: int, alpha: float,
    shape: tuple[int, ...], outputs: int, generator: torch.Generator,
) -> Trial:  # fmt: skip
    x = torch.randn(9, *shape, generator=generator, dtype=torch.float64)
    if draw(2, generator):
        labels = torch.randint(outputs, (9,), generator=generator)
        return Trial(narrow, wide, place, following, unit, alpha, x, labels, F.cross_entropy)
    y = torch.randn(9, outputs, generator=generator, dtype=torch.float64)
    return Trial(narrow, wide, place, following, unit, alpha, x, y, F.mse_loss)


def _filled(net: nn.Sequential, generator: torch.Generator) -> nn.Sequential:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(generator=generator)
    return net


def critical_points(
    count: int, generator: torch.Generator
) -> Iterator[tuple[Network, Tensor, Tensor, Tensor]]:
    """Critical points of width-2 networks on ``count`` random data sets of 12 points, one or two outputs."""
    for trial in range(count):
        network = Network((2, 2, 1 + trial % 2), ("tanh", "sigmoid", "softplus")[trial % 3], bool(trial % 4))
        x = torch.randn(12, 2, generator=generator, dtype=torch.float64)
        y = torch.randn(12, network.widths[-1], generator=generator, dtype=torch.float64)
        path = descend(network, initial(network, 8, 1.0, generator), x, y, lr=0.1, steps=300)
        points = polish(network, path.slowest, x, y, tol=1e-13, max_iterations=40)
        small = points.theta.abs().amax(1) < 20  # beyond that a neuron is saturated: a point at infinity
        for k in (points.converged & small).nonzero().squeeze(1)[:2].tolist():
            yield network, points.theta[k], x, y


def _alpha(generator: torch.Generator) -> float:
    choice = draw(len(_ALPHAS) + 3, generator)
    drawn = 6 * torch.rand((), generator=generator, dtype=torch.float64).item() - 3
    return _ALPHAS[choice] if choice < len(_ALPHAS) else drawn


def draw(below: int, generator: torch.Generator) -> int:
    """A number from 0 to ``below`` - 1."""
    return int(torch.randint(below, (), generator=generator))
