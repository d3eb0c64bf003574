"""Lifted layers as plain matrices, for what knows torch's own layers only, such as path norms."""

from copy import deepcopy

import torch
from torch import Tensor, nn

from anarch.lifting.layers import FullyConnected, LiftedConv


@torch.no_grad()
def as_linear(network: nn.Module) -> nn.Module:
    """A copy in which every lifted layer is flatten, ``nn.Linear``, unflatten: the same function.

    A network without lifted layers is copied as it is.  What a locally connected unit does not see gets the
    weight 0, so its matrix takes the memory of a fully connected layer.
    """
    if isinstance(network, LiftedConv):
        return _linear(network)
    copy = deepcopy(network)
    for name, module in list(copy.named_modules()):
        if isinstance(module, LiftedConv):
            parent, _, child = name.rpartition(".")
            setattr(copy.get_submodule(parent), child, _linear(module))
    return copy


def _linear(layer: LiftedConv) -> nn.Sequential:
    weight = layer.weight.detach().clone() if isinstance(layer, FullyConnected) else _matrix(layer)
    linear = nn.utils.skip_init(nn.Linear, *weight.shape[::-1], bias=layer.bias is not None)
    linear.weight = nn.Parameter(weight)
    if layer.bias is not None:
        linear.bias = nn.Parameter(layer.bias.detach().clone())
    parts = nn.Sequential(nn.Flatten(), linear, nn.Unflatten(1, layer.geometry.outputs))
    return parts.train(layer.training)


def _matrix(layer: LiftedConv) -> Tensor:
    """Weight (C_o * P, C * H * W) from the layer's answers to unit inputs, each of which shows one column."""
    bare = deepcopy(layer)
    bare.bias = None
    inputs = layer.geometry.inputs
    count = inputs[0] * inputs[1] * inputs[2]
    units = torch.eye(count, dtype=layer.weight.dtype, device=layer.weight.device)
    columns: Tensor = bare(units.view(count, *inputs))
    return columns.flatten(1).T.contiguous()
