"""The two layers that a convolution is lifted to.  Building one from a kernel is Phi (needle, Sec. 3)."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F

from anarch.lifting.products import product
from anarch.lifting.taps import Geometry, embed, nearest_kernel


class LiftedConv(nn.Module, ABC):
    """A convolution without weight sharing, on maps of fixed size: (N, C, H, W) -> (N, C_o, H_o, W_o).

    Called like a ``Conv2d``, whose place it takes, and it answers to the names of its sizes.

    Args:
        geometry: the convolution's.
        kernel: (C_o, C/g, k_h, k_w), repeated at each of the P positions.
        bias: (C_o,), repeated likewise in the order of the flattened map, or None.
    """

    def __init__(self, geometry: Geometry, kernel: Tensor, bias: Tensor | None):
        super().__init__()
        self.geometry = geometry
        self.weight = nn.Parameter(self._phi(geometry, kernel.detach()))
        copies = None if bias is None else bias.detach().repeat_interleave(geometry.positions)
        self.bias = None if copies is None else nn.Parameter(copies)

    @property
    def in_channels(self) -> int:
        return self.geometry.inputs[0]

    @property
    def out_channels(self) -> int:
        return self.geometry.outputs[0]

    @property
    def kernel_size(self) -> tuple[int, int]:
        return self.geometry.kernel

    @property
    def stride(self) -> tuple[int, int]:
        return self.geometry.stride

    @property
    def dilation(self) -> tuple[int, int]:
        return self.geometry.dilation

    @property
    def padding(self) -> tuple[int, int]:
        """Pixels above and on the left of the map."""
        return self.geometry.margins[2], self.geometry.margins[0]

    @property
    def padding_mode(self) -> str:
        return self.geometry.padding_mode

    @property
    def groups(self) -> int:
        return self.geometry.groups

    @staticmethod
    @abstractmethod
    def _phi(geometry: Geometry, kernel: Tensor) -> Tensor:
        """The layer's weight for ``kernel``."""

    @property
    @abstractmethod
    def fan_in(self) -> int:
        """How many inputs a unit sees: sets the scale of PyTorch's default start."""

    @abstractmethod
    def nearest_kernel(self) -> Tensor:
        """Phi^+ of the weight: the kernel, float64, of the CNN subspace's nearest point."""

    def nearest_bias(self) -> Tensor | None:
        """Phi^+ of the bias, float64 (C_o,): its mean over positions."""
        if self.bias is None:
            return None
        return self.bias.detach().double().view(-1, self.geometry.positions).mean(1)

    def _require_size(self, input: Tensor) -> None:
        wanted = self.geometry.inputs
        if input.shape[1:].numel() != wanted[0] * wanted[1] * wanted[2]:
            raise ValueError(
                f"this layer is lifted for maps {wanted}, got {tuple(input.shape[1:])}: lift it anew "
                "for maps of another size"
            )

    def extra_repr(self) -> str:
        inputs, outputs = ("x".join(map(str, at)) for at in (self.geometry.inputs, self.geometry.outputs))
        return f"{inputs} -> {outputs}, weight={tuple(self.weight.shape)}, bias={self.bias is not None}"


