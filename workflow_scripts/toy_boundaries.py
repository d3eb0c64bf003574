"""Decision boundaries of bad_minima, Fig. 1: two Gaussians and an MLP 2-100-100-1, in four settings.

Each row has the accuracy that its network has reached, and its margin: the least distance of a training point
from the boundary; and the largest margin that any boundary has.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import nn

from anarch.complexity.boundary import boundary_distance, largest_margin
from anarch.training.ensemble import measure
from anarch.training.stacked import unstack
from anarch.training.toy_minima import Toy, toy_minima
from shared.artefacts import write_csv
from shared.jobs import parser, progress, start


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add = arguments.add_argument
    add(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], help="a network each; the first one's grid is kept"
    )
    for field in fields(Toy):
        option = f"--{field.name.replace('_', '-')}"
        add(option, type=type(field.default), default=field.default, help="as in anarch.training.toy_minima")
    add("--grid", type=int, default=101, help="points of the kept grid along each axis")
    add("--out", type=Path, required=True, help="CSV to write: one row per grid point or training point")
    args = arguments.parse_args(argv)
    if args.grid < 2:
        raise ValueError(f"--grid must be 2 or more, got {args.grid}")
    toy = Toy(**{field.name: getattr(args, field.name) for field in fields(Toy)})
    rows = []
    for setting, (parameters, (x, y)) in enumerate(toy_minima(toy, args.seeds, start(args)), start=1):
        progress(setting, 4, "setting")
        accuracy = measure(parameters, toy.widths, (x, y))[1].tolist()
        for k, seed in enumerate(args.seeds):
            network = unstack(parameters, k, toy.widths)
            of_network = {
                "seed": seed,
                "train_accuracy": accuracy[k],
                "margin": boundary_distance(network, x[k]),
                "largest_margin": largest_margin(x[k], y[k]),
            }
            if k == 0:
                cells = grid(network, toy.centre + 4 * toy.std, args.grid)
                rows += [{"setting": setting, "kind": "grid", **cell, **of_network} for cell in cells]
            rows += [
                {"setting": setting, "kind": "point", "x": a, "y": b, "value": label, **of_network}
                for (a, b), label in zip(x[k].tolist(), y[k].tolist(), strict=True)
            ]
    write_csv(args.out, rows)


@torch.no_grad()
def grid(network: nn.Sequential, reach: float, points: int) -> list[dict[str, Any]]:
    """p_1 on a square grid of ``points`` along each axis, from -``reach`` to ``reach``."""
    axis = torch.linspace(-reach, reach, points, device=next(network.parameters()).device)
    places = torch.cartesian_prod(axis, axis)
    values = network(places).sigmoid().squeeze(1)
    return [
        {"x": x, "y": y, "value": value}
        for (x, y), value in zip(places.tolist(), values.tolist(), strict=True)
    ]


if __name__ == "__main__":
    main()
