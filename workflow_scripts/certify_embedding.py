"""Try every theorem of embedding on random networks and critical points: how far was it ever off?"""

from pathlib import Path

from anarch.critical.certificate import criticality_rows, property_rows
from anarch.randomness import generator
from shared.artefacts import write_csv
from shared.jobs import parser, progress, run_script, start


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--trials", type=int, required=True, help="random networks an architecture")
    arguments.add_argument("--data-sets", type=int, required=True, help="searched for critical points")
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per claim")
    args = arguments.parse_args(argv)
    start(args)
    if args.trials < 1 or args.data_sets < 1:
        raise ValueError(
            f"--trials and --data-sets must be 1 or more, got {args.trials} and {args.data_sets}"
        )
    rows = property_rows(args.trials, generator(args.seed, "certificate", "properties"))
    progress(1, 2, "part")
    rows += criticality_rows(args.data_sets, generator(args.seed, "certificate", "criticality"))
    write_csv(args.out, rows)


if __name__ == "__main__":
    run_script(main)
