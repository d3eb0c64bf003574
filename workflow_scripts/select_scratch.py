"""Of each experiment's hyperparameters take those that are best on validation images (scratch, App. A.2)."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from anarch.workflow.scratch import candidates, families
from shared.artefacts import read_csv, write_csv


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--section", type=json.loads, required=True, help="the study's section of the config")
    for name in ("measures", "layers"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="CSV of all runs")
    for name in ("select", "results", "chosen-layers"):
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


if __name__ == "__main__":
    main()
