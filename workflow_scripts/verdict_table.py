"""Put the verdicts of one scale or several side by side, as a page in Markdown: one row per claim.

By hand:  python workflow_scripts/verdict_table.py laptop=results/laptop/report/claims.csv --out VERDICTS.md
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from anarch.claims.verdicts import NOT_REPRODUCED
from anarch.report.claims import VERDICTS
from shared.artefacts import complete

WORDS = {name: verdict.word for name, verdict in VERDICTS.items()}
HEAD = """# Verdicts

Every claim of the five papers, as `snakemake claims` judged it ([how](DECISIONS.md#verdicts)): under it in
italics what of ours is measured; then at each scale our value, in brackets the 95 % interval of a mean over
seeds, the verdict, and the number of seeds that decided it. Made by `workflow_scripts/verdict_table.py` from
the scales' `claims.csv`.
"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("claims", nargs="+", metavar="SCALE=CSV", help="verdicts of a scale")
    parser.add_argument("--out", type=Path, required=True, help="page to write")
    args = parser.parse_args(argv)
    scales = {}
    for text in args.claims:
        scale, _, file = text.partition("=")
        if not Path(file).is_file():
            raise SystemExit(f"error: {text}: write SCALE=FILE with the claims.csv of a scale")
        with Path(file).open(newline="", encoding="utf-8") as opened:
            scales[scale] = {row["id"]: row for row in csv.DictReader(opened)}
    with complete(args.out) as partial:
        partial.write_text("\n".join(page(scales)) + "\n", encoding="utf-8")


def page(scales: dict[str, dict[str, dict[str, str]]]) -> Iterator[str]:
    """Lines: counts by scale, then a table a study.  ``scales``: scale -> claim -> row of claims.csv."""
    yield HEAD
    yield from header(["scale", *WORDS.values()])
    for scale, rows in scales.items():
        counts = Counter(row["verdict"] for row in rows.values())
        yield line([scale, *(str(counts[verdict]) for verdict in WORDS)])
    study = ""
    for name, row in next(iter(scales.values())).items():
        if row["study"] != study:
            study = row["study"]
            yield f"\n## {study}\n"
            yield from header(["claim", "where", "paper", *scales])
        judged = [told(rows[name]) if name in rows else "–" for rows in scales.values()]
        yield line(
            [f"{row['statement']}<br>*{row['measured']}*", row["location"], row["paper_text"] or "–", *judged]
        )


def told(row: dict[str, str]) -> str:
    """Value, interval, verdict, and with how many seeds it was decided."""
    verdict = WORDS[row["verdict"]]
    if row["verdict"] == NOT_REPRODUCED:
        verdict = f"**{verdict}**"
    if row["decided_at"]:
        verdict += f" ({float(row['decided_at']):.0f} {row['replicate']}s)"
    if not row["value"]:
        return verdict
    value = f"{float(row['value']):.3g}"
    if row["low"] and row["high"]:
        value += f" ({float(row['low']):.3g} to {float(row['high']):.3g})"
    unit = f" {row['unit']}" if row["unit"] else ""
    return f"{value}{unit}: {verdict}"


def header(cells: list[str]) -> Iterator[str]:
    yield line(cells)
    yield line(["---"] * len(cells))


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    main()