class FullyConnected(LiftedConv):
    """Every unit sees every input.  ``weight`` (C_o * P, C * H * W): no column stands for padding."""

    @staticmethod
    def _phi(geometry: Geometry, kernel: Tensor) -> Tensor:
        return embed(kernel, geometry)

    @property
    def fan_in(self) -> int:
        return self.weight.shape[1]

    def nearest_kernel(self) -> Tensor:
        return nearest_kernel(self.weight.detach(), self.geometry)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), or any shape that flattens to (N, C * H * W) -> (N, C_o, H_o, W_o)."""
        self._require_size(input)
        return product(input.flatten(1), self.weight, self.bias).view(-1, *self.geometry.outputs)


class LocallyConnected(LiftedConv):
    """Each position has a kernel of its own.

    ``weight`` (g, R, C/g, C_o/g): R pairs of a position and one of its taps that meets the map, position by
    position.  A tap on zero padding has no weight.
    """

    pixel: Tensor  # (P * T,): the pixel under each tap of each position; H * W stands for padding
    real: Tensor  # (R,): which of these are real

    def __init__(self, geometry: Geometry, kernel: Tensor, bias: Tensor | None):
        super().__init__(geometry, kernel, bias)
        pixel = geometry.pixel_under_tap().flatten()
        # The geometry tells both, so they are in no state_dict.
        real = (pixel >= 0).nonzero().flatten().to(kernel.device)
        self.register_buffer("real", real, persistent=False)
        pixel = torch.where(pixel < 0, geometry.pixels, pixel).to(kernel.device)
        self.register_buffer("pixel", pixel, persistent=False)

    @staticmethod
    def _phi(geometry: Geometry, kernel: Tensor) -> Tensor:
        by_tap = kernel.reshape(geometry.groups, -1, geometry.kernel_shape[1], geometry.taps)
        return by_tap.permute(0, 3, 2, 1)[:, geometry.real_taps()[1].to(kernel.device)].contiguous()

    @property
    def fan_in(self) -> int:
        """Inputs of the convolution: untied kernels start like tied ones, padding or not."""
        return self.geometry.taps * self.geometry.kernel_shape[1]

    def nearest_kernel(self) -> Tensor:
        taps = self.geometry.taps
        weight, tap = self.weight.detach().double(), self.real % taps
        sums = weight.new_zeros(weight.shape[0], taps, *weight.shape[2:]).index_add_(1, tap, weight)
        uses = torch.bincount(tap, minlength=taps).clamp(min=1)  # an unused tap gets 0 / 1
        return (sums / uses.view(1, -1, 1, 1)).permute(0, 3, 2, 1).reshape(self.geometry.kernel_shape)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), or any shape that flattens to (N, C * H * W) -> (N, C_o, H_o, W_o)."""
        self._require_size(input)
        shape, count = self.geometry, len(input)
        maps = input.reshape(count, shape.groups, shape.kernel_shape[1], shape.pixels).permute(1, 3, 2, 0)
        # With the images last, what a position sees is rows to be copied whole.
        maps = F.pad(maps, (0, 0, 0, 0, 0, 1))
        positions = shape.groups * shape.positions
        kernels = self._kernels().view(positions, self.fan_in, -1)

        def seen(maps: Tensor) -> Tensor:
            return maps.index_select(1, self.pixel).view(positions, self.fan_in, count)

        inputs = seen(maps)
        with recomputed(inputs, lambda: seen(maps.detach())):
            units = torch.bmm(kernels.transpose(1, 2), inputs)
        if units.requires_grad:
            units.register_hook(_contiguous)  # of other strides bmm multiplies matrix by matrix
        units = units.view(shape.groups, shape.positions, -1, count).permute(3, 0, 2, 1)
        units = units.reshape(count, *shape.outputs)
        return units if self.bias is None else units + self.bias.view(shape.outputs)

    def _kernels(self) -> Tensor:
        """(g, P * T, C/g, C_o/g): the kernel of every position, with zeros on padding."""
        if len(self.real) == len(self.pixel):
            return self.weight
        empty = self.weight.new_zeros(self.weight.shape[0], len(self.pixel), *self.weight.shape[2:])
        return empty.index_copy(1, self.real, self.weight)


def recomputed(tensor: Tensor, again: Callable[[], Tensor]) -> AbstractContextManager[Any]:
    """Inside, autograd does not keep ``tensor``: the backward pass calls ``again`` for it.

    What positions see is T / stride^2 times the map that it is copied from.  ``torch.func`` allows no such
    hooks and keeps it, and so does a compiled network.
    """
    if torch._C._are_functorch_transforms_active() or torch.compiler.is_compiling():
        return nullcontext()
    place, shape = tensor.data_ptr(), tensor.shape

    def pack(kept: Tensor) -> Tensor | None:
        return None if (kept.data_ptr(), kept.shape) == (place, shape) else kept

    return saved_tensors_hooks(pack, lambda kept: again() if kept is None else kept)


def _contiguous(gradient: Tensor | None) -> Tensor | None:
    """A gradient, if there is one: of second derivatives some are undefined."""
    return None if gradient is None else gradient.contiguous()
