"""Twins of a fully connected network that see the same pixels in another order (scratch, Sec. 4.1)."""

from collections.abc import Iterable
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from anarch.data.pixels import permuted
from anarch.training.optimisers import make_optimiser
from anarch.workflow.specs import Recipe

Batch = tuple[Tensor, Tensor]  # inputs (n, C, H, W) and labels


@torch.no_grad()
def permuted_twin(network: nn.Module, input_shape: tuple[int, int, int], order: Tensor) -> nn.Module:
    """A copy that makes of images whose pixels are in ``order`` (H * W,) what ``network`` does of the images.

    Its first layer has its columns in that order.

    Raises:
        ValueError: the first layer with a weight is not fully connected to inputs of ``input_shape``.
    """
    twin = deepcopy(network)
    first = next(m for m in twin.modules() if isinstance(getattr(m, "weight", None), nn.Parameter))
    weight = first.get_parameter("weight")
    if weight.ndim != 2 or weight.shape[1] != torch.Size(input_shape).numel():
        raise ValueError(
            f"{type(first).__name__} is not fully connected to inputs of shape {tuple(input_shape)}: "
            "there is no column of each pixel to permute"
        )
    weight.copy_(permuted(weight.view(-1, *input_shape), order).flatten(1))
    return twin


def descend(network: nn.Module, batches: Iterable[Batch], recipe: Recipe) -> None:
    """Train ``network`` on ``batches``, a step each, by the optimiser of ``recipe`` at its first rate."""
    optimiser = make_optimiser(network, recipe, seed=0)
    network.train()
    for x, y in batches:

        def slopes(x: Tensor = x, y: Tensor = y) -> Tensor:
            optimiser.zero_grad()
            loss = F.cross_entropy(network(x), y)
            loss.backward()
            return loss.detach()

        optimiser.step(slopes)  # type: ignore[arg-type]
    network.eval()


@torch.no_grad()
def largest_difference(network: nn.Module, twin: nn.Module, x: Tensor, order: Tensor) -> float:
    """Of a logit, between ``network`` on ``x`` and ``twin`` on ``x`` in ``order``, over the largest logit."""
    logits: Tensor = network(x)
    return ((logits - twin(permuted(x, order))).abs().max() / logits.abs().max()).item()
