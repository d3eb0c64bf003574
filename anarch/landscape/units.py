"""Which entries of a layer's parameters make one unit: what filter normalisation calls a filter.

A convolution's unit is the kernel of one output channel, a linear layer's the weights into one neuron, both a
place on axis 0 of the weight.  Other layers store theirs otherwise, and say so here:

>>> @layer_units.register
... def _(layer: nn.Bilinear) -> LayerUnits:  # a unit for each output and each feature of the first input
...     return {"weight": {0: None, 1: None}}
"""

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvTransposeNd
from torch.nn.utils.parametrize import ParametrizationList

from anarch.lifting.layers import LocallyConnected

# Axis -> labels: entries of one unit have the same label on each of these axes, wherever they lie on others.
# None stands for a label of its own for every place; no axis at all makes the whole tensor one unit.
Units = Mapping[int, Tensor | None]
# Parameter -> its units; None: a bias or a norm's scale or shift, which filter normalisation leaves in place.
LayerUnits = Mapping[str, Units | None]

ROWS: Units = {0: None}
WHOLE: Units = {}


@singledispatch
def layer_units(layer: nn.Module) -> LayerUnits:
    """Units of the parameters of one's own ``layer``; register a function for its class.

    Of parameters that are not named here, and of layers that are not registered, a row of axis 0 is a unit
    where there are two axes or more, and the others are biases (Li et al. 2018).
    """
    return {}


@layer_units.register
def _(layer: _ConvTransposeNd) -> LayerUnits:
    """Weight (C, C_o/g, ...): an output channel is a place on axis 1, of one group of the input channels."""
    channels = torch.arange(layer.in_channels, device=layer.weight.device)
    return {"weight": {0: channels // (layer.in_channels // layer.groups), 1: None}}


@layer_units.register
def _(layer: LocallyConnected) -> LayerUnits:
    """Weight (g, R, C/g, C_o/g): every position of every output channel has a kernel of its own."""
    return {"weight": {0: None, 1: layer.real // layer.geometry.taps, 3: None}}


@layer_units.register(_NormBase)
@layer_units.register(nn.GroupNorm)
@layer_units.register(nn.LayerNorm)
@layer_units.register(nn.RMSNorm)
def _(layer: nn.Module) -> LayerUnits:
    """Scales and shifts, which have several axes in a layer norm of whole maps."""
    return {name: None for name, _ in layer.named_parameters(recurse=False)}


@layer_units.register
def _(layer: nn.MultiheadAttention) -> LayerUnits:
    """Its biases of keys and values are (1, 1, E)."""
    return {"bias_k": None, "bias_v": None}


def parameter_units(model: nn.Module) -> dict[str, Units | None]:
    """Name of each parameter of ``model``, in their order -> its units, None for a bias or a norm's.

    A parameter that several layers share has the units of the first.

    Raises:
        ValueError: what is registered for a layer does not fit its parameters.
    """
    units: dict[str, Units | None] = {}
    seen: set[int] = set()
    for path, module in model.named_modules():
        known = layer_units(module)
        if isinstance(module, ParametrizationList):
            known = _units_of_original(model, path, module)
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                full = f"{path}.{name}".removeprefix(".")
                units[full] = known.get(name, ROWS if parameter.ndim > 1 else None)
                _require_fitting(full, type(module).__name__, parameter, units[full])
    return units


def unit_sums(values: Tensor, units: Units) -> Tensor:
    """Sums of ``values`` (K, *shape) over each of the ``units``, in every place of theirs: they broadcast."""
    rest = [axis for axis in range(1, values.ndim) if axis - 1 not in units]
    sums = values.sum(rest, keepdim=True) if rest else values
    for axis, labels in units.items():
        if labels is not None:
            shape = [*sums.shape]
            shape[axis + 1] = int(labels.max()) + 1
            sums = sums.new_zeros(shape).index_add_(axis + 1, labels, sums).index_select(axis + 1, labels)
    return sums


def unit_lengths(values: Tensor, units: Units) -> Tensor:
    """Length of each of the ``units`` of ``values`` (K, *shape), in every place of theirs: they broadcast."""
    return unit_sums(values.square(), units).sqrt()


def _units_of_original(model: nn.Module, path: str, module: ParametrizationList) -> LayerUnits:
    """Of a layer under weight norm or spectral norm: the tensors beneath that have its weight's shape."""
    owner, _, weight = path.rpartition(".parametrizations.")
    if not owner:
        weight = path.removeprefix("parametrizations.")
    layer: Any = model.get_submodule(owner)
    known = layer_units(layer)
    if weight not in known:
        return {}
    shape = getattr(layer, weight).shape
    return {name: known[weight] for name, p in module.named_parameters(recurse=False) if p.shape == shape}


def _require_fitting(name: str, layer: str, parameter: Tensor, units: Units | None) -> None:
    for axis, labels in (units or {}).items():
        if not 0 <= axis < parameter.ndim:
            shape = tuple(parameter.shape)
            raise ValueError(f"units of {name!r} ({layer}): a tensor of shape {shape} has no axis {axis}")
        wanted = (parameter.shape[axis],)
        if labels is not None and (labels.shape != wanted or labels.dtype != torch.int64 or labels.min() < 0):
            raise ValueError(
                f"units of {name!r} ({layer}): labels of axis {axis} must be int64 {wanted}, 0 or more, got "
                f"{str(labels.dtype).removeprefix('torch.')} {tuple(labels.shape)}"
            )
