"""Columns on zero padding, which the authors' lifted layers have and ours lack (needle, Sec. 4.3).

They pad by layers of their own, so that a lifted layer sees the border as well.  Its weights there meet
zeros: they never train and change no output, but they count in fan_in and in delta.
"""

import math

import torch
from torch import nn

from anarch.lifting.layers import FullyConnected
from anarch.lifting.locality import Energy, energy
from anarch.lifting.walk import lifted_layers


@torch.no_grad()
def start_as_padded_(fcn: nn.Module) -> nn.Module:
    """Shrink PyTorch's default start of ``fcn`` to that of the authors' layers; returns it.

    A default start is U(-b, b) with b = 1 / sqrt(fan_in), and theirs is larger by the columns on padding.
    """
    for layer in lifted_layers(fcn).values():
        if isinstance(layer, FullyConnected):
            for parameter in layer.parameters(recurse=False):
                parameter.mul_(math.sqrt(layer.fan_in / _padded_fan_in(layer)))
    return fcn


def padded_deviation(lifted: nn.Module, begun: nn.Module | None = None) -> float:
    """delta of ``lifted`` as the authors count it, with what the columns on padding hold.

    That is what stood there at the start: of a network ``begun`` as a lifted CNN the CNN's kernels, wherever
    a tap lies on padding; of a fresh FCN (None) the mean square of the authors' default start.
    """
    starts = None if begun is None else lifted_layers(begun)
    padding = Energy(0.0, 0.0)
    for name, layer in lifted_layers(lifted).items():
        if isinstance(layer, FullyConnected) and layer.geometry.padding_mode == "zeros":
            padding += _fresh(layer) if starts is None else _of_kernel(starts[name])
    return (energy(lifted) + padding).ratio()


def _padded_fan_in(layer: FullyConnected) -> int:
    shape = layer.geometry
    return shape.inputs[0] * shape.padded_pixels if shape.padding_mode == "zeros" else layer.fan_in


def _fresh(layer: FullyConnected) -> Energy:
    """1 / (3 fan_in) each, on average; local are those under a tap of their own group."""
    shape, fan_in = layer.geometry, _padded_fan_in(layer)
    local = int((shape.pixel_under_tap() < 0).sum()) * shape.kernel_shape[0] * shape.kernel_shape[1]
    columns = layer.weight.shape[0] * (fan_in - layer.fan_in)
    return Energy(local / (3 * fan_in), (columns - local) / (3 * fan_in))


def _of_kernel(begun: nn.Module) -> Energy:
    """The squares of a kernel's taps, each as often as it lies on padding; off-local nothing."""
    if not isinstance(begun, FullyConnected):
        raise TypeError(
            f"begun must be fully connected like the network it became, got {type(begun).__name__}"
        )
    on_padding = (begun.geometry.pixel_under_tap() < 0).sum(0).double()
    by_tap = begun.nearest_kernel().square().sum((0, 1)).flatten().cpu()
    return Energy(float(by_tap @ on_padding), 0.0)
