"""Rank the networks of the atlas: how each measure orders test accuracy, by group, study, and over all."""

import argparse
from pathlib import Path

from anarch.atlas.ranking import taus
from shared.artefacts import write_csv
from shared.frames import read_frame


def main(argv: list[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--atlas", type=Path, required=True, help="table of all networks")
    arguments.add_argument("--resamples", type=int, required=True, help="of each bootstrap interval")
    arguments.add_argument(
        "--out", type=Path, required=True, help="CSV to write: one row per measure and level"
    )
    args = arguments.parse_args(argv)
    write_csv(args.out, taus(read_frame(args.atlas), resamples=args.resamples))


if __name__ == "__main__":
    main()
