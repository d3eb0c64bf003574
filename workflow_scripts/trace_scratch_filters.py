"""Pixels of first-layer filters drawn among those with enough non-zeros (scratch, Figs. 4 and 7 to 9)."""

from pathlib import Path
from typing import Any

from torch import Tensor

from anarch.complexity.filters import choose_filters, filter_radii, locality, shuffled_radii
from anarch.randomness import generator
from anarch.workflow.scratch import FILTERS
from shared.artefacts import read_csv, write_csv
from shared.jobs import folder, parser, run_script, start
from shared.scratch_runs import image_filters, open_scratch_run

KEYS = (
    "run", "task", "dataset", "network", "width", "method", "beta", "shrink", "shrink_fc", "threshold",
    "epochs", "pixels", "seed", "choice",
)  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument(
        "--results", type=Path, required=True, help="CSV of chosen runs and their families"
    )
    arguments.add_argument("--datasets", type=folder, required=True, help="folder of all prepared datasets")
    arguments.add_argument("--count", type=int, required=True, help="filters a network")
    arguments.add_argument("--least", type=int, required=True, help="non-zero weights that each must have")
    arguments.add_argument("--seed", type=int, required=True, help="of the choice of filters")
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per weight")
    args = arguments.parse_args(argv)
    device = start(args)
    rows: list[dict[str, Any]] = []
    for told in first_seeds(read_csv(args.results)):
        run = open_scratch_run(args.runs, told["run"], args.datasets, device)
        filters = image_filters(run, run.last())
        drawn = choose_filters(
            filters, args.count, generator(args.seed, "filters", run.name), least=args.least
        )
        rows += pixels({key: told[key] for key in KEYS}, filters[drawn.to(device)], drawn)
    write_csv(args.out, rows)


def first_seeds(results: list[dict[str, str]]) -> list[dict[str, str]]:
    """Of each experiment of the family the run of its first seed."""
    runs: dict[tuple[str, ...], dict[str, str]] = {}
    for row in results:
        if row["family"] == FILTERS:
            runs.setdefault(tuple(row[key] for key in KEYS if key not in ("run", "seed")), row)
    return list(runs.values())


def pixels(told: dict[str, str], filters: Tensor, units: Tensor) -> list[dict[str, Any]]:
    """One row per weight of ``filters`` (F, C, H, W), the rows ``units`` (F,) of the layer."""
    numbers = zip(filter_radii(filters), shuffled_radii(filters), locality(filters), strict=True)
    rows = []
    for place, (radius, shuffled, ratio) in enumerate(numbers):
        of_filter = {
            **told,
            "filter": place,
            "unit": int(units[place]),
            "nonzero": int(filters[place].count_nonzero()),
            "radius": radius.item(),
            "radius_shuffled": shuffled.item(),
            "locality": None if ratio.isnan() else ratio.item(),
        }
        rows += [
            {**of_filter, "channel": channel, "row": row, "column": column, "weight": weight}
            for channel, plane in enumerate(filters[place].tolist())
            for row, line in enumerate(plane)
            for column, weight in enumerate(line)
        ]
    return rows


if __name__ == "__main__":
    run_script(main)
