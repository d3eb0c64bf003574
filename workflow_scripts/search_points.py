r"""Search the critical points of a small two-layer network from many starts at once, to machine precision.

Full-batch descent from Gaussian starts; the slowest point of each path and its last are polished by
Levenberg-Marquardt on grad R_S = 0, which leaves saddles saddles; points of one output function are one.

By hand:  python workflow_scripts/search_points.py --out points.csv --spec '{"case": "iris", "data": "iris",
              "width": 2, "activation": "tanh", "output_bias": true, "starts": 20, "variance": 0.3,
              "adam": true, "lr": 0.02, "steps": 60, "seed": 0}'
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.critical.diagram import find
from anarch.critical.networks import initial
from anarch.models.flat import Network
from anarch.randomness import generator
from shared.artefacts import write_csv
from shared.critical_points import curve_grid, load_data, point_rows
from shared.jobs import parser, run_script, start


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--spec", type=json.loads, required=True, help="the search as JSON")
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per critical point")
    args = arguments.parse_args(argv)
    start(args)
    spec = args.spec
    x, y = load_data(spec["data"])
    network = Network((x.shape[1], spec["width"], y.shape[1]), spec["activation"], spec["output_bias"])
    draws = generator(spec["seed"], "search", spec["case"], spec["width"])
    starts = torch.cat([initial(network, spec["starts"], spec["variance"], draws), *target(spec)])
    descent = {name: spec[name] for name in ("lr", "steps", "adam")}
    points = find(network, starts, x, y, curve_grid(x), **descent)
    if not points:
        raise SystemExit(
            f"error: no critical point was found from {spec['starts']} starts: "
            f"raise starts of embedding.cases.{spec['case']}"
        )
    told = {
        "case": spec["case"],
        "width": spec["width"],
        "output_bias": int(spec["output_bias"]),
        "starts": spec["starts"],
    }
    write_csv(args.out, point_rows(points, x, **told))


def target(spec: Mapping[str, Any]) -> list[Tensor]:
    """The target of the line as one more start (1, P), where the network is as wide as it and without bias.

    Its zero-loss minimum is known, and random starts of so few steps may all miss it.
    """
    line = spec["data"]
    if isinstance(line, str) or spec["output_bias"] or len(line["centres"]) != spec["width"]:
        return []
    centres, slopes, heights = (
        torch.tensor(line[name], dtype=torch.float64) for name in ("centres", "slopes", "heights")
    )
    return [torch.cat([slopes, -slopes * centres, heights]).unsqueeze(0)]


if __name__ == "__main__":
    run_script(main)
