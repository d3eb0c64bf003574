"""Parameters of S- and D-networks by formula: Tabs. 3 and 4 and the scaling of Fig. 1 of scratch."""

import argparse
from pathlib import Path

from anarch.workflow.scratch_printed import parameter_rows, scaling_rows
from shared.artefacts import write_csv


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=Path, required=True, help="CSV of Tabs. 3 and 4 to write")
    parser.add_argument("--scaling", type=Path, required=True, help="CSV of Fig. 1 to write")
    args = parser.parse_args(argv)
    write_csv(args.counts, list(parameter_rows()))
    write_csv(args.scaling, list(scaling_rows()))


if __name__ == "__main__":
    main()
