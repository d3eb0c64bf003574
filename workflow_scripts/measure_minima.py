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
from anarch.workflow.bad_minima import describe, in_curves
from shared.artefacts import column, read_csv, write_csv
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import Run, open_run
from shared.tensors import load_examples

LETTERS = {"vanilla": "V", "sota": "S"}  # of the curves that Table 1 and Figs. 2 to 6 are about


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--names", nargs="+", required=True, help="all runs of one setup and seed")
    arguments.add_argument("--data", type=folder, required=True, help="folder of their dataset")
    arguments.add_argument("--column", type=column, nargs="*", default=[], help="NAME=VALUE, in all rows")
    arguments.add_argument("--main-replicas", type=int, required=True, help="R of the robustness")
    arguments.add_argument("--epsilons", type=float, nargs="+", required=True, help="of FGSM, in 1/255")
    for name in ("measures", "distances", "robustness"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    device = start(args)
    data = load_examples(args.data, device)
    measures, distances, robustness = [], [], []
    origin = open_run(args.runs, args.names[0], args.data, device).first()  # W0R, which all of a seed share
    for done, name in enumerate(args.names):
        progress(done, len(args.names), "run")
        one = open_run(args.runs, name, args.data, device)
        network, told = one.last(), {**dict(args.column), **describe(name)}
        measures.append({**told, "random_copies": told["replicas"] or 0, **point(one, network, data)})
        distances += [{**told, **row} for row in travelled(told, network, one.first(), origin)]
        if in_curves(told["stage"], told["mode"], told["replicas"], args.main_replicas):
            robustness += [{**told, **row} for row in attacked(network, data["test"], args.epsilons)]
    write_csv(args.measures, measures)
    write_csv(args.distances, distances)
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


@torch.no_grad()
def travelled(
    run: Mapping[str, Any], end: nn.Module, first: nn.Module, origin: nn.Module
) -> list[dict[str, Any]]:
    """Table 1's pairs of which one is where ``run`` ended, as deduced from its damaged header.

    W0 initial, WV by vanilla SGD, WS by SOTA SGD, WH with other heuristics; R from random, A from adversarial
    initialisation.  ``first``: where the run began; ``origin``: W0R.
    """
    if run["stage"] == "pretraining":
        pairs = {"d(W0A,W0R)": (end, origin)}
    else:
        begun = "R" if run["init"] == "random" else "A"
        name = f"W{LETTERS.get(run['mode'], 'H')}{begun}"
        pairs = {f"d({name},W0{begun})": (end, first)}
        if name == "WSR":
            pairs["d(W0R,WSR)"] = (first, end)
        if name == "WSA":
            pairs["d(WSA,W0R)"] = (end, origin)
    return [{"pair": pair, "distance": model_distance(a, b)} for pair, (a, b) in pairs.items()]


if __name__ == "__main__":
    run_script(main)
