"""Measure good and poisoned minima of blessing: accuracies, sharpness, basin radii and volumes (Fig. 5).

All basins of one set of data are measured in the same random directions, over the same training points.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from anarch.complexity.boundary import boundary_distances
from anarch.landscape.basins import BasinRadii, radii_at_cutoffs
from anarch.landscape.directions import unit_scales
from anarch.landscape.hessian import top_eigenvalue
from anarch.landscape.preconditioned import (
    best_preconditioner,
    curvature_weights,
    log_quadratic_volume,
    preconditioned_radii,
    stiffness,
)
from anarch.landscape.stability import unstable_share
from anarch.landscape.volume import basin_volume, log10
from anarch.workflow.specs import parse
from shared.artefacts import column, write_csv
from shared.jobs import parser, progress, run_script, start
from shared.minima import Minimum, Points, add_minima, first, minima
from shared.scores import scores


@dataclass(frozen=True, kw_only=True)
class Basins:
    """How the minima of a set are measured: its section `basins` of the config."""

    cutoffs: tuple[float, ...]
    main: float
    directions: int
    preconditioned: int
    points: int
    tolerance: float
    step: float


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add_minima(arguments)
    add = arguments.add_argument
    add("--how", required=True, help="section `basins` of the config as JSON")
    add("--column", type=column, nargs="*", default=[], help="NAME=VALUE, in all rows of --minima")
    add("--minima", type=Path, required=True, help="CSV to write: one row per minimum")
    add("--basins", type=Path, required=True, help="CSV to write: one row per minimum and cutoff")
    args = arguments.parse_args(argv)
    how = parse(Basins, json.loads(args.how))
    device = start(args)
    measured, basins = [], []
    for done, minimum in enumerate(minima(args, device), start=1):
        told = {**minimum.names, **dict(args.column)}
        sample = first(minimum.train, how.points)
        measured.append({**told, **point(minimum, sample, how)})
        basins += [{**minimum.names, **row} for row in volumes(minimum, sample, how)]
        progress(done, done + 1, "minimum")
    write_csv(args.minima, measured)
    write_csv(args.basins, basins)


def point(minimum: Minimum, sample: Points, how: Basins) -> dict[str, Any]:
    """What Table 1 tells of a minimum; sharpness and stability are over the ``sample`` of D_t."""
    network = minimum.network
    scored = {name: scores(network, getattr(minimum, name)) for name in ("train", "test")}
    row: dict[str, Any] = {
        "parameters": sum(p.numel() for p in network.parameters()),
        "train_points": len(minimum.train[1]),
        "test_points": len(minimum.test[1]),
        "train_accuracy": scored["train"][1],
        "test_accuracy": scored["test"][1],
        "train_loss": scored["train"][0],
    }
    for name, scales in (("sharpness", None), ("filter_sharpness", unit_scales(network))):
        top = top_eigenvalue(network, *sample, tol=how.tolerance, scales=scales)
        row |= {
            name: top.value,
            f"{name}_residual": top.residual if math.isfinite(top.residual) else None,
            f"{name}_converged": top.converged,
        }
    row["unstable"] = unstable_share(network, *sample, how.step)
    plane = minimum.train[0].shape[1:] == (2,)
    row["boundary"] = boundary_distances(network, minimum.train[0]).median().item() if plane else None
    return row


def volumes(minimum: Minimum, sample: Points, how: Basins) -> list[dict[str, Any]]:
    """Radii and log volume of the basin below each cutoff, filter-normalised (Sec. 5)."""
    found = radii_at_cutoffs(minimum.network, *sample, how.cutoffs, how.directions)
    told = {"dimension": found.dimension, "directions": how.directions, "points": len(sample[1])}
    rows = []
    for cutoff, radii in zip(how.cutoffs, found.radii, strict=True):
        inside, main = bool(radii.any()), cutoff == how.main
        rows.append({"main": main, "cutoff": cutoff, "inside": inside, **told, **summary(radii, found)})
        if inside and main:
            rows[-1] |= by_shape(minimum, sample, how)
    return rows


def summary(radii: Tensor, found: BasinRadii) -> dict[str, Any]:
    """Of the ``radii`` (K,) of one basin; nothing where the minimum itself is above the cutoff."""
    if not radii.any():
        return {"evaluations": found.evaluations}
    volume = basin_volume(radii, found.dimension, largest=found.largest)
    finite = radii.clamp(max=found.largest)
    return {
        "radius_mean": finite.mean().item(),
        "radius_std": finite.std(unbiased=False).item(),
        "radius_min": finite.min().item(),
        "radius_max": finite.max().item(),
        "radius_median": finite.median().item(),
        "censored": volume.censored,
        "log10_volume": log10(volume.log_mean),
        "log10_volume_median": log10(volume.log_median),
        "effective": volume.effective,
        "evaluations": found.evaluations,
    }


def by_shape(minimum: Minimum, sample: Points, how: Basins) -> dict[str, Any]:
    """The main basin along directions that follow its shape; of two classes, by the determinant as well."""
    network, tolerance = minimum.network, 0.01  # of radii: hundredths of n / ln 10 decades, alike for all
    stiff = stiffness(network, *sample)
    by = best_preconditioner(network, *sample, how.main, stiff)
    found = preconditioned_radii(network, *sample, how.main, how.preconditioned, by=by, tolerance=tolerance)
    volume = basin_volume(found.radii[0], found.dimension, largest=found.largest)
    two_classes = network(sample[0][:1]).numel() == 1
    curved = stiffness(network, *sample, weights=curvature_weights(network, *sample)) if two_classes else None
    return {
        "log10_preconditioned": log10(volume.log_mean + by.log_det),
        "preconditioned_effective": volume.effective,
        "log10_determinant": log10(by.log_det),
        "log10_quadratic": log10(log_quadratic_volume(curved, found.dimension, how.main)) if curved else None,
    }


if __name__ == "__main__":
    run_script(main)
