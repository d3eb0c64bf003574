"""Read every artefact of a scale and compare it with the record that its maker left beside it.

By hand:  python workflow_scripts/verify.py --results results/laptop
"""

import argparse
import os
from pathlib import Path

from anarch.workflow.scales import DEFAULT, scales
from anarch.workflow.survey import all_damaged
from shared.integrity import command

ROOT = Path(__file__).parents[1]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, required=True, help="folder of a scale")
    results = parser.parse_args(argv).results
    if not results.is_dir():
        raise SystemExit(f"error: {results} is no folder")
    config = scales(ROOT).get(results.name, DEFAULT)
    option = "" if config == DEFAULT else f" --configfile {config}"
    os.environ.setdefault("ANARCH_COMMAND", f"snakemake --cores 1{option} --")
    number, wrong = all_damaged(results)
    for file, told in wrong.items():
        print(f"{file} {told}; make it again: {command(Path(file))}")
    if wrong:
        raise SystemExit(f"{len(wrong)} of {number} artefacts below {results} are not as they were made")
    print(f"all {number} artefacts below {results} are as they were made")


if __name__ == "__main__":
    main()
