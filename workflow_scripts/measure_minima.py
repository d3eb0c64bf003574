"""Measure where runs on the true labels ended: accuracy, norms, margins, robustness, distances travelled."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from anarch.complexity.distance import model_distance
from anarch.complexity.norms import frobenius_norm, log10_path_norm
from anarch.complexity.robustness import fgsm_accuracy, margins
from anarch.training.examples import Examples
from anarch.training.loop import evaluate
from anarch.workflow import paths
from anarch.workflow.bad_minima import describe
from shared.artefacts import column, read_csv, write_csv
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import Run, open_run
from shared.tensors import load_examples

# Table 1 of the paper, as ORIGINAL deduced from its damaged header: W0 initial, WV by vanilla SGD, WS by
# SOTA SGD; R from random, A from adversarial initialisation.
PAIRS = (
    ("W0R", "WSR"),
    ("WSR", "W0R"),
    ("WVR", "W0R"),
    ("W0A", "W0R"),
    ("WSA", "W0R"),
    ("WVA", "W0A"),
    ("WSA", "W0A"),
)


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--names", nargs="+", required=True, help="all runs of one setup and seed")
    arguments.add_argument("--data", type=folder, required=True, help="folder of their dataset")
    arguments.add_argument("--column", type=column, nargs="*", default=[], help="NAME=VALUE, in all rows")
    arguments.add_argument("--main-replicas", type=int, required=True, help="R of the distances")
    arguments.add_argument("--epsilons", type=float, nargs="+", required=True, help="of FGSM, in 1/255")
    for name in ("measures", "distances", "robustness"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    device = start(args)
    data = load_examples(args.data, device)
    measures, robustness = [], []
    ends: dict[str, Any] = {}
    for done, name in enumerate(args.names):
        progress(done, len(args.names), "run")
        one = open_run(args.runs, name, args.data, device)
        network, told = one.last(), {**dict(args.column), **describe(name)}
        measures.append({**told, **point(one, network, data)})
        ends |= end_points(one, network, args.main_replicas)
        if told["stage"] == "training":
            robustness += [{**told, **row} for row in attacked(network, data["test"], args.epsilons)]
    write_csv(args.measures, measures)
    write_csv(args.distances, [{**dict(args.column), **row} for row in distances(ends, told["seed"])])
    write_csv(args.robustness, robustness)


def point(run: Run, network: nn.Module, data: Mapping[str, Examples]) -> dict[str, Any]:
    """Accuracy on clean images, norms (Sec. 3.6) and output margins (Sec. 3.7) at the end of ``run``."""
    train = data["train"]
    margin = margins(network, train.inputs(), train.labels).double()
    last = read_csv(run.folder / run.name / paths.HISTORY)[-1]
    return {
        "epochs": int(last["epoch"]),
        "settled_accuracy": last.get("settled_accuracy"),  # of a pretraining: on its random labels
        "train_accuracy": evaluate(network, train)[1],
        "test_accuracy": evaluate(network, data["test"])[1],
        "frobenius": frobenius_norm(network),
        "log10_path1": log10_path_norm(network, run.shape, 1),
        "log10_path2": log10_path_norm(network, run.shape, 2),
        "margin_mean": margin.mean().item(),
        "margin_p05": margin.quantile(0.05).item(),
    }


def attacked(network: nn.Module, test: Examples, epsilons: Sequence[float]) -> list[dict[str, float]]:
    x = test.inputs()
    return [
        {
            "epsilon": epsilon,
            "accuracy": fgsm_accuracy(network, x, test.labels, epsilon / 255, test.mean, test.std),
        }
        for epsilon in epsilons
    ]


def end_points(run: Run, network: nn.Module, main_replicas: int) -> dict[str, nn.Module]:
    """Table 1's names of the points at which ``run`` begins and ends."""
    told = describe(run.name)
    if told["stage"] == "pretraining":
        return {"W0R": run.first(), "W0A": network} if told["replicas"] == main_replicas else {}
    if told["mode"] not in ("vanilla", "sota") or told["replicas"] not in (None, main_replicas):
        return {}
    return {f"W{told['mode'][0].upper()}{told['init'][0].upper()}": network}


def distances(points: Mapping[str, nn.Module], seed: int) -> list[dict[str, Any]]:
    with torch.no_grad():
        return [
            {"seed": seed, "pair": f"d({a},{b})", "distance": model_distance(points[a], points[b])}
            for a, b in PAIRS
            if {a, b} <= set(points)
        ]


if __name__ == "__main__":
    run_script(main)
