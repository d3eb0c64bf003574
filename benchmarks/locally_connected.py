"""Time and memory of forward and backward through a locally connected layer, against unfold-and-multiply.

At the sizes of scratch's S-LOCAL and D-LOCAL.  The reference multiplies unfolded patches with a kernel for
each position, and has weights for padding too.
"""

import argparse
import time

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init
from torch.profiler import ProfilerActivity, profile

from anarch.lifting.walk import lift
from anarch.models import initialise_
from anarch.randomness import generator

# Channels in, side of the map, channels out, kernel, stride; whether the input needs a gradient.
LAYERS = {
    "S-LOCAL(8), grey": ((1, 32, 8, 9, 2), False),
    "S-LOCAL(32), grey": ((1, 32, 32, 9, 2), False),
    "S-LOCAL(8)": ((3, 32, 8, 9, 2), False),
    "S-LOCAL(16)": ((3, 32, 16, 9, 2), False),
    "S-LOCAL(32)": ((3, 32, 32, 9, 2), False),
    "D-LOCAL(2) conv1": ((3, 32, 2, 3, 1), False),
    "D-LOCAL(2) conv2": ((2, 32, 4, 3, 2), True),
    "D-LOCAL(2) conv3": ((4, 16, 4, 3, 1), True),
    "D-LOCAL(2) conv6": ((8, 8, 16, 3, 2), True),
}


class Unfolded(nn.Module):
    """A kernel (C_o, taps, P) for each position, times unfolded patches."""

    def __init__(self, seen: int, size: int, channels: int, kernel: int, stride: int):
        super().__init__()
        side = -(-size // stride)
        self.shape = (channels, side, side)
        self.unfold = nn.Unfold(kernel, padding=kernel // 2, stride=stride)
        draws = generator(0, "weights")
        self.weight = nn.Parameter(0.1 * torch.randn(channels, seen * kernel**2, side**2, generator=draws))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("bkl,okl->bol", self.unfold(x), self.weight).view(-1, *self.shape)


def milliseconds(layer: nn.Module, x: Tensor) -> float:
    began = time.perf_counter()
    result = layer(x)
    result.backward(result.detach())
    took = time.perf_counter() - began
    layer.zero_grad()
    x.grad = None
    return 1e3 * took


def kept_mib(layer: nn.Module, x: Tensor) -> float:
    """What a forward pass keeps for the backward pass: all that it does not give back, but its result."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        result = layer(x)
    taken = sum(event.self_cpu_memory_usage for event in record.key_averages())
    return (taken - result.numel() * result.element_size()) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name, ((seen, size, channels, kernel, stride), inner) in LAYERS.items():
        x = torch.randn(args.batch, seen, size, size, generator=generator(0, "images")).requires_grad_(inner)
        conv = skip_init(nn.Conv2d, seen, channels, kernel, stride, kernel // 2, bias=False)
        layer = initialise_(lift(conv, (seen, size, size), "locally_connected"), generator(0, "weights"))
        both = (layer, Unfolded(seen, size, channels, kernel, stride))
        # In turns, so that a busy moment of the machine meets both.
        times = [[milliseconds(one, x) for one in both] for _ in range(args.repeats)]
        ours, theirs = (min(column) for column in zip(*times, strict=True))
        weights = [sum(p.numel() for p in one.parameters()) for one in both]
        memory = [kept_mib(one, x) for one in both]
        print(
            f"{name:18} {ours:5.1f} ms, unfolded {theirs:5.1f} ms, {theirs / ours:4.1f} times; "
            f"{weights[0]:9,} weights, unfolded {weights[1]:9,}; "
            f"keeps {memory[0]:4.1f} MiB, unfolded {memory[1]:4.1f}"
        )


if __name__ == "__main__":
    main()
