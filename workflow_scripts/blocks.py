"""Where the local weights stand in the matrices of a lifted architecture (needle, Sec. A)."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

from anarch.lifting.locality import local_masks
from anarch.training.network import empty_network
from anarch.workflow.specs import Model, parse
from shared.artefacts import write_csv
from shared.descriptions import load_manifest
from shared.jobs import folder, parser, run_script, start

CELLS = 128  # of a picture's side; larger matrices are averaged


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--model", required=True, help="the architecture as JSON")
    arguments.add_argument(
        "--data", type=folder, required=True, help="folder of a prepared dataset, for the input shape"
    )
    arguments.add_argument(
        "--out", type=Path, required=True, help="CSV to write: one row per cell of a matrix"
    )
    args = arguments.parse_args(argv)
    start(args)
    manifest = load_manifest(args.data)
    network = empty_network(
        parse(Model, json.loads(args.model)),
        tuple(manifest["shape"]),
        manifest["classes"],
        lift="fully_connected",
    )
    rows = []
    for layer, mask in enumerate(local_masks(network).values(), start=1):
        rows_of, columns_of = (min(CELLS, side) for side in mask.shape)
        filled = F.adaptive_avg_pool2d(mask[None, None].to(torch.float32), (rows_of, columns_of))[0, 0]
        rows += [
            {
                "layer": layer,
                "row": i,
                "column": j,
                "filled": value,
                "rows": mask.shape[0],
                "columns": mask.shape[1],
            }
            for i, line in enumerate(filled.tolist())
            for j, value in enumerate(line)
        ]
    write_csv(args.out, rows)


if __name__ == "__main__":
    run_script(main)
