"""A config of the winners of all grids, on more seeds, to be laid over the one that they come from (scratch).

By hand:  snakemake --configfile config/paper.yaml results/paper/scratch/chosen.json -- scratch
"""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.artefacts import read_csv, write_json


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="CSV of the runs that were chosen")
    parser.add_argument("--seeds", type=int, required=True, help="seeds that the winners are trained on")
    parser.add_argument("--out", type=Path, required=True, help="JSON to write, a config")
    args = parser.parse_args(argv)
    write_json(args.out, winners((row["run"] for row in read_csv(args.results)), args.seeds))


def winners(runs: Iterable[str], seeds: int) -> dict[str, Mapping[str, Any]]:
    """The config that trains, of each task, the grid points of ``runs`` alone."""
    points: dict[str, set[str]] = {}
    for run in runs:
        task, _, name = run.partition("/")
        points.setdefault(task, set()).add(name.rpartition("-s")[0])
    tasks = {task: {"seeds": list(range(seeds)), "chosen": sorted(chosen)} for task, chosen in points.items()}
    return {"scratch": {"tasks": tasks}}


if __name__ == "__main__":
    main()
