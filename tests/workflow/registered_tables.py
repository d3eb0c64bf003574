"""The registers' tables (anarch/exhibits) against what a run has written."""

import csv
from pathlib import Path

from anarch.workflow.exhibits import registers


def differences(root: Path, scale: str) -> list[str]:
    """What registers and the tables below ``root``'s results of ``scale`` tell differently, a line each."""
    found = []
    for study, register in registers(root / "anarch/exhibits").items():
        tables = register.tables
        folder = root / "results" / scale / study / "tables"
        written = {path.stem: path for path in folder.glob("*.csv")}
        for name in sorted(written.keys() ^ tables.keys()):
            found.append(f"{study} {name}: {'not registered' if name in written else 'not written'}")
        for name in sorted(written.keys() & tables.keys()):
            with written[name].open(newline="", encoding="utf-8") as file:
                header = next(csv.reader(file))
            for column in sorted(set(header) ^ tables[name]["columns"].keys()):
                told = "not registered" if column in header else "not written"
                found.append(f"{study} {name}: column {column} is {told}")
    return found
