"""A small CNN whose channels condense, split and merge as neurons do (embedding, Sec. 6): Fig. 6.

f(x) = sum_k sum_q a_kq mean_{p in q} sigma(w_k . x~_p): one convolution, an average over each pool q of
places p, one linear layer.  With x~_p a patch and 1, channel k is a neuron that sees every patch of an image,
so that it has the w_k and a_k of `descent.TwoLayer`, and `reduction` groups and merges it as it stands.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from anarch.critical.descent import TwoLayer, gaussian
from anarch.critical.splitting import split_channel


@dataclass
class ConvNet(TwoLayer):
    """Kernels with their bias (m, C kernel^2 + 1) and what reads a channel's pools (m, pools * d')."""

    kernel: int = 3
    stride: int = 1
    pool: int = 2
    channels: int = 1  # C, of the images
    outputs: int = 10  # d'

    def hidden(self, x: Tensor) -> Tensor:
        """Pooled features (n, m, pools) of images ``x`` (n, C, H, W)."""
        weight = self.inner[:, :-1].unflatten(1, (self.channels, self.kernel, self.kernel))
        u = F.conv2d(x, weight, self.inner[:, -1], self.stride)
        return F.avg_pool2d(torch.relu(u) if self.activation == "relu" else torch.tanh(u), self.pool).flatten(
            2
        )

    def output(self, x: Tensor) -> Tensor:
        """f(x), (n, d')."""
        return self.hidden(x).flatten(1) @ self.outer.reshape(-1, self.outputs)

    def inputs(self, x: Tensor) -> Tensor:
        return x

    def slopes(self, inputs: Tensor, y: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """f - y and the gradient for (inner, outer), by autograd."""
        parts = [part.detach().requires_grad_() for part in (self.inner, self.outer)]
        residual = replace(self, inner=parts[0], outer=parts[1]).output(inputs) - y
        return residual.detach(), torch.autograd.grad(residual.square().sum(1).mean(), parts)

    def widened(self, width: int) -> "ConvNet":
        """The same function with ``width`` channels."""
        return split_to(self, width)


def gaussian_cnn(
    shape: tuple[int, int, int],
    width: int,
    outputs: int,
    variance: float,
    generator: torch.Generator,
    *,
    kernel: int,
    stride: int,
    pool: int,
    dtype: torch.dtype = torch.float64,
) -> ConvNet:
    """A ReLU network for images ``shape`` (C, H, W), every parameter N(0, variance).

    Raises:
        ValueError: the kernel does not fit into the image, or no pool into what is left.
    """
    places = [(side - kernel) // stride + 1 for side in shape[1:]]
    if min(places) < pool:
        raise ValueError(
            f"a kernel of {kernel}, stride {stride} and pools of {pool} do not fit images of {shape[1:]}"
        )
    pools = (places[0] // pool) * (places[1] // pool)
    flat = gaussian(shape[0] * kernel**2, width, pools * outputs, variance, generator, dtype=dtype)
    return ConvNet(flat.inner, flat.outer, "relu", kernel, stride, pool, shape[0], outputs)


def as_module(net: ConvNet) -> nn.Sequential:
    """``net`` as modules that `splitting` knows: Conv2d, sigma, AvgPool2d, Flatten, Linear."""
    m, pools = len(net.inner), net.outer.shape[1] // net.outputs
    kind = {"dtype": net.inner.dtype, "device": net.inner.device}
    convolution = nn.utils.skip_init(nn.Conv2d, net.channels, m, net.kernel, stride=net.stride, **kind)
    linear = nn.utils.skip_init(nn.Linear, m * pools, net.outputs, bias=False, **kind)
    with torch.no_grad():
        convolution.weight.copy_(net.inner[:, :-1].reshape_as(convolution.weight))
        convolution.bias.copy_(net.inner[:, -1])
        linear.weight.copy_(net.outer.reshape(-1, net.outputs).T)
    sigma = nn.ReLU() if net.activation == "relu" else nn.Tanh()
    return nn.Sequential(convolution, sigma, nn.AvgPool2d(net.pool), nn.Flatten(), linear)


def split_to(net: ConvNet, width: int) -> ConvNet:
    """``net`` with ``width`` channels by `splitting.split_channel`, alpha = 1/2, the first m over and over.

    Raises:
        ValueError: ``width`` is less than what there is.
    """
    m = len(net.inner)
    if width < m:
        raise ValueError(f"{m} channels cannot be split into {width}")
    module: nn.Module = as_module(net)
    for extra in range(width - m):
        module = split_channel(module, 0, extra % m, 0.5)
    convolution, linear = module.get_submodule("0"), module.get_submodule("4")
    bias = convolution.get_parameter("bias").detach().unsqueeze(1)
    inner = torch.cat([convolution.get_parameter("weight").detach().flatten(1), bias], 1)
    outer = linear.get_parameter("weight").detach().T.reshape(width, -1)
    return replace(net, inner=inner, outer=outer.contiguous())
