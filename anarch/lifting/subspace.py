"""The CNN subspace in the lifted space: the nearest point of it, and the filters of single units (needle)."""

import math
from copy import deepcopy

import torch
from torch import Tensor, nn

from anarch.lifting.layers import FullyConnected
from anarch.lifting.locality import local_part
from anarch.lifting.walk import lifted_layers


@torch.no_grad()
def project(lifted: nn.Module) -> nn.Module:
    """A copy of ``lifted`` at the nearest point of the CNN subspace: Phi Phi^+ of every lifted layer.

    With zero padding that is the mean over tied weights (and over the positions of a bias), and 0 off-local.
    Sums are in float64.  What was not lifted stays as it is.

    Raises:
        ValueError: ``lifted`` holds no lifted layer.
    """
    nearest = deepcopy(lifted)
    for layer in lifted_layers(nearest).values():
        kernel, bias = layer.nearest_kernel(), layer.nearest_bias()
        dtype = layer.weight.dtype
        tied = type(layer)(layer.geometry, kernel.to(dtype), None if bias is None else bias.to(dtype))
        layer.weight.data = tied.weight.data
        if layer.bias is not None and tied.bias is not None:
            layer.bias.data = tied.bias.data
    return nearest


@torch.no_grad()
def untied(lifted: nn.Module) -> float:
    """Share of the norm of the local weights by which they are not shared: their distance from `project`.

    0 for a network just lifted, near 1 where local weights were drawn one by one.  Biases do not count.

    Raises:
        ValueError: ``lifted`` holds no lifted layer.
    """
    local, tied = (lifted_layers(network) for network in (local_part(lifted), project(lifted)))
    squares = [
        (
            layer.weight.double().square().sum().item(),
            (layer.weight - tied[name].weight).double().square().sum().item(),
        )
        for name, layer in local.items()
    ]
    whole, apart = (math.fsum(part) for part in zip(*squares, strict=True))
    return math.sqrt(apart / whole) if apart else 0.0


def unit_filter(lifted: nn.Module, layer: int | str, channel: int, position: tuple[int, int]) -> Tensor:
    """Incoming weights (C, H, W) of one unit of a fully connected layer: a "filter" of needle, Figs. 6 and 7.

    Args:
        lifted: an eFCN or FCN.
        layer: number of the lifted layer from 0, or its name.
        channel, position: the unit's channel, and its row and column on the output map.

    Raises:
        ValueError: there is no such layer or unit, or the layer is not fully connected.
    """
    layers = lifted_layers(lifted)
    names = list(layers)
    if isinstance(layer, int):
        if not 0 <= layer < len(names):
            raise ValueError(f"there is no lifted layer {layer}; allowed: 0 to {len(names) - 1}")
        layer = names[layer]
    module = layers.get(layer)
    if module is None:
        raise ValueError(f"there is no lifted layer {layer!r}; allowed: {', '.join(map(repr, names))}")
    if not isinstance(module, FullyConnected):
        kind = type(module).__name__
        raise ValueError(f"layer {layer!r} is {kind}; only FullyConnected has filters of the map's size")
    unit, shape = (channel, *position), module.geometry.outputs
    if not all(0 <= at < size for at, size in zip(unit, shape, strict=True)):
        raise ValueError(f"layer {layer!r} has no unit {unit}; (channel, row, column) are below {shape}")
    return module.weight.detach().view(*shape, *module.geometry.inputs)[unit].clone()
