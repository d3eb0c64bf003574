"""Paths of CNN, FCN and eFCNs on their principal plane, and off the CNN subspace (needle, Fig. 1)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from anarch.landscape.planes import gram_matrix, principal_plane, project_on_plane
from anarch.lifting.subspace import project
from anarch.workflow.needle import describe
from shared.artefacts import write_csv
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import Run, open_run


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--cnn", required=True, help="name of the CNN's run")
    arguments.add_argument("--wide", nargs="+", required=True, help="names of the FCN's and the eFCNs' runs")
    arguments.add_argument("--data", type=folder, required=True, help="folder of their dataset")
    arguments.add_argument(
        "--out", type=Path, required=True, help="CSV to write: one row per point of a path"
    )
    args = arguments.parse_args(argv)
    device = start(args)
    rows: list[dict[str, Any]] = []
    points: list[Any] = []
    shadows: list[Any] = []
    for name in [args.cnn, *args.wide]:
        progress(len(points), 0, "point")
        for epoch, network in path_of(open_run(args.runs, name, args.data, device)):
            told = describe(name)
            rows.append(
                {
                    "model": told["model"],
                    "relax_time": told["relax_time"],
                    "seed": told["seed"],
                    "epoch": epoch,
                }
            )
            points.append(parameters(network))
            shadows.append(parameters(project(network)))
    gram = gram_matrix([*points, *shadows])  # points first, then their projections on the CNN subspace
    count = len(points)
    coordinates, explained = principal_plane(gram[:count, :count])
    projected = project_on_plane(gram[:count, :count], gram[count:, :count])
    squares = gram.diagonal()
    distance = (
        (squares[:count] - squares[count:]).clamp(min=0).sqrt()
    )  # Pythagoras: the projection is orthogonal
    for i, row in enumerate(rows):
        row |= {
            "pc1": float(coordinates[i, 0]), "pc2": float(coordinates[i, 1]),
            "off_subspace": float(distance[i]),
            "projected_pc1": float(projected[i, 0]), "projected_pc2": float(projected[i, 1]),
            "explained1": float(explained[0]), "explained2": float(explained[1]),
        }  # fmt: skip
    write_csv(args.out, rows)


def path_of(run: Run) -> Iterator[tuple[int, nn.Module]]:
    """(epoch, network in fully connected space) from the initial point to the last."""
    as_wide = run.lifted if run.spec.model.lift == "none" else run.network
    if 0 not in run.spec.snapshots:
        yield 0, run.first() if run.spec.model.lift != "none" else run.lifted(run.first().state_dict())
    for epoch in sorted(run.spec.snapshots):
        yield epoch, as_wide(run.weights(epoch))
    if run.spec.recipe.epochs not in run.spec.snapshots:
        yield run.spec.recipe.epochs, as_wide(run.weights())


def parameters(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().to(torch.float32) for name, tensor in network.named_parameters()}


if __name__ == "__main__":
    run_script(main)
