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


@dataclass(frozen=True)
class Energy:
    """Sums of squares."""

    local: float
    off_local: float

    def __add__(self, other: "Energy") -> "Energy":
        return Energy(self.local + other.local, self.off_local + other.off_local)

    def ratio(self) -> float:
        # A network of zeros lies in the subspace: 0 / 0 is 0 here.
        return math.sqrt(self.off_local / (self.local + self.off_local)) if self.off_local else 0.0


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
    0.961 at PyTorch's default start; the paper's 97 % counts padding, see `anarch.lifting.padding`.
    """
    return energy(lifted).ratio()


def energy(lifted: nn.Module) -> Energy:
    """Squares of all parameters of the network, those of off-local weights apart, summed in float64."""
    found, dense = Energy(0.0, 0.0), set()
    for layer in lifted_layers(lifted).values():
        if isinstance(layer, FullyConnected):
            found += _dense_energy(layer)
            dense.add(id(layer.weight))
    rest = (p.detach().double().square().sum().item() for p in lifted.parameters() if id(p) not in dense)
    return found + Energy(math.fsum(rest), 0.0)


def root_mean_squares(lifted: nn.Module) -> tuple[float, float]:
    """How large a local and an off-local weight of the fully connected layers are: root mean squares of each.

    Biases and what was not lifted do not count; NaN where there is no such weight.
    """
    layers = [layer for layer in lifted_layers(lifted).values() if isinstance(layer, FullyConnected)]
    squares = sum((_dense_energy(layer) for layer in layers), Energy(0.0, 0.0))
    local = sum(local_weights(layer.geometry) for layer in layers)
    off_local = sum(layer.weight.numel() for layer in layers) - local
    pairs = ((squares.local, local), (squares.off_local, off_local))
    first, second = (math.sqrt(square / count) if count else math.nan for square, count in pairs)
    return first, second


def local_weights(geometry: Geometry) -> int:
    """How many weights of a fully connected layer are local."""
    per_channel = int(geometry.local_pixels().sum())
    return per_channel * geometry.kernel_shape[0] * geometry.kernel_shape[1]


@torch.no_grad()
def _dense_energy(layer: FullyConnected) -> Energy:
    """Off-local squares have a sum of their own: total minus local would not be exactly 0 after a lift."""
    blocks = layer.geometry.blocks(layer.weight)
    squares = torch.zeros_like(blocks[:, 0, :, :, 0], dtype=torch.float64)  # (g, P, g, H * W)
    for channel in blocks.unbind(1):  # one output channel at a time bounds the float64 copy
        squares += channel.double().square().sum(3)
    local = _local_blocks(layer)[:, 0, :, :, 0]
    return Energy(squares[local].sum().item(), squares[~local].sum().item())


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
