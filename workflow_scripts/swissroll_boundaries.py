"""Decision boundaries of swiss roll minima (blessing, Figs. 3 and 6), and under perturbation of the weights.

Perturbations run once around a loop, w + size (sin(t) d_1 + (1 - cos(t)) / 2 d_2), along two orthogonal
filter-normalised directions, the same for the good and the worst minimum (Fig. 3 and its animation).
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from anarch.landscape.directions import moving_parameters
from anarch.landscape.surface import Slice, axes
from anarch.workflow.blessing_toys import Swissroll
from anarch.workflow.specs import parse
from shared.artefacts import write_csv
from shared.jobs import parser, progress, run_script, start
from shared.minima import Minimum
from shared.scores import scores
from shared.swissroll_minima import minima


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add = arguments.add_argument
    add("--networks", type=Path, required=True, help="what swissroll.py has written")
    add("--spec", required=True, help="what made it, as JSON")
    add("--seeds", type=int, nargs=1, required=True, help="whose networks to take")
    add("--grid", type=int, required=True, help="points of a grid along each axis")
    add("--frames", type=int, required=True, help="frames of the loop")
    add("--frame-grid", type=int, required=True, help="points of a frame's grid along each axis")
    add("--size", type=float, required=True, help="of the perturbation, in filter lengths")
    add("--boundaries", type=Path, required=True, help="CSV to write: one row per grid or training point")
    add("--perturbed", type=Path, required=True, help="CSV to write: one row per grid point of a frame")
    args = arguments.parse_args(argv)
    device = start(args)
    scale = parse(Swissroll, json.loads(args.spec)).input_scale
    every = sorted(minima(args, device), key=lambda minimum: minimum.beta)
    drawn, moved = [], []
    for done, minimum in enumerate(every, start=1):
        told = {"seed": minimum.seed, "beta": minimum.beta}
        reached = {
            f"{name}_accuracy": scores(minimum.network, getattr(minimum, name))[1]
            for name in ("train", "test")
        }
        drawn += [{**told, **row, **reached} for row in boundary(minimum, args.grid, scale)]
        if minimum in (every[0], every[-1]):
            moved += [
                {**told, **row} for row in loop(minimum, args.frames, args.frame_grid, args.size, scale)
            ]
        progress(done, len(every), "minimum")
    write_csv(args.boundaries, drawn)
    write_csv(args.perturbed, moved)


def boundary(minimum: Minimum, side: int, scale: float) -> Iterator[dict[str, Any]]:
    """p_1 on a grid and the labels of the training points, in units of the generator."""
    x, y = minimum.train
    for (a, b), label in zip((x / scale).tolist(), y.tolist(), strict=True):
        yield {"kind": "point", "x": a, "y": b, "value": label}
    places = square(x, side)
    yield from grid_rows(places / scale, minimum.network(places), kind="grid")


def loop(minimum: Minimum, frames: int, side: int, size: float, scale: float) -> Iterator[dict[str, Any]]:
    """p_1 of the perturbed network on a grid, and its accuracy on the training points."""
    network, (x, y) = minimum.network, minimum.train
    parameters = moving_parameters(network)
    directions = axes(network, Slice(seed=0, orthogonal=True))
    places = square(x, side)
    for frame in range(frames):
        t = 2 * math.pi * frame / frames
        first, second = size * math.sin(t), size * (1 - math.cos(t)) / 2
        point = {name: w + first * d[0] + second * d[1] for name, (w, d) in paired(parameters, directions)}
        told = {
            "frame": frame,
            "size": math.hypot(first, second),
            "train_accuracy": accuracy(network, point, x, y),
        }
        yield from grid_rows(places / scale, functional_call(network, point, (places,)), **told)


def paired(a: dict[str, Tensor], b: dict[str, Tensor]) -> Iterator[tuple[str, tuple[Tensor, Tensor]]]:
    return ((name, (a[name], b[name])) for name in a)


@torch.no_grad()
def accuracy(network: nn.Module, point: dict[str, Tensor], x: Tensor, y: Tensor) -> float:
    logits = functional_call(network, point, (x,)).squeeze(1)
    return ((logits > 0) == (y == 1)).double().mean().item()


def square(x: Tensor, side: int) -> Tensor:
    """A grid (side ** 2, 2) about the origin that reaches a tenth farther than the points ``x``."""
    reach = 1.1 * x.abs().max().item()
    axis = torch.linspace(-reach, reach, side, device=x.device)
    return torch.cartesian_prod(axis, axis)


def grid_rows(places: Tensor, logits: Tensor, **told: Any) -> Iterator[dict[str, Any]]:
    values = logits.detach().squeeze(1).sigmoid()
    for (a, b), value in zip(places.tolist(), values.tolist(), strict=True):
        yield {**told, "x": a, "y": b, "value": value}


if __name__ == "__main__":
    run_script(main)
