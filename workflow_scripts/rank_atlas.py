"""Rank the networks of the atlas: how each measure orders test accuracy, and where it errs."""

import argparse
from pathlib import Path

from anarch.atlas.environments import sign_errors
from anarch.atlas.ranking import taus
from shared.artefacts import write_csv
from shared.frames import read_frame


def main(argv: list[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--atlas", type=Path, required=True, help="table of all networks")
    arguments.add_argument("--resamples", type=int, required=True, help="of each bootstrap interval")
    arguments.add_argument(
        "--taus", type=Path, required=True, help="CSV to write: one row per measure and level"
    )
    arguments.add_argument("--signs", type=Path, required=True, help="CSV to write: one per environment")
    args = arguments.parse_args(argv)
    atlas = read_frame(args.atlas)
    write_csv(args.taus, taus(atlas, resamples=args.resamples))
    write_csv(args.signs, sign_errors(atlas))


if __name__ == "__main__":
    main()
