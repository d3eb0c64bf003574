"""A way round a fault of oneDNN, the library that computes PyTorch's convolutions on a CPU.

Its weight gradient of a strided 1 x 1 convolution, on maps that lie channels last and have fewer channels
than the kernel's block (8 with AVX2, 16 with AVX-512), writes past its workspace: the process dies, hangs or
goes on with overwritten memory (oneDNN 3.12 and 3.13.3, inside torch 2.13 to 2.15; uxlfoundation/oneDNN issue
6035).  The shortcuts of narrow ResNets are such layers.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK = 16  # channels of the widest kernel; without the fault, narrower layers lose nothing by the way round


@contextmanager
def guarded(model: nn.Module) -> Iterator[None]:
    """Inside, no forward pass of ``model`` leaves a strided 1 x 1 convolution to oneDNN's faulty kernel.

    Such a convolution reads one pixel of each stride x stride block.  Here those pixels are picked first, by
    a pooling of window 1, and convolved with stride 1: the same numbers, differentiable to any order, under
    ``torch.func`` and autocast too.  Parameters, names, hooks and modes of ``model`` stay, and so does its
    code on a GPU and in float64; layers of other shapes are not touched.  The backward pass of what was
    computed inside may run outside.
    """
    exposed = [(module, type(module)) for module in model.modules() if _exposed(module)]
    for module, own in exposed:
        module.__class__ = _picking(own)
    try:
        yield
    finally:
        for module, own in exposed:
            module.__class__ = own


def _exposed(module: nn.Module) -> bool:
    """Whether ``module`` is a strided 1 x 1 convolution of fewer channels than a block."""
    return (
        isinstance(module, nn.Conv2d)
        and not isinstance(module, _PicksPixels)
        and tuple(module.kernel_size) == (1, 1)
        and tuple(module.stride) != (1, 1)
        and module.in_channels // module.groups < BLOCK
    )


class _PicksPixels(nn.Conv2d):
    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if input.device.type != "cpu" or input.dtype == torch.float64:
            return super()._conv_forward(input, weight, bias)
        width = self._reversed_padding_repeated_twice  # of F.pad: left, right, top, bottom
        if any(width):
            mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
            input = F.pad(input, width, mode=mode)
        return F.conv2d(F.avg_pool2d(input, 1, self.stride), weight, bias, groups=self.groups)


def _picking(own: type[nn.Module]) -> type[nn.Module]:
    """``own``, a class of convolutions, with the way round."""
    return type(own.__name__, (_PicksPixels, own), {}) if own is not nn.Conv2d else _PicksPixels
