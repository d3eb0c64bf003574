"""Put tables with the same columns one under the other."""

import argparse
from pathlib import Path

from shared.artefacts import read_csv, write_csv


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    args = parser.parse_args(argv)
    write_csv(args.out, [row for table in args.tables for row in read_csv(table)])


if __name__ == "__main__":
    main()
