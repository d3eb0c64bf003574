"""First-layer "filters" of eFCNs and of the FCN on their way, as ln|w| maps (needle, Figs. 6 and 7)."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.lifting.subspace import unit_filter
from anarch.workflow.needle import describe
from shared.artefacts import write_csv
from shared.jobs import folder, parser, run_script, start
from shared.runs import Run, open_run


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--names", nargs="+", required=True, help="names of the FCN's and the eFCNs' runs")
    arguments.add_argument("--data", type=folder, required=True, help="folder of their dataset")
    arguments.add_argument("--channel", type=int, required=True, help="channel of the unit")
    arguments.add_argument(
        "--position", type=int, nargs=2, required=True, help="row and column of the unit on its map"
    )
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per pixel")
    args = arguments.parse_args(argv)
    device = start(args)
    rows: list[dict[str, Any]] = []
    for name in args.names:
        run = open_run(args.runs, name, args.data, device)
        filters = {
            epoch: filter_of(run, epoch, args)
            for epoch in sorted({*run.spec.snapshots, run.spec.recipe.epochs})
        }
        told = describe(name)
        for epoch, weights in filters.items():
            rows += pixels(
                {
                    "model": told["model"],
                    "relax_time": told["relax_time"],
                    "epoch": epoch,
                    "panel": "weights",
                },
                weights,
            )
        if told["model"] == "FCN":  # only the FCN's off-local weights did not start at zero
            last = max(filters)
            change = filters[last] - filters[min(filters)]
            rows += pixels({"model": "FCN", "relax_time": None, "epoch": last, "panel": "difference"}, change)
    write_csv(args.out, rows)


def filter_of(run: Run, epoch: int, args: Any) -> Tensor:
    weights = run.weights(epoch if epoch in run.spec.snapshots else None)
    return unit_filter(run.network(weights), 0, args.channel, tuple(args.position))


def pixels(told: dict[str, Any], weights: Tensor) -> list[dict[str, Any]]:
    """Rows of the mean over colours of ln|w|; an exactly zero weight has no logarithm: an empty cell."""
    values = weights.detach().double().abs().log().mean(0)
    return [
        {**told, "row": row, "column": column, "log_abs_weight": value if value > -torch.inf else None}
        for row, line in enumerate(values.tolist())
        for column, value in enumerate(line)
    ]


if __name__ == "__main__":
    run_script(main)
