"""Measure where runs of one study ended, for the atlas: every network on one footing."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from anarch.atlas.measures import Effort, combined, landscape, weights
from anarch.training.examples import Examples
from anarch.training.loop import evaluate
from anarch.workflow.specs import parse
from anarch.workflow.subsets import named
from shared.artefacts import write_csv
from shared.descriptions import load_spec
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import Run, open_run
from shared.tensors import load_examples


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    add = arguments.add_argument
    add("--study", required=True, help="whose runs they are")
    add("--runs", type=folder, required=True, help="the study's runs/")
    add("--networks", required=True, help="JSON list: run, group, settings and what it is, of each network")
    add("--datasets", type=folder, required=True, help="folder of all prepared datasets")
    add("--effort", required=True, help="anarch.atlas.measures.Effort as JSON")
    add("--out", type=Path, required=True, help="CSV to write: one row per network")
    args = arguments.parse_args(argv)
    effort, networks = parse(Effort, json.loads(args.effort)), json.loads(args.networks)
    device = start(args)
    examples = cache(lambda dataset: load_examples(args.datasets / dataset, device))
    rows = []
    for done, told in enumerate(networks):
        progress(done, len(networks), "network")
        dataset = load_spec(args.runs / told["run"]).dataset
        run = open_run(args.runs, told["run"], args.datasets / dataset, device)
        names = {"study": args.study, **told, "dataset": named(dataset), "seed": run.spec.seed}
        rows.append({**names, **measured(run, examples(dataset), effort)})
    write_csv(args.out, rows)


def measured(run: Run, data: dict[str, Examples], effort: Effort) -> dict[str, Any]:
    network, train = run.last(), data["train"]
    train = train.head(effort.images or len(train))
    loss, accuracy = evaluate(network, train)
    found = {
        **landscape(network, train.inputs(), train.labels, effort),
        **weights(network, run.first(), run.shape),
    }
    return {
        "train_loss": loss,
        "train_accuracy": accuracy,
        "test_accuracy": evaluate(network, data["test"])[1],
        "test_images": len(data["test"]),
        **found,
        **combined(found),
    }


if __name__ == "__main__":
    run_script(main)
