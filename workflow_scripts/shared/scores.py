"""Loss and accuracy of a network of one logit or of several."""

from torch import nn

from anarch.landscape.surface import point_scores
from shared.minima import Points


def scores(network: nn.Module, points: Points) -> tuple[float, float]:
    """Mean cross entropy and accuracy of ``network`` on ``points``."""
    own = {name: p.detach()[None] for name, p in network.named_parameters()}
    loss, accuracy = point_scores(network, own, *points)[0].tolist()
    return loss, accuracy
