"""More seeds until the claims are decided, the budget is spent, or no seeds help: look after look.

By hand:  python workflow_scripts/decide.py --budget 2h --cores 2

Each round is `snakemake decide`: the looks that decide most per CPU second and fit into what is left of the
budget.  `snakemake --dry-run decide --config budget=2h` shows the first round's plan and makes nothing.
"""

import argparse
import csv
import subprocess
import time
from pathlib import Path

import yaml

from anarch.claims.verdicts import INCONCLUSIVE, NOT_JUDGED
from anarch.workflow import looks, paths, scales


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--budget", default="1h", help="time by the clock, 90m or 2h (default 1h)")
    parser.add_argument("--configfile", default=scales.DEFAULT, help=f"default {scales.DEFAULT}")
    parser.add_argument("--cores", default="2")
    parser.add_argument("--resources", nargs="*", default=[], help="as snakemake's, for instance gpu=1")
    args = parser.parse_args(argv)
    scale = yaml.safe_load(Path(args.configfile).read_text(encoding="utf-8"))["scale"]
    try:
        end = time.monotonic() + looks.seconds(args.budget)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
    resources = ["--resources", *args.resources] if args.resources else []
    before, granted = verdicts(scale), None
    while (left := end - time.monotonic()) > 0 and granted != (granted := seeds(scale)):
        command = ["snakemake", "--cores", args.cores, *resources, "--configfile", args.configfile]
        done = subprocess.run([*command, "--config", f"budget={left:.0f}s", "--", "decide"])
        if done.returncode:
            raise SystemExit(done.returncode)
    after = verdicts(scale)
    newly = sorted(name for name in after if is_open(before.get(name)) and not is_open(after[name]))
    print(f"Decided: {len(newly)} claims; open: {sum(map(is_open, after.values()))}")
    for name in newly:
        print(f"    {name}: {after[name].replace('_', ' ')}")


def seeds(scale: str) -> dict[str, int]:
    return looks.read(Path(paths.granted(scale)))


def verdicts(scale: str) -> dict[str, str]:
    """Claim -> verdict, as last judged."""
    file = Path(paths.claims(scale))
    if not file.exists():
        raise SystemExit(f"error: there are no verdicts to go on from: make {file} first")
    with file.open(newline="", encoding="utf-8") as lines:
        return {row["id"]: row["verdict"] for row in csv.DictReader(lines)}


def is_open(verdict: str | None) -> bool:
    return verdict in (None, INCONCLUSIVE, NOT_JUDGED)


if __name__ == "__main__":
    main()
