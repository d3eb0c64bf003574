"""Where a convolution's kernel lies on its maps: the index map behind Phi (needle, Sec. 3), and nothing else.

Words: a *tap* is one of the T = k_h * k_w places of a kernel, a *position* one of the P = H_o * W_o places of
the output map, a *pixel* one of the H * W places of the input map; each is counted row by row.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Geometry:
    """A convolution between maps of fixed size, without its weights."""

    inputs: tuple[int, int, int]  # C, H, W
    outputs: tuple[int, int, int]  # C_o, H_o, W_o
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    margins: tuple[int, int, int, int]  # pixels added left, right, above, below: the order of torch's pad
    padding_mode: str
    groups: int

    @classmethod
    def of(cls, conv: nn.Conv2d, inputs: tuple[int, int, int]) -> "Geometry":
        """The geometry of ``conv`` on maps of shape (C, H, W) = ``inputs``."""
        kernel, stride, dilation = _pair(conv.kernel_size), _pair(conv.stride), _pair(conv.dilation)
        reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        if conv.padding == "same":  # an odd sum leaves its extra pixel on the right and below
            before, after = [r // 2 for r in reach], [r - r // 2 for r in reach]
        else:
            before = after = [0, 0] if conv.padding == "valid" else [int(p) for p in conv.padding]
        margins = (before[1], after[1], before[0], after[0])
        height, width = (
            (size + first + last - far - 1) // step + 1
            for size, first, last, far, step in zip(inputs[1:], before, after, reach, stride, strict=True)
        )
        outputs = (conv.out_channels, height, width)
        return cls(inputs, outputs, kernel, stride, dilation, margins, conv.padding_mode, conv.groups)

    @property
    def pixels(self) -> int:
        return self.inputs[1] * self.inputs[2]

    @property
    def positions(self) -> int:
        return self.outputs[1] * self.outputs[2]

    @property
    def taps(self) -> int:
        return self.kernel[0] * self.kernel[1]

    @property
    def padded_pixels(self) -> int:
        """Pixels of the map with its padding: the columns of the authors' layers, per channel."""
        left, right, above, below = self.margins
        return (self.inputs[1] + above + below) * (self.inputs[2] + left + right)

    @property
    def kernel_shape(self) -> tuple[int, int, int, int]:
        return (self.outputs[0], self.inputs[0] // self.groups, *self.kernel)

    @property
    def dense_shape(self) -> tuple[int, int]:
        """Shape (C_o * P, C * H * W) of the fully connected weight: no column stands for padding."""
        return self.outputs[0] * self.positions, self.inputs[0] * self.pixels

    def pad(self, maps: Tensor) -> Tensor:
        """``maps`` (N, C, H, W) with the margins that the convolution sees."""
        if not any(self.margins):
            return maps
        return F.pad(maps, self.margins, "constant" if self.padding_mode == "zeros" else self.padding_mode)

    def pixel_under_tap(self) -> Tensor:
        """int64 (P, T): the pixel under each tap of each position, -1 on zero padding."""
        numbers = torch.arange(1.0, 1 + self.pixels, dtype=torch.float64)  # from 1: 0 is left for padding
        padded = self.pad(numbers.view(1, 1, *self.inputs[1:]))
        return F.unfold(padded, self.kernel, self.dilation, 0, self.stride)[0].T.long() - 1

    def real_taps(self) -> tuple[Tensor, Tensor, Tensor]:
        """Position, tap and pixel, int64 (R,) each, of the R taps of a channel that miss the padding."""
        pixel = self.pixel_under_tap()
        position, tap = (pixel >= 0).nonzero(as_tuple=True)
        return position, tap, pixel[position, tap]

    def local_pixels(self) -> Tensor:
        """bool (P, H * W): which pixels a position sees."""
        position, _, pixel = self.real_taps()
        seen = torch.zeros(self.positions, self.pixels, dtype=torch.bool)
        seen[position, pixel] = True
        return seen

    def blocks(self, weight: Tensor) -> Tensor:
        """View (g, C_o/g, P, g, C/g, H * W) of a fully connected ``weight``: its groups by themselves."""
        outputs, inputs = self.outputs[0] // self.groups, self.inputs[0] // self.groups
        return weight.view(self.groups, outputs, self.positions, self.groups, inputs, self.pixels)

    def local_blocks(self) -> Tensor:
        """bool (g, 1, P, g, 1, H * W): the local weights, to be broadcast against `blocks`."""
        same_group = torch.eye(self.groups, dtype=torch.bool).view(self.groups, 1, 1, self.groups, 1, 1)
        return same_group & self.local_pixels().view(1, 1, self.positions, 1, 1, self.pixels)


def embed(kernel: Tensor, geometry: Geometry) -> Tensor:
    """Phi of one layer: ``kernel`` (C_o, C/g, k_h, k_w) -> weight (C_o * P, C * H * W), zero off-local.

    Taps of one position that padding by repetition (circular, reflect, replicate) lays on one pixel add up.
    """
    weight = kernel.new_zeros(geometry.dense_shape)
    if weight.is_meta:
        return weight
    position, tap, pixel = (index.to(kernel.device) for index in geometry.real_taps())
    by_tap = kernel.reshape(geometry.groups, -1, geometry.kernel_shape[1], geometry.taps).permute(3, 1, 2, 0)
    _own_group(weight, geometry).index_put_(
        (position, pixel), by_tap[tap], accumulate=geometry.padding_mode != "zeros"
    )
    return weight


def pull_back(weight: Tensor, geometry: Geometry) -> Tensor:
    """Phi^T of one layer: weight (C_o * P, C * H * W) -> sums of tied entries, float64 (C_o, C/g, k_h, k_w).

    Of a gradient of the eFCN it makes the CNN's: grad_CNN = Phi^T grad_eFCN.
    """
    position, tap, pixel = (index.to(weight.device) for index in geometry.real_taps())
    tied = _own_group(weight, geometry)[position, pixel].double()  # (R, C_o/g, C/g, g)
    sums = tied.new_zeros(geometry.taps, *tied.shape[1:]).index_add_(0, tap, tied)
    return sums.permute(3, 1, 2, 0).reshape(geometry.kernel_shape)


def nearest_kernel(weight: Tensor, geometry: Geometry) -> Tensor:
    """Phi^+ of one layer: the kernel, float64, whose `embed` is nearest to ``weight``.

    With zero padding Phi^T Phi is diagonal, the number of positions that use a tap, and this is the mean over
    tied entries; padding by repetition couples taps.  A tap that never meets the map gets 0.
    """
    pixel = geometry.pixel_under_tap()
    coincide = (pixel[:, :, None] == pixel[:, None, :]) & (pixel >= 0)[:, :, None]
    gram = coincide.sum(0).double().to(weight.device)  # (T, T) = Phi^T Phi of one channel
    sums = pull_back(weight, geometry).flatten(2)
    solution: Tensor = sums @ torch.linalg.pinv(gram, hermitian=True)
    return solution.reshape(geometry.kernel_shape)


def _own_group(weight: Tensor, geometry: Geometry) -> Tensor:
    """View (P, H * W, C_o/g, C/g, g) of the part of a dense weight that stays within its group."""
    return geometry.blocks(weight).diagonal(dim1=0, dim2=3).permute(1, 3, 0, 2, 4)


def _pair(numbers: tuple[int, ...]) -> tuple[int, int]:
    first, second = numbers
    return first, second
