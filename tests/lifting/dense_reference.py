"""Slow truths about one convolution: matrices found by applying it to unit vectors, without any index map."""

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor, nn


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def fill_(model: nn.Module, seed: int = 0) -> nn.Module:
    """Normal numbers in every parameter, whatever the module."""
    generator = seeded(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=generator)
    return model


@torch.no_grad()
def dense_matrix(conv: nn.Conv2d, inputs: tuple[int, int, int]) -> Tensor:
    """The matrix (C_o * P, C * H * W) of ``conv`` without its bias; columns are images of unit vectors."""
    units = torch.eye(int(torch.tensor(inputs).prod()), dtype=conv.weight.dtype)
    images = conv(units.view(-1, *inputs)) - conv(torch.zeros(1, *inputs, dtype=conv.weight.dtype))
    return images.flatten(1).T.contiguous()


@torch.no_grad()
def phi_matrix(conv: nn.Conv2d, inputs: tuple[int, int, int]) -> Tensor:
    """Phi as a matrix (C_o * P * C * H * W, kernel entries): columns are dense matrices of unit kernels."""
    kernel = conv.weight.clone()
    columns = []
    for entry in range(kernel.numel()):
        conv.weight.zero_().view(-1)[entry] = 1.0
        columns.append(dense_matrix(conv, inputs).flatten())
    conv.weight.copy_(kernel)
    return torch.stack(columns, 1)


@st.composite
def convolutions(draw: Any, modes: tuple[str, ...] = ("zeros",)) -> tuple[nn.Conv2d, tuple[int, int, int]]:
    """A float64 convolution with normal weights and the shape of its input: lopsided on purpose."""
    groups = draw(st.integers(1, 3))
    mode = draw(st.sampled_from(modes))
    size = (draw(st.integers(4, 7)), draw(st.integers(4, 6)))
    kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 4)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    padding: Any = (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
    if draw(st.booleans()) and stride == (1, 1):
        padding = "same"
    elif any(d * (k - 1) >= s + 2 * p for d, k, s, p in zip(dilation, kernel, size, padding, strict=True)):
        padding = (2, 2)
        dilation = (1, 1)
    conv = nn.Conv2d(
        groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2)), kernel, stride, padding, dilation,
        groups, draw(st.booleans()), mode, dtype=torch.float64,
    )  # fmt: skip
    fill_(conv, draw(st.integers(0, 99)))
    return conv, (conv.in_channels, *size)
