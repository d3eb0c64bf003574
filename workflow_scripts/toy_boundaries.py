"""Decision boundaries of bad_minima, Fig. 1: two Gaussians and an MLP 2-100-100-1, in four settings.

1: true labels.  2: random labels.  3: from 2, true labels.  4: from 2, true labels, data augmentation and l2.
All is full batch: 2 by Adam, in rounds with a cosine schedule each, the others by plain gradient descent at
one rate.  A network of 1, 2 or 3 stops at the first step where its accuracy on the points is 1 and its mean
cross entropy below --cutoff; 4 takes all of --steps, since l2 keeps its loss up.  Augmentation adds two noisy
copies of each point, drawn once.  Each row tells the accuracy that its network has reached.

Margin: the least distance of a training point from the boundary, along 32 rays around each.  Radii grow by a
tenth until a class changes, and that last step is bisected: thinner slivers may be missed.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from anarch.data.toys import two_gaussians
from anarch.randomness import generator
from anarch.training.ensemble import Descent, Ensemble, Points, measure
from anarch.training.stacked import fresh, unstack
from shared.artefacts import write_csv
from shared.jobs import parser, progress, start

RAYS, NEAREST, FARTHEST, GROWTH = 32, 1e-5, 100.0, 1.1


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add = arguments.add_argument
    add(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], help="a network each; the first one's grid is kept"
    )
    add("--points", type=int, default=50, help="points of each class")
    add("--centre", type=float, default=2.0, help="the means are (-centre, 0) and (centre, 0)")
    add("--std", type=float, default=0.5, help="standard deviation of both Gaussians")
    add("--noise", type=float, default=0.3, help="standard deviation of the augmentation's noise")
    add("--weight-decay", type=float, default=0.1, help="l2 of setting 4")
    add("--width", type=int, default=100, help="units of each of the two hidden layers")
    add("--lr", type=float, default=0.01, help="learning rate of all settings")
    add("--steps", type=int, default=2000, help="steps of setting 4, and most of 1 and 3")
    add("--random-steps", type=int, default=2000, help="steps of a round of setting 2")
    add("--random-rounds", type=int, default=6, help="most rounds of setting 2")
    add("--cutoff", type=float, default=0.05, help="loss at which settings 1 to 3 stop")
    add("--grid", type=int, default=101, help="points of the kept grid along each axis")
    add("--out", type=Path, required=True, help="CSV to write: one row a grid point or training point")
    args = arguments.parse_args(argv)
    device = start(args)
    if args.points < 1 or args.grid < 2:
        raise ValueError(
            f"--points must be 1 or more and --grid 2 or more, got {args.points} and {args.grid}"
        )
    widths = (2, args.width, args.width, 1)
    rows = []
    for setting, (parameters, (x, y)) in enumerate(settings(args, widths, device), start=1):
        progress(setting, 4, "setting")
        accuracy = measure(parameters, widths, (x, y))[1].tolist()
        for k, seed in enumerate(args.seeds):
            network = unstack(parameters, k, widths)
            told = {"seed": seed, "train_accuracy": accuracy[k], "margin": margin(network, x[k])}
            if k == 0:
                rows += [{"setting": setting, "kind": "grid", **row, **told} for row in grid(network, args)]
            rows += [
                {"setting": setting, "kind": "point", "x": a, "y": b, "value": label, **told}
                for (a, b), label in zip(x[k].tolist(), y[k].tolist(), strict=True)
            ]
    write_csv(args.out, rows)


def settings(
    args: argparse.Namespace, widths: tuple[int, ...], device: torch.device
) -> list[tuple[Tensor, Points]]:
    """Parameters (seeds, P) at the end of settings 1 to 4, each with the points that it shall have right."""
    x, true, random, noisy = draws(args, device)
    fresh_weights = fresh(widths, [generator(seed, "weights") for seed in args.seeds]).to(device)
    plain = Descent(steps=args.steps, optimiser="sgd", stop_below=args.cutoff)
    memorise = Descent(steps=args.random_steps, schedule="cosine", stop_below=args.cutoff)
    regularised = Descent(steps=args.steps, optimiser="sgd")

    def trained(begin: Tensor, descent: Descent, points: Points, weight_decay: float = 0.0) -> Tensor:
        ensemble = Ensemble(begin, widths, descent, points, lr=args.lr, weight_decay=weight_decay)
        ensemble.run()
        return ensemble.parameters

    adversarial = fresh_weights
    for _ in range(args.random_rounds):  # a network that has them all right stops before its first step
        adversarial = trained(adversarial, memorise, (x, random))
    copies = (torch.cat((x, *noisy), 1), true.repeat(1, 1 + len(noisy)))
    return [
        (trained(fresh_weights, plain, (x, true)), (x, true)),
        (adversarial, (x, random)),
        (trained(adversarial, plain, (x, true)), (x, true)),
        (trained(adversarial, regularised, copies, args.weight_decay), (x, true)),
    ]


def draws(args: argparse.Namespace, device: torch.device) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """Points (seeds, n, 2), their true and their random labels (seeds, n), two noisy copies of the points."""
    sets = [
        two_gaussians(args.points, generator(seed, "points"), centre=(args.centre, 0.0), std=args.std)
        for seed in args.seeds
    ]
    x, true = (torch.stack(parts).to(device) for parts in zip(*sets, strict=True))
    random = torch.stack([random_labels(2 * args.points, generator(seed, "labels")) for seed in args.seeds])
    noises = [generator(seed, "augmentation") for seed in args.seeds]
    noisy = [
        x
        + args.noise * torch.stack([torch.randn(x.shape[1:], generator=noise) for noise in noises]).to(device)
        for _ in range(2)
    ]
    return x, true, random.to(device), noisy


def random_labels(n: int, draws: torch.Generator) -> Tensor:
    """Fair labels (n,) in {0, 1}, drawn anew until both are present; n is 2 or more."""
    labels = torch.zeros(n, dtype=torch.int64)
    while len(labels.unique()) < 2:
        labels = torch.randint(0, 2, (n,), generator=draws)
    return labels


@torch.no_grad()
def grid(network: nn.Sequential, args: argparse.Namespace) -> list[dict[str, Any]]:
    """p_1 on a square grid that reaches 4 standard deviations beyond the means."""
    reach = args.centre + 4 * args.std
    axis = torch.linspace(-reach, reach, args.grid, device=next(network.parameters()).device)
    points = torch.cartesian_prod(axis, axis)
    values = network(points).sigmoid().squeeze(1)
    return [
        {"x": x, "y": y, "value": value}
        for (x, y), value in zip(points.tolist(), values.tolist(), strict=True)
    ]


@torch.no_grad()
def margin(network: nn.Sequential, x: Tensor) -> float:
    """Least distance from a point of ``x`` (n, 2) to where its class changes; inf if that is nowhere."""
    angle = torch.arange(RAYS, device=x.device) * (2 * math.pi / RAYS)
    rays = torch.stack((angle.cos(), angle.sin()), 1)
    positive = network(x).squeeze(1) > 0

    def changed(radius: float, point: Tensor, ray: Tensor) -> Tensor:
        return (network(x[point] + radius * rays[ray]).squeeze(1) > 0) != positive[point]

    every = torch.cartesian_prod(torch.arange(len(x)), torch.arange(RAYS)).to(x.device).T
    near, far = 0.0, NEAREST
    while not (hits := changed(far, *every)).any():
        near, far = far, far * GROWTH
        if far > FARTHEST:
            return math.inf
    point, ray = every[:, hits]
    while far - near > 1e-3 * far:
        middle = (near + far) / 2
        near, far = (near, middle) if changed(middle, point, ray).any() else (middle, far)
    return far


if __name__ == "__main__":
    main()
