"""Measure first and last points of runs: loss, accuracy, gradient, curvature, deviation, parts."""

from pathlib import Path
from typing import Any

from torch import nn

from anarch.landscape.gradient import gradient_norm
from anarch.landscape.hessian import top_eigenvalue
from anarch.lifting.locality import deviation, expected_padded_deviation, local_part, off_local_part
from anarch.training.examples import Examples
from anarch.training.loop import evaluate
from anarch.workflow import paths
from anarch.workflow.needle import describe
from shared.artefacts import read_csv, write_csv
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import Run, open_run
from shared.tensors import load_examples


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
        for moment, network in (("start", run.first()), ("end", run.last())):
            row = point(network, data, args.hessian_images, args.hessian_tolerance)
            rows.append({**told, "moment": moment, **row, **space(run, moment, network, data["test"])})
    write_csv(args.out, rows)


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


def space(run: Run, moment: str, network: nn.Module, test: Examples) -> dict[str, Any]:
    """What is measured of a lifted network at its end, and of every run: best test accuracy on its way."""
    history = read_csv(run.folder / run.name / paths.HISTORY)
    best = max(float(row["test_accuracy"]) for row in history)
    row: dict[str, Any] = {"best_test_accuracy": best if moment == "end" else None}
    if run.spec.model.lift == "none":
        return row
    row["deviation"] = deviation(network)
    row["deviation_padded"] = expected_padded_deviation(network) if run.spec.start is None else None
    if moment == "end":
        row["local_accuracy"] = evaluate(local_part(network), test)[1]
        row["off_local_accuracy"] = evaluate(off_local_part(network), test)[1]
    return row


if __name__ == "__main__":
    run_script(main)
