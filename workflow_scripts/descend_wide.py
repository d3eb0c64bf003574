"""Full-batch gradient descent of one wide tanh network on the line, and where it was slow.

It starts small (Gaussian) or beside the minimum of a narrow network lifted into its width by halving.  Slow
points are minima of the gradient's L1 norm along the path; each is held against every narrow critical point,
for that a plateau equals one of them is to be measured, not assumed.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from anarch.critical.descent import (
    History,
    TwoLayer,
    decay,
    from_flat,
    gaussian,
    halving,
    perturb,
    recorded,
    spread,
    train,
)
from anarch.critical.diagram import CriticalPoint
from anarch.critical.networks import output
from anarch.critical.slow_points import slow_points
from anarch.critical.stagnation import gap, share_apart
from anarch.randomness import generator
from shared.artefacts import write_csv
from shared.critical_points import curve_grid, curve_rows, history_rows, load_data, numbered, read_points
from shared.jobs import parser, run_script, start


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--spec", type=json.loads, required=True, help="the descent as JSON")
    arguments.add_argument("--line", type=Path, nargs="+", required=True, help="points of widths 1, 2, 3")
    for name in ("descent", "plateaus", "snapshots"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    start(args)
    spec, (x, y) = args.spec, load_data(args.spec["line"])
    points = [point for path in args.line for point in read_points(path, x, y)]
    every = spec["record_every"]
    net, steps = first(spec, points), spec["steps"]
    history = train(net, x, y, lr=spec["lr"], steps=steps, record_every=every, keep=recorded(steps, every))
    run = {"start": spec["start"], "origin": spec["origin"], "seed": spec["seed"]}
    slow = slow_points(history.steps, history.gradient_norms)
    numbers = {**dict(enumerate(slow, start=1)), 0: len(history.steps) - 1}
    write_csv(args.descent, history_rows(history, spec["width"], run))
    write_csv(args.plateaus, plateaus(history, numbers, points, x, y, run))
    rows = []
    for number, k in numbers.items():
        step, told = history.steps[k], {**run, "plateau": number, "loss": history.losses[k]}
        grid = curve_grid(x)
        rows += curve_rows(grid, history.snapshots[step].output(grid), step=step, **told)
    write_csv(args.snapshots, rows)


def first(spec: Mapping[str, Any], points: Sequence[CriticalPoint]) -> TwoLayer:
    """The wide network before the first step."""
    width, draws = spec["width"], generator(spec["seed"], "descent", spec["start"], spec["origin"])
    if spec["start"] == "small":
        return gaussian(1, width, 1, spec["variance"], draws)
    minima = [p for p in points if p.network.widths[1] == spec["origin"] and not p.inertia.negative]
    if not minima:
        raise SystemExit(
            f"error: the search found no minimum of width {spec['origin']}: "
            "raise starts of embedding.cases.line"
        )
    best = min(minima, key=lambda p: p.loss)
    copies = [width // spec["origin"] + (k < width % spec["origin"]) for k in range(spec["origin"])]
    lifted = spread(from_flat(best.network, best.theta), [halving(count) for count in copies])
    return perturb(lifted, spec["noise"], draws)


def plateaus(
    history: History,
    numbers: Mapping[int, int],
    points: Sequence[CriticalPoint],
    x: Tensor,
    y: Tensor,
    run: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """A row per slow point and narrow critical point; ``numbers``: plateau -> index into the history."""
    rows, grid = [], curve_grid(x)
    for number, k in numbers.items():
        network = history.snapshots[history.steps[k]]
        wide, between = network.output(x), network.output(grid)
        told = {
            **run,
            "plateau": number,
            "step": history.steps[k],
            "loss": history.losses[k],
            "gradient_norm": history.gradient_norms[k],
            "rate": decay(history, k),
        }
        gaps = [gap(wide, output(p.network, p.theta, x), y) for p in points]
        nearest = min(range(len(gaps)), key=lambda j: gaps[j].outputs)
        for j, (width, point, narrow) in enumerate(numbered(points)):
            told_of_narrow = {"narrow_width": width, "narrow_point": point, "narrow_loss": narrow.loss}
            relative = gaps[j].relative if narrow.loss > 1e-12 and math.isfinite(gaps[j].relative) else None
            of_gap = {
                "gap": gaps[j].loss,
                "relative_gap": relative,
                "output_gap": gaps[j].outputs,
                "fresh_gap": share_apart(between, narrow.outputs),
                "nearest": int(j == nearest),
            }
            rows.append({**told, **told_of_narrow, **of_gap})
    return rows


if __name__ == "__main__":
    run_script(main)
