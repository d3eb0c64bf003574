"""Null control of blessing's volumes: how far good minima of different seeds lie apart, of the same data."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from shared.artefacts import write_csv
from shared.frames import read_frame

VOLUMES = ("log10_volume", "log10_volume_median", "log10_preconditioned")


def main(argv: list[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--basins", type=Path, required=True, help="table of all basins")
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per good basin")
    args = arguments.parse_args(argv)
    write_csv(args.out, pairs(read_frame(args.basins)))


def pairs(basins: pd.DataFrame) -> list[dict[str, Any]]:
    """Each good minimum (beta = 0) with that of the next seed, the last with the first; alone, with none."""
    rows: list[dict[str, Any]] = []
    good = basins[basins.beta == 0].sort_values("seed")
    for (name, cutoff), part in good.groupby(["set", "cutoff"], sort=False):
        own = part.reset_index(drop=True)
        for k in range(len(own)):
            row, other, alone = own.loc[k], own.loc[(k + 1) % len(own)], len(own) == 1
            gaps = {column: abs(row[column] - other[column]) for column in VOLUMES}
            told = {"set": name, "seed": row.seed, "other": None if alone else other.seed, "cutoff": cutoff}
            told["main"] = bool(row.main)
            rows.append(told | {c: None if alone or pd.isna(gap) else float(gap) for c, gap in gaps.items()})
    return rows


if __name__ == "__main__":
    main()
