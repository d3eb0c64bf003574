"""Time and memory of lifting VanillaCNN, against filling its matrices position by position."""

import argparse
import resource
import time

import torch
from torch import Tensor, nn

from anarch.lifting.walk import lift
from anarch.models import build, initialise_
from anarch.randomness import generator


def position_by_position(conv: nn.Conv2d, side: int) -> Tensor:
    """The dense weight over padded inputs, one copy of the kernel at a time."""
    (kernel, _), (stride, _), (padding, _) = conv.kernel_size, conv.stride, conv.padding
    padded = side + 2 * padding
    out = (padded - kernel) // stride + 1
    wide = torch.zeros(conv.out_channels, out, out, conv.in_channels, padded, padded)
    for channel in range(conv.out_channels):
        for i in range(out):
            for j in range(out):
                top, left = i * stride, j * stride
                wide[channel, i, j, :, top : top + kernel, left : left + kernel] = conv.weight[
                    channel
                ].detach()
    return wide.view(conv.out_channels * out * out, -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=64)
    channels = parser.parse_args().channels
    torch.set_num_threads(1)
    cnn = initialise_(build("vanilla_cnn", (3, 32, 32), 10, channels=channels), generator(0, "weights"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(3):
        began = time.perf_counter()
        lifted = lift(cnn, (3, 32, 32))
        times.append(time.perf_counter() - began)
        if len(times) == 1:
            peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            own = sum(p.numel() for p in lifted.parameters()) * 4 / 2**20
        del lifted
    began = time.perf_counter()
    for conv, side in zip((m for m in cnn if isinstance(m, nn.Conv2d)), (32, 8, 3), strict=True):
        position_by_position(conv, side)
    loop = time.perf_counter() - began
    print(
        f"{channels} channels: lift {min(times):.2f} s, "
        f"position by position {loop:.2f} s, {loop / min(times):.0f} times; "
        f"peak memory {peak:.0f} MiB for a network of {own:.0f} MiB, {peak / own:.2f} times"
    )


if __name__ == "__main__":
    main()
