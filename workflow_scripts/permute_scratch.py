"""Train twins in float64, on intact and on permuted pixels: S-FC cannot tell (scratch, Sec. 4.1)."""

from itertools import cycle, islice
from pathlib import Path

from anarch.data.pixels import permuted, pixel_order
from anarch.training.twins import Batch, descend, largest_difference, permuted_twin
from anarch.workflow.scratch import describe
from shared.artefacts import write_csv
from shared.jobs import folder, parser, run_script, start
from shared.runs import Run
from shared.scratch_runs import open_scratch_run
from shared.tensors import load_examples

STEPS = 20  # rounding grows with each, and a difference of another kind would show at the first
COMPARED = 100  # test images


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--names", nargs="+", required=True, help="runs whose first steps are taken again")
    arguments.add_argument("--datasets", type=folder, required=True, help="folder of all prepared datasets")
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: a row per run")
    args = arguments.parse_args(argv)
    device = start(args)
    rows = []
    for name in args.names:
        run = open_scratch_run(args.runs, name, args.datasets, device)
        told = describe(name)
        known = {key: told[key] for key in ("task", "network", "method", "seed")}
        rows.append({"run": name, **known, "steps": STEPS, "difference": difference(run, args.datasets)})
    write_csv(args.out, rows)


def difference(run: Run, datasets: Path) -> float:
    """Between the run's network and its twin, after `STEPS` steps of both from where the run started."""
    data = load_examples(datasets / run.spec.dataset, run.device)
    order = pixel_order(run.spec.seed, run.shape[1] * run.shape[2]).to(run.device)
    network = run.first().double()
    twin = permuted_twin(network, run.shape, order)
    train, size = data["train"], run.spec.recipe.batch_size
    places = cycle(range(0, len(train) - size + 1, size))
    batches: list[Batch] = []
    for place in islice(places, STEPS):
        rows = slice(place, place + size)
        batches.append((train.inputs(rows).double(), train.labels[rows]))
    descend(network, batches, run.spec.recipe)
    descend(twin, ((permuted(x, order), y) for x, y in batches), run.spec.recipe)
    return largest_difference(network, twin, data["test"].head(COMPARED).inputs().double(), order)


if __name__ == "__main__":
    run_script(main)
