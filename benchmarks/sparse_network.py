"""What a sparse copy of S-FC saves in memory and forward time, at several shares of non-zero weights."""

import argparse

import torch
from torch import nn

from anarch.complexity.sparsity import saving
from anarch.lifting.walk import lift
from anarch.models import build, initialise_
from anarch.randomness import generator

SHARES = (0.5, 0.2, 0.1, 0.05, 0.02)


@torch.no_grad()
def fill_(model: nn.Module, share: float) -> None:
    """Draw about ``share`` of the weights of each layer; the others are zero."""
    draws = generator(0, "weights")
    for module in model.modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, nn.Parameter) and weight.ndim > 1:
            kept = torch.rand(weight.shape, generator=draws) < share
            weight.copy_(0.05 * torch.randn(weight.shape, generator=draws) * kept)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--alpha", type=int, default=16, help="base channels of S-CONV; paper 150")
    arguments.add_argument("--side", type=int, default=32, help="pixels of an image along each axis")
    arguments.add_argument("--batch", type=int, default=100, help="images of a forward pass")
    args = arguments.parse_args()
    shape = (3, args.side, args.side)
    images = torch.rand(args.batch, *shape, generator=generator(0, "images"))
    for share in SHARES:
        conv = build("s_conv", shape, 10, alpha=args.alpha)
        network = lift(initialise_(conv, generator(0, "weights")), shape, "fully_connected")
        fill_(network, share)
        found = saving(network, images)
        print(
            f"{share:4.0%} non-zero: memory {found.memory_ratio:.2f}, time {found.time_ratio:.2f} times less"
        )


if __name__ == "__main__":
    main()
