"""Local and off-local weights of a lifted network, and its deviation delta from the CNN subspace.

See needle, Sec. 4.3.  Local is a weight that a kernel's tap may write to.  All biases, the head and whatever
else was not lifted count as local.  Masks follow from the geometry and are made when asked for, never stored.
"""

import math
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from anarch.lifting.layers import FullyConnected, LiftedConv
from anarch.lifting.taps import Geometry
from anarch.lifting.walk import lifted_layers
from anarch.models.initialise import uniform_bound


def local_masks(lifted: nn.Module) -> dict[str, Tensor]:
    """Name of each lifted weight -> bool of its shape, True where local.  All of an eLCN's weights are.

    Raises:
        ValueError: ``lifted`` holds no lifted layer (all functions here).
    """
    masks = {}
    for name, layer in lifted_layers(lifted).items():
        mask = torch.ones((), dtype=torch.bool, device=layer.weight.device).expand(layer.weight.shape)
        if isinstance(layer, FullyConnected):
            shape = layer.geometry.blocks(layer.weight).shape
            mask = _local_blocks(layer).expand(shape).reshape(layer.weight.shape)
        masks[f"{name}.weight" if name else "weight"] = mask
    return masks


def local_part(lifted: nn.Module) -> nn.Module:
    """A copy with the off-local weights zero (needle, Fig. 5)."""
    return _part(lifted, keep_local=True)


def off_local_part(lifted: nn.Module) -> nn.Module:
    """A copy with the local weights of the lifted layers zero; biases and head stay (needle, Fig. 5)."""
    return _part(lifted, keep_local=False)


def deviation(lifted: nn.Module) -> float:
    """delta = ||theta_off-local|| / ||theta|| over all parameters of the network, summed in float64.

    0 for a network just lifted and for every eLCN, which has no off-local weights.  VanillaCNN's FCN has
    0.961 at PyTorch's default start; the paper's 97 % counts padding, see `expected_padded_deviation`.
    """
    energy, dense = _Energy(0.0, 0.0), set()
    for layer in lifted_layers(lifted).values():
        if isinstance(layer, FullyConnected):
            energy += _dense_energy(layer)
            dense.add(id(layer.weight))
    rest = (p.detach().double().square().sum().item() for p in lifted.parameters() if id(p) not in dense)
    return (energy + _Energy(math.fsum(rest), 0.0)).ratio()


def expected_deviation(lifted: nn.Module, *, padded: bool = False) -> float:
    """delta of an FCN with PyTorch's default start, from the mean square of every weight: nothing is drawn.

    Args:
        lifted: tells the architecture; its weights are not read and may be on the meta device.
        padded: lay out the fully connected layers as the paper does, with a column for every pixel of zero
            padding, which counts in the mask and in fan_in.  It holds zeros, so training leaves its weights.

    Raises:
        ValueError: no default start is known for a module (see `anarch.models.initialise_`).
    """
    lifted_layers(lifted)
    energy = _Energy(0.0, 0.0)
    for name, module in lifted.named_modules():
        bound = uniform_bound(module, name)
        own = dict(module.named_parameters(recurse=False))
        if isinstance(module, FullyConnected):
            energy += _expected_energy(module, padded)
        elif bound is not None:
            energy += _Energy(sum(p.numel() for p in own.values()) * bound**2 / 3, 0.0)
        elif "weight" in own:  # norms start with weights 1 and biases 0
            energy += _Energy(float(own["weight"].numel()), 0.0)
    return energy.ratio()


def expected_padded_deviation(lifted: nn.Module) -> float:
    """`expected_deviation` in the paper's layout: 0.975 for VanillaCNN, the paper's "around 97 %"."""
    return expected_deviation(lifted, padded=True)


def local_weights(geometry: Geometry) -> int:
    """How many weights of a fully connected layer are local."""
    per_channel = int(geometry.local_pixels().sum())
    return per_channel * geometry.kernel_shape[0] * geometry.kernel_shape[1]


@dataclass(frozen=True)
class _Energy:
    """Sums of squares."""

    local: float
    off_local: float

    def __add__(self, other: "_Energy") -> "_Energy":
        return _Energy(self.local + other.local, self.off_local + other.off_local)

    def ratio(self) -> float:
        # A network of zeros lies in the subspace: 0 / 0 is 0 here.
        return math.sqrt(self.off_local / (self.local + self.off_local)) if self.off_local else 0.0


@torch.no_grad()
def _dense_energy(layer: FullyConnected) -> _Energy:
    """Off-local squares have a sum of their own: total minus local would not be exactly 0 after a lift."""
    blocks = layer.geometry.blocks(layer.weight)
    squares = torch.zeros_like(blocks[:, 0, :, :, 0], dtype=torch.float64)  # (g, P, g, H * W)
    for channel in blocks.unbind(1):  # one output channel at a time bounds the float64 copy
        squares += channel.double().square().sum(3)
    local = _local_blocks(layer)[:, 0, :, :, 0]
    return _Energy(squares[local].sum().item(), squares[~local].sum().item())


def _expected_energy(layer: FullyConnected, padded: bool) -> _Energy:
    """Mean energy at the default start, when every parameter's mean square is 1 / (3 fan_in)."""
    shape = layer.geometry
    fan_in, local = layer.fan_in, local_weights(shape)
    if padded and shape.padding_mode == "zeros":
        fan_in = shape.inputs[0] * shape.padded_pixels
        local = shape.positions * shape.taps * shape.kernel_shape[0] * shape.kernel_shape[1]
    units = layer.weight.shape[0]
    biases = 0 if layer.bias is None else units
    return _Energy((local + biases) / (3 * fan_in), (units * fan_in - local) / (3 * fan_in))


def _local_blocks(layer: LiftedConv) -> Tensor:
    return layer.geometry.local_blocks().to(layer.weight.device)


@torch.no_grad()
def _part(lifted: nn.Module, *, keep_local: bool) -> nn.Module:
    part = deepcopy(lifted)
    for layer in lifted_layers(part).values():
        if isinstance(layer, FullyConnected):
            local = _local_blocks(layer)
            layer.geometry.blocks(layer.weight).masked_fill_(~local if keep_local else local, 0.0)
        elif not keep_local:
            layer.weight.zero_()
    return part
