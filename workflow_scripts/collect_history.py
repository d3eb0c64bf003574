"""Put the histories of runs into one tidy table."""

import argparse
from importlib import import_module
from pathlib import Path

from anarch.workflow import paths
from shared.artefacts import column, read_csv, write_csv


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, help="whose names the runs have")
    parser.add_argument("--runs", type=Path, required=True, help="the study's runs/")
    parser.add_argument("--names", nargs="+", required=True, help="runs to collect")
    parser.add_argument(
        "--column", type=column, nargs="*", default=[], help="NAME=VALUE, the same in all rows"
    )
    parser.add_argument("--out", type=Path, required=True, help="CSV to write: one row per run and epoch")
    args = parser.parse_args(argv)
    # Imported by name: no study's table must become stale when another study is edited.
    describe = import_module(f"anarch.workflow.{args.study}").describe
    write_csv(
        args.out,
        [
            {**dict(args.column), **describe(name), **row}
            for name in args.names
            for row in read_csv(args.runs / name / paths.HISTORY)
        ],
    )


if __name__ == "__main__":
    main()
