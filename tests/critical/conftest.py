"""Small problems with critical points that take milliseconds to find."""

import pytest
import torch
from torch import Tensor

from anarch.critical.networks import initial
from anarch.critical.search import descend, polish
from anarch.models.flat import Network
from anarch.randomness import generator


@pytest.fixture(scope="session")
def line() -> tuple[Tensor, Tensor]:
    """24 points of a smooth curve that two tanh neurons fit but not exactly; x and y (24, 1)."""
    x = torch.linspace(-2, 2, 24, dtype=torch.float64).unsqueeze(1)
    return x, torch.tanh(2 * x + 1) - 0.6 * torch.tanh(1.5 * x - 1) + 0.1 * torch.sin(4 * x)


@pytest.fixture(scope="session")
def minima(line) -> list[tuple[Network, Tensor]]:
    """The best critical point of widths 1 and 2 on `line` to machine precision, without output bias."""
    found = []
    for width in (1, 2):
        network = Network((1, width, 1), output_bias=False)
        path = descend(
            network, initial(network, 12, 1.0, generator(0, "starts", width)), *line, lr=0.1, steps=1500
        )
        points = polish(network, path.theta, *line)
        residual = torch.where(points.converged, path.losses[-1], torch.inf)
        found.append((network, points.theta[residual.argmin()]))
    return found
