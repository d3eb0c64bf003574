r"""Train on concentric rings with a wide and with a pinched margin (blessing, Fig. 8).

By hand:  python workflow_scripts/rings.py --spec "$(cat SPEC.json)" --out /tmp/rings.csv

All networks are trained at once, full batch, on cross entropy; both margins of a seed begin at the same
weights.  Test points are fresh ones on the same rings, equally many on each of the three.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import torch

from anarch.data.toys import concentric_rings
from anarch.randomness import generator
from anarch.training.ensemble import Ensemble, measure
from anarch.training.stacked import fresh, kernel_mask, outputs
from anarch.workflow.blessing_toys import Rings
from anarch.workflow.digests import text_digest
from anarch.workflow.specs import canonical_json, parse
from shared.artefacts import write_csv
from shared.ensembles import descent, run_saved, workshop
from shared.jobs import parser, run_script, start

TEST = (1000, 1000, 1000)  # fresh points on the three rings
REACH = 1.2  # half side of the kept grid; the outer ring has radius 0.95


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--spec", required=True, help="anarch.workflow.blessing_toys.Rings as JSON")
    arguments.add_argument("--save-every", type=float, default=30.0, help="seconds between saved states")
    arguments.add_argument("--states", type=Path, required=True, help="folder for the state of a stopped job")
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    spec = parse(Rings, json.loads(args.spec))
    device = start(args)
    members = list(product(("wide", "pinched"), spec.seeds))
    with workshop(args.states, text_digest(canonical_json(spec) + args.code)) as work:
        ensemble = networks(spec, members, device)
        run_saved(ensemble, work / "rings.pt", args.save_every)
        write_csv(args.out, list(rows(spec, members, ensemble)))


def networks(spec: Rings, members: list[tuple[str, int]], device: torch.device) -> Ensemble:
    """The networks of ``members`` (margin, seed) before their first step."""
    sets = (concentric_rings(getattr(spec, margin)) for margin, _ in members)
    x, y = (torch.stack(parts).to(device) for parts in zip(*sets, strict=True))
    widths = (2, *spec.hidden, 2)
    initial = fresh(widths, [generator(seed, "weights") for _, seed in members], start=spec.start)
    decay = (spec.descent.weight_decay * kernel_mask(widths)).to(device)
    return Ensemble(
        initial.to(device), widths, descent(spec.descent), (x, y), lr=spec.descent.lr, weight_decay=decay
    )


def rows(spec: Rings, members: list[tuple[str, int]], ensemble: Ensemble) -> Iterator[dict[str, Any]]:
    """The scores of every network; p_1 on a grid and the points of those of the first seed."""
    parameters, widths = ensemble.parameters, ensemble.widths
    axis = torch.linspace(-REACH, REACH, spec.grid)
    places = torch.cartesian_prod(axis, axis)
    for k, (margin, seed) in enumerate(members):
        gap = getattr(spec, margin)
        x, y = concentric_rings(gap)
        one = parameters[k : k + 1].cpu()
        test = concentric_rings(gap, sizes=TEST, draws=generator(seed, "rings", "test"))
        told = {
            "margin": margin,
            "gap": gap,
            "seed": seed,
            "train_accuracy": measure(one, widths, (x, y))[1].item(),
            "test_accuracy": measure(one, widths, test)[1].item(),
        }
        yield {**told, "kind": "score", "x": None, "y": None, "value": None}
        if seed == spec.seeds[0]:
            values = outputs(one, widths, places)[0].softmax(1)[:, 1].tolist()
            for kind, where, shown in (("grid", places, values), ("point", x, y.tolist())):
                for (a, b), value in zip(where.tolist(), shown, strict=True):
                    yield {**told, "kind": kind, "x": a, "y": b, "value": value}


if __name__ == "__main__":
    run_script(main)
