"""Measure the good and poisoned swiss roll networks of blessing, for the atlas."""

import argparse
import json
from pathlib import Path
from typing import Any

from anarch.atlas.measures import Effort, combined, first, landscape, weights
from anarch.randomness import generator
from anarch.training.stacked import fresh, unstack
from anarch.workflow.blessing_toys import Swissroll
from anarch.workflow.specs import parse
from shared.artefacts import write_csv
from shared.jobs import parser, progress, run_script, start
from shared.scores import scores
from shared.swissroll_data import widths
from shared.swissroll_minima import minima


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add = arguments.add_argument
    add("--networks", type=Path, required=True, help="what swissroll.py has written")
    add("--spec", required=True, help="what made it, as JSON")
    add("--effort", required=True, help="anarch.atlas.measures.Effort as JSON")
    add("--out", type=Path, required=True, help="CSV to write: one row per network")
    args = arguments.parse_args(argv)
    spec, effort = parse(Swissroll, json.loads(args.spec)), parse(Effort, json.loads(args.effort))
    device = start(args)
    found = argparse.Namespace(networks=args.networks, spec=args.spec, seeds=spec.seeds)
    rows: list[dict[str, Any]] = []
    for minimum in minima(found, device):
        progress(len(rows), len(spec.seeds) * len(spec.betas), "network")
        train = first(*minimum.train, effort.images)
        loss, accuracy = scores(minimum.network, train)
        begun = fresh(widths(spec), [generator(minimum.seed, "weights")], start=spec.start)
        initial = unstack(begun, 0, widths(spec)).to(device)
        measured = {
            **landscape(minimum.network, *train, effort),
            **weights(minimum.network, initial, (2,)),
        }
        rows.append(
            {
                "study": "blessing",
                "run": f"swissroll/beta{minimum.beta:g}-s{minimum.seed}",
                "group": "swissroll",
                "what": f"beta = {minimum.beta:g}",
                "settings": json.dumps({"poison.beta": minimum.beta}),
                "dataset": "swiss roll",
                "seed": minimum.seed,
                "train_loss": loss,
                "train_accuracy": accuracy,
                "test_accuracy": scores(minimum.network, minimum.test)[1],
                "test_images": len(minimum.test[1]),
                **measured,
                **combined(measured),
            }
        )
    write_csv(args.out, rows)


if __name__ == "__main__":
    run_script(main)
