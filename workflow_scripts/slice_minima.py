"""Slices of the loss through the good and the worst minimum of one set of blessing: rays and a plane.

Good is beta 0, worst the largest beta.  Rays (Fig. 7) run along the first of the directions of their basins'
radii, to --reach times the median of the rays' radii to both sides.  The plane (Figs. 3 and 4) is spanned by
two random directions and is as large, the same for both minima: --half median radii of the good one.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.landscape.basins import radii_at_cutoffs
from anarch.landscape.directions import displaced, moving_parameters, random_directions
from anarch.landscape.surface import Slice, point_scores, slice_scores
from shared.artefacts import write_csv
from shared.jobs import parser, progress, run_script, start
from shared.minima import Minimum, Points, add_minima, first, minima


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add_minima(arguments)
    add = arguments.add_argument
    add("--points", type=int, required=True, help="training points that losses are over; 0: all")
    add("--cutoff", type=float, required=True, help="the main cutoff, to which the rays' radii are")
    add("--rays-number", type=int, required=True, help="random directions")
    add("--steps", type=int, required=True, help="points of a ray; odd, so that 0 is among them")
    add("--reach", type=float, default=2.5, help="half length of rays, in median radii")
    add("--plane", type=int, required=True, help="points of the plane along each axis")
    add("--half", type=float, default=4.0, help="half side of the plane, in median radii of the good minimum")
    add("--rays", type=Path, required=True, help="CSV to write: one row per point of a ray")
    add("--surface", type=Path, required=True, help="CSV to write: one row per point of a plane")
    args = arguments.parse_args(argv)
    device = start(args)
    every = sorted(minima(args, device), key=lambda minimum: minimum.beta)
    shown = [(minimum, first(minimum.train, args.points)) for minimum in (every[0], every[-1])]
    radii = [
        radii_at_cutoffs(minimum.network, *sample, (args.cutoff,), args.rays_number).radii[0]
        for minimum, sample in shown
    ]
    half = args.half * typical(radii[0])
    along, across = [], []
    for done, ((minimum, sample), own) in enumerate(zip(shown, radii, strict=True), start=1):
        ticks = args.reach * typical(own) * torch.linspace(-1, 1, args.steps, dtype=torch.float64)
        along += [
            {**minimum.names, "cutoff": args.cutoff, **row} for row in rays(minimum, sample, own, ticks)
        ]
        names = {**minimum.names, "zoom": False}
        across += [{**names, **row} for row in plane(minimum, sample, args.plane, half)]
        if typical(own) < 2 * half / (args.plane - 1):  # its basin is lost between two points
            finer = plane(minimum, sample, args.plane, args.half * typical(own))
            across += [{**names, "zoom": True, **row} for row in finer]
        progress(done, 2, "minimum")
    write_csv(args.rays, along)
    write_csv(args.surface, across)


def typical(radii: Tensor) -> float:
    """Median of the radii that there are; 1 where no direction has one."""
    met = radii[radii.isfinite() & (radii > 0)]
    return met.median().item() if len(met) else 1.0


def rays(minimum: Minimum, sample: Points, radii: Tensor, ticks: Tensor) -> list[dict[str, Any]]:
    """Loss at ``ticks`` (T,) along the direction of each of ``radii`` (K,)."""
    parameters = moving_parameters(minimum.network)
    drawn = random_directions(minimum.network, 0, range(len(radii)))
    rows = []
    for k in range(len(radii)):
        one = {name: d[k].expand(len(ticks), *d.shape[1:]) for name, d in drawn.items()}
        losses = point_scores(minimum.network, displaced(parameters, one, ticks), *sample)[:, 0]
        radius = radii[k].item() if radii[k].isfinite() and radii[k] > 0 else None
        rows += [
            {"direction": k, "step": step, "loss": loss, "radius": radius}
            for step, loss in zip(ticks.tolist(), losses.tolist(), strict=True)
        ]
    return rows


def plane(minimum: Minimum, sample: Points, side: int, half: float) -> list[dict[str, Any]]:
    """Loss and accuracy on a square grid of side x side points."""
    axis = torch.linspace(-half, half, side, dtype=torch.float64)
    places = torch.cartesian_prod(axis, axis)
    scores = slice_scores(minimum.network, Slice(seed=0), places, *sample)
    return [
        {"a": a, "b": b, "loss": loss, "accuracy": accuracy}
        for (a, b), (loss, accuracy) in zip(places.tolist(), scores.tolist(), strict=True)
    ]


if __name__ == "__main__":
    run_script(main)
