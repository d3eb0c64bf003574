"""Of each experiment's hyperparameters take those that are best on validation images (scratch, App. A.2)."""

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np

from anarch.workflow.scratch import candidates, families
from shared.artefacts import read_csv, write_csv

ORDER = ("ResNet18", "D-CONV", "S-CONV", "3-FC")  # of the paper, the best first


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--section", type=json.loads, required=True, help="the study's section of the config")
    for name in ("measures", "layers"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="CSV of all runs")
    for name in ("select", "results", "chosen-layers", "leads"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = parser.parse_args(argv)
    measures = {row["run"]: row for row in read_csv(args.measures)}
    layers: dict[str, list[dict[str, str]]] = {}
    for row in read_csv(args.layers):
        layers.setdefault(row["run"], []).append(row)
    grid, results, chosen_layers = [], [], []
    for told, task, tried in experiments(args.section):
        best = best_choice(tried, measures)
        for choice, runs in tried.items():
            grid.append(summary(runs, measures, len(tried), choice == best))
        for run in tried[best]:
            told_of_run = {**told, "dataset": task["label"], "fit_accuracy": task["fit_accuracy"]}
            results.append({**told_of_run, **measures[run], "candidates": len(tried)})
            chosen_layers += [{**told_of_run, **row} for row in layers.get(run, ())]
    # The same experiment in several families is one search.
    write_csv(args.select, list({tuple(row.values()): row for row in grid}.values()))
    write_csv(args.results, results)
    write_csv(args.chosen_layers, chosen_layers)
    write_csv(args.leads, list(leads(results)))


def experiments(
    section: Mapping[str, Any],
) -> Iterator[tuple[dict[str, str], Mapping[str, Any], dict[str, list[str]]]]:
    """Family, task and the runs of each choice, for every experiment."""
    for name, task in section["tasks"].items():
        for family, members in families(task).items():
            for experiment in members:
                yield {"family": family}, task, candidates(name, task, experiment)


def best_choice(tried: Mapping[str, Sequence[str]], measures: Mapping[str, Mapping[str, str]]) -> str:
    """Highest mean accuracy over seeds on the validation images; the first of equals."""
    return max(
        tried, key=lambda choice: mean(float(measures[run]["validation_accuracy"]) for run in tried[choice])
    )


def summary(
    runs: Sequence[str], measures: Mapping[str, Mapping[str, str]], candidates: int, chosen: bool
) -> dict[str, Any]:
    """A grid point: what it is, and its accuracy on validation images; nothing measured on the test set."""
    told = measures[runs[0]]
    accuracy = [float(measures[run]["validation_accuracy"]) for run in runs]
    columns = (
        "task", "network", "width", "kernel", "method", "beta", "epochs", "pixels",
        "choice", "momentum", "weight_decay", "dropout", "shrink", "shrink_fc", "threshold",
    )  # fmt: skip
    return {
        **{name: told[name] for name in columns},
        "seeds": len(runs),
        "validation_accuracy": mean(accuracy),
        "validation_std": stdev(accuracy) if len(accuracy) > 1 else None,
        "candidates": candidates,
        "chosen": int(chosen),
    }


def leads(results: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """How far each architecture of `ORDER` is above the next at as many weights (Fig. 2, left and centre).

    Where one of both has no network of that size, its accuracy is interpolated along log(weights); beyond the
    smaller and larger sizes of either nothing is said.
    """
    curves: dict[tuple[str, str], dict[str, dict[float, float]]] = {}
    for row in results:
        if row["family"] == "sweep":
            of_seed = curves.setdefault((row["task"], row["seed"]), {})
            accuracy = float(row["test_accuracy"])
            of_seed.setdefault(row["network"], {})[float(row["weights"])] = accuracy
    for (task, seed), by_network in curves.items():
        for above, below in pairwise(ORDER):
            both = [sorted(by_network.get(network, {}).items()) for network in (above, below)]
            if not all(both):
                continue
            sizes, accuracies = zip(*(zip(*curve, strict=True) for curve in both), strict=True)
            least, most = max(size[0] for size in sizes), min(size[-1] for size in sizes)
            for weights in sorted(size for size in {*sizes[0], *sizes[1]} if least <= size <= most):
                at = [
                    np.interp(math.log(weights), np.log(size), accuracy)
                    for size, accuracy in zip(sizes, accuracies, strict=True)
                ]
                told = {"task": task, "seed": seed, "pair": f"{above} above {below}", "weights": int(weights)}
                yield {**told, "lead": float(at[0] - at[1])}


if __name__ == "__main__":
    main()
