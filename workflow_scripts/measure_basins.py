"""Measure good and poisoned minima of blessing: accuracies, sharpness, basin radii and volumes (Fig. 5).

All basins of one set of data are measured in the same random directions, over the same training points.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from anarch.landscape.basins import BasinRadii, radii_at_cutoffs
from anarch.landscape.hessian import top_eigenvalue
from anarch.landscape.volume import basin_volume, log10
from shared.artefacts import column, write_csv
from shared.jobs import parser, progress, run_script, start
from shared.minima import Minimum, Points, add_minima, first, minima
from shared.scores import scores


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add_minima(arguments)
    add = arguments.add_argument
    add("--cutoffs", type=float, nargs="+", required=True, help="losses (nats) up to which basins reach")
    add("--main", type=float, required=True, help="the cutoff of the main text")
    add("--directions", type=int, required=True, help="random directions of each minimum")
    add("--points", type=int, required=True, help="training points that losses are over; 0: all")
    add("--tolerance", type=float, required=True, help="relative residual of the top Hessian eigenvalue")
    add("--column", type=column, nargs="*", default=[], help="NAME=VALUE, in all rows of --minima")
    add("--minima", type=Path, required=True, help="CSV to write: one row per minimum")
    add("--basins", type=Path, required=True, help="CSV to write: one row per minimum and cutoff")
    args = arguments.parse_args(argv)
    if args.main not in args.cutoffs:
        raise SystemExit(f"error: --main {args.main} is not among --cutoffs {args.cutoffs}")
    device = start(args)
    measured, basins = [], []
    for done, minimum in enumerate(minima(args, device), start=1):
        told = {**minimum.names, **dict(args.column)}
        measured.append({**told, **point(minimum, first(minimum.train, args.points), args.tolerance)})
        basins += [
            {**minimum.names, "main": row["cutoff"] == args.main, **row}
            for row in volumes(minimum, args.cutoffs, args.directions, args.points)
        ]
        progress(done, done + 1, "minimum")
    write_csv(args.minima, measured)
    write_csv(args.basins, basins)


def point(minimum: Minimum, sample: Points, tolerance: float) -> dict[str, Any]:
    """What Table 1 tells of a minimum; sharpness is over the ``sample`` of D_t."""
    scored = {name: scores(minimum.network, getattr(minimum, name)) for name in ("train", "test")}
    top = top_eigenvalue(minimum.network, *sample, tol=tolerance)
    return {
        "parameters": sum(p.numel() for p in minimum.network.parameters()),
        "train_points": len(minimum.train[1]),
        "test_points": len(minimum.test[1]),
        "train_accuracy": scored["train"][1],
        "test_accuracy": scored["test"][1],
        "train_loss": scored["train"][0],
        "sharpness": top.value,
        "sharpness_residual": top.residual if math.isfinite(top.residual) else None,
        "sharpness_converged": top.converged,
    }


def volumes(minimum: Minimum, cutoffs: Sequence[float], directions: int, points: int) -> list[dict[str, Any]]:
    """Radii and log volume of the basin below each cutoff, filter-normalised (Sec. 5)."""
    x, y = first(minimum.train, points)
    found = radii_at_cutoffs(minimum.network, x, y, cutoffs, directions)
    told = {"dimension": found.dimension, "directions": directions, "points": len(y)}
    return [
        {"cutoff": cutoff, "inside": bool(radii.any()), **told, **summary(radii, found)}
        for cutoff, radii in zip(cutoffs, found.radii, strict=True)
    ]


def summary(radii: Tensor, found: BasinRadii) -> dict[str, Any]:
    """Of the ``radii`` (K,) of one basin; nothing where the minimum itself is above the cutoff."""
    if not radii.any():
        return {"evaluations": found.evaluations}
    volume = basin_volume(radii, found.dimension, largest=found.largest)
    finite = radii.clamp(max=found.largest)
    return {
        "radius_mean": finite.mean().item(),
        "radius_min": finite.min().item(),
        "radius_max": finite.max().item(),
        "radius_median": finite.median().item(),
        "censored": volume.censored,
        "log10_volume": log10(volume.log_mean),
        "log10_low": log10(volume.low),
        "log10_high": log10(volume.high),
        "log10_volume_median": log10(volume.log_median),
        "effective": volume.effective,
        "evaluations": found.evaluations,
    }


if __name__ == "__main__":
    run_script(main)
