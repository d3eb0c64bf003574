"""Loss and accuracy of a network of one logit or of several, and the former as the latter."""

import torch
from torch import Tensor, nn

from anarch.landscape.surface import point_scores
from shared.minima import Points


class TwoClasses(nn.Module):
    """A network of one logit z as the two-class network (0, z), whose cross entropy is the same."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        z = self.network(x)
        return torch.cat((torch.zeros_like(z), z), 1)


def scores(network: nn.Module, points: Points) -> tuple[float, float]:
    """Mean cross entropy and accuracy of ``network`` on ``points``."""
    own = {name: p.detach()[None] for name, p in network.named_parameters()}
    loss, accuracy = point_scores(network, own, *points)[0].tolist()
    return loss, accuracy
