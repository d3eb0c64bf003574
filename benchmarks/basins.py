"""Cost and accuracy of basin radii: the search for the first crossing against the authors' grid of 101 radii.

The grid is what blessing's authors evaluate in each direction, 101 radii c = (i / 100)^5 c_max one network
after the other, and their radius the grid point whose loss is nearest to the cutoff.  Both see the same
network, images and directions.
"""

import argparse
import math
import time

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from anarch.landscape.basins import radii_at_cutoffs
from anarch.landscape.directions import moving_parameters, random_directions
from anarch.models import build, initialise_
from anarch.randomness import generator

GRID = torch.linspace(0, 1, 101, dtype=torch.float64) ** 5
CUTOFF = 0.1


def loss_of(logits: Tensor, y: Tensor) -> Tensor:
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(logits[:, 0], y.float())
    return F.cross_entropy(logits, y)


def swiss_roll() -> tuple[nn.Module, Tensor, Tensor]:
    """The authors' network [2-23-16-26-32-28-31-1] after 2,000 steps of Adam on 200 points of two spirals."""
    draws = generator(0, "swiss roll")
    angle = torch.rand(100, generator=draws).sqrt() * math.radians(600)
    arm = 1.5 * angle[:, None] * torch.stack((-angle.cos(), angle.sin()), 1)
    x = torch.cat((arm, -arm)) + 0.5 * torch.randn(200, 2, generator=draws)
    y = torch.arange(200) // 100
    model = build("mlp", (2,), 1, hidden=(23, 16, 26, 32, 28, 31))
    initialise_(model, generator(0, "weights"))
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(2000):
        optimiser.zero_grad()
        loss_of(model(x), y).backward()
        optimiser.step()
    return model, x, y


def resnet(images: int) -> tuple[nn.Module, Tensor, Tensor]:
    """ResNet-20-v2, untrained, on noise that it labels itself and is sure of."""
    model = initialise_(build("resnet_v2", (3, 32, 32), 10), generator(0, "weights"))
    x = torch.randn(images, 3, 32, 32, generator=generator(0, "images"))
    with torch.no_grad():
        model(x[:100])  # running statistics
        y = model.eval()(x).argmax(1)
        head = next(layer for layer in reversed(list(model.modules())) if isinstance(layer, nn.Linear))
        while loss_of(model(x), y) > CUTOFF / 10:
            head.weight.mul_(4), head.bias.mul_(4)
    return model, x, y


@torch.no_grad()
def authors_radii(model: nn.Module, x: Tensor, y: Tensor, directions: int, widest: float) -> Tensor:
    parameters = moving_parameters(model)
    radii = []
    for k in range(directions):
        direction = random_directions(model, 0, [k])
        losses = []
        for step in (widest * GRID).tolist():
            point = {name: w + step * direction[name][0] for name, w in parameters.items()}
            losses.append(loss_of(functional_call(model, point, (x,)), y))
        radii.append(widest * GRID[(torch.stack(losses) - CUTOFF).abs().argmin()])
    return torch.stack(radii)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", choices=("swiss_roll", "resnet"), default="swiss_roll")
    parser.add_argument("--images", type=int, default=500, help="for resnet")
    parser.add_argument("--directions", type=int, default=3000)
    parser.add_argument("--by-grid", type=int, default=30, help="directions for which the grid is timed")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, x, y = swiss_roll() if args.network == "swiss_roll" else resnet(args.images)
    began = time.perf_counter()
    ours = radii_at_cutoffs(model, x, y, (CUTOFF,), args.directions)
    seconds = (time.perf_counter() - began) / args.directions
    radii = ours.radii[0]
    widest = 1.5 * radii[radii.isfinite()].max().item()
    began = time.perf_counter()
    theirs = authors_radii(model, x, y, args.by_grid, widest)
    grid_seconds = (time.perf_counter() - began) / args.by_grid
    evaluations = ours.evaluations / args.directions
    wrong = (theirs / radii[: args.by_grid] - 1).abs()
    print(
        f"{args.network}, {ours.dimension:,} coordinates, {len(x)} points, {args.directions} directions: "
        f"radii {radii.min():.3g} to {radii.max():.3g}, {int(radii.isinf().sum())} censored\n"
        f"evaluations a direction: {evaluations:.1f} against 101, {101 / evaluations:.1f} times fewer\n"
        f"seconds a direction: {seconds:.2g} against {grid_seconds:.2g}, "
        f"{grid_seconds / seconds:.1f} times faster; {seconds * args.directions:.1f} s in all\n"
        f"relative error of the grid's radii: median {wrong.median():.2g}, largest {wrong.max():.2g}; "
        "ours 1e-4 at most"
    )


if __name__ == "__main__":
    main()
