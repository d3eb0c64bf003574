r"""Judge every claim of the papers on the tables of a scale: claims.csv has a row for each.

By hand:  python workflow_scripts/judge.py --scale laptop --looks 3 5 8 12 \
              --tables results/laptop/*/tables/*.csv --out claims.csv
"""

import argparse
from pathlib import Path

import pandas as pd

from anarch.claims.claim import parse
from anarch.claims.judging import judge, tally
from anarch.claims.verdicts import COLUMNS
from anarch.workflow import claims as files
from anarch.workflow.exhibits import papers
from shared.artefacts import write_csv
from shared.frames import read_frame

ROOT = Path(__file__).parents[1]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", required=True, help="the scale that the tables are of")
    parser.add_argument(
        "--looks", type=int, nargs="+", required=True, help="numbers of seeds at which claims are judged"
    )
    parser.add_argument(
        "--tables", type=Path, nargs="*", default=[], help="tables, as <study>/tables/<name>.csv"
    )
    parser.add_argument(
        "--claims", type=Path, default=ROOT / files.CLAIMS, help="default: config/claims.yaml"
    )
    parser.add_argument("--out", type=Path, required=True, help="CSV to write: one row per claim")
    args = parser.parse_args(argv)
    registry = files.tables()
    claims = [parse(row) for row in files.load(args.claims)]
    wanted = {(claim.study, table) for claim in claims for table in claim.tables}
    tables: dict[str, dict[str, pd.DataFrame]] = {}
    for path in args.tables:
        study, name = path.parent.parent.name, path.stem
        if (study, name) in wanted:
            tables.setdefault(study, {})[name] = read_frame(path)
    keys = {study: paper.key for study, paper in papers().items()}
    rows = [
        {
            "paper": keys[claim.study],
            **judge(
                claim,
                tables.get(claim.study, {}),
                registry[claim.study],
                scale=args.scale,
                looks=tuple(args.looks),
            ),
        }
        for claim in claims
    ]
    write_csv(args.out, [{name: row[name] for name in COLUMNS} for row in rows])
    counts = tally(pd.DataFrame(rows, columns=COLUMNS))
    print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
