"""Measure first and last points of runs: loss, accuracy, gradient, curvature, deviation, parts."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from torch import nn

from anarch.landscape.gradient import gradient_norm
from anarch.landscape.hessian import top_eigenvalue
from anarch.lifting.locality import deviation, local_part, off_local_part, root_mean_squares
from anarch.lifting.padding import padded_deviation
from anarch.lifting.subspace import untied
from anarch.training.examples import Examples
from anarch.training.loop import evaluate
from anarch.workflow import paths
from anarch.workflow.needle import cnn, describe
from shared.artefacts import read_csv, write_csv
from shared.descriptions import load_spec
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import Run, open_run
from shared.tensors import load_examples

SETTLED = 5  # epochs at the end over which an accuracy that still swings is averaged


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--names", nargs="+", required=True, help="runs to measure")
    arguments.add_argument("--data", type=folder, required=True, help="folder of their dataset")
    arguments.add_argument(
        "--hessian-images", type=int, required=True, help="training images that the Hessian is over"
    )
    arguments.add_argument(
        "--hessian-tolerance", type=float, required=True, help="relative residual at which Lanczos stops"
    )
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per run and moment")
    args = arguments.parse_args(argv)
    device = start(args)
    data = load_examples(args.data, device)
    rows = []
    for done, name in enumerate(args.names):
        progress(done, len(args.names), "run")
        run = open_run(args.runs, name, args.data, device)
        told = {**describe(name), "classes": run.manifest["classes"]}
        first, last = run.first(), run.last()
        for moment, network in (("start", first), ("end", last)):
            row = {"moment": moment, **point(network, data, args.hessian_images, args.hessian_tolerance)}
            rows.append({**told, **row, **space(run, network, first)})
        rows[-1] |= at_the_end(run, last, data["test"])
    write_csv(args.out, beside_cnn(rows, args.runs, len(data["train"])))


def point(network: nn.Module, data: dict[str, Examples], images: int, tolerance: float) -> dict[str, Any]:
    """What is measured of any network: losses, accuracies, and the training loss's landscape around it."""
    train_loss, train_accuracy = evaluate(network, data["train"])
    test_loss, test_accuracy = evaluate(network, data["test"])
    train, head = data["train"], data["train"].head(images)
    top = top_eigenvalue(network, head.inputs(), head.labels, tol=tolerance)
    return {
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
        "gradient_norm": gradient_norm(network, train.inputs(), train.labels),
        "hessian_top": top.value,
        "hessian_residual": top.residual,
    }


def space(run: Run, network: nn.Module, first: nn.Module) -> dict[str, Any]:
    """Where a lifted network stands beside the CNN subspace; ``first``: where it began."""
    lift, row = run.spec.model.lift, dict[str, Any]()
    if lift != "none":
        row |= {"deviation": deviation(network), "untied": untied(network)}
    if lift == "fully_connected":
        row["deviation_padded"] = padded_deviation(network, None if run.spec.start is None else first)
        row["local_rms"], row["off_local_rms"] = root_mean_squares(network)
    return row


def at_the_end(run: Run, network: nn.Module, test: Examples) -> dict[str, Any]:
    """What its way and its parts tell of a trained network."""
    history = read_csv(run.folder / run.name / paths.HISTORY)[1:]  # without the point before training
    looks = [float(told["test_accuracy"]) for told in history if told["test_accuracy"]]
    row: dict[str, Any] = {"best_test_accuracy": max(looks), "settled_test_accuracy": fmean(looks[-SETTLED:])}
    if run.spec.model.lift != "none":
        row["local_accuracy"] = evaluate(local_part(network), test)[1]
        row["off_local_accuracy"] = evaluate(off_local_part(network), test)[1]
    return row


def beside_cnn(rows: Sequence[Mapping[str, Any]], runs: Path, images: int) -> list[dict[str, Any]]:
    """The ``rows`` of one protocol and seed, with how well their CNN fits and its steps until each left."""
    (end,) = (row for row in rows if row["model"] == "CNN" and row["moment"] == "end")
    recipe = load_spec(runs / cnn(end["protocol"], end["seed"])).recipe
    steps = math.ceil(images / recipe.batch_size)
    return [
        {
            **row,
            "cnn_train_accuracy": end["train_accuracy"],
            "relax_steps": None if row["relax_time"] is None else row["relax_time"] * steps,
        }
        for row in rows
    ]


if __name__ == "__main__":
    run_script(main)
