"""Put the histories of runs into one tidy table."""

import argparse
from pathlib import Path

from anarch.workflow import paths
from anarch.workflow.needle import describe
from artefacts import read_csv, write_csv


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="the study's runs/")
    parser.add_argument("--names", nargs="+", required=True, help="runs to collect")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write: one row a run and epoch")
    args = parser.parse_args(argv)
    write_csv(
        args.out,
        [
            {**describe(name), **row}
            for name in args.names
            for row in read_csv(args.runs / name / paths.HISTORY)
        ],
    )


if __name__ == "__main__":
    main()
