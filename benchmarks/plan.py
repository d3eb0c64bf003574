"""Are the plan's estimates right?  Estimated against measured seconds and memory of a run that has been made.

python workflow_scripts/plan.py --all-jobs --json plan.json && python benchmarks/plan.py plan.json

Measured are the timings that every job leaves in results/<scale>/timings; jobs without one are left
out on both sides.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("plan", type=Path, help="JSON that plan.py has written")
    parser.add_argument("--root", type=Path, default=Path("."), help="folder that holds results/")
    parser.add_argument("--by-rule", action="store_true", help="a line a rule, not a study")
    args = parser.parse_args()
    groups: dict[str, list[tuple[dict[str, Any], dict[str, float]]]] = defaultdict(list)
    for job in json.loads(args.plan.read_text(encoding="utf-8"))["jobs"]:
        if (found := measured(args.root / job["timing"])) is not None:
            groups[job["rule" if args.by_rule else "study"]].append((job, found))
            groups["all"].append((job, found))
    if not groups:
        raise SystemExit(f"error: none of the plan's jobs has left its time below {args.root}")
    width = max(map(len, groups))
    print(f"{'':{width}}  jobs  estimated s  measured s  ratio  memory ratio: median, least, most")
    for name, pairs in sorted(groups.items(), key=lambda group: group[0] == "all"):
        estimate, seconds = sum(job["seconds"] for job, _ in pairs), sum(found["s"] for _, found in pairs)
        ratios = sorted(
            job["memory"] / 1048576 / found["max_rss"] for job, found in pairs if found["max_rss"] > 100
        ) or [float("nan")]
        print(
            f"{name:{width}}  {len(pairs):4d}  {estimate:11.1f}  {seconds:10.1f}  {estimate / seconds:5.2f}"
            f"  {ratios[len(ratios) // 2]:.2f}, {ratios[0]:.2f}, {ratios[-1]:.2f}"
        )


def measured(file: Path) -> dict[str, float] | None:
    """Seconds and MiB of a job that ran for more than an instant, else None."""
    if not file.is_file():
        return None
    with file.open(newline="") as lines:
        row = next(csv.DictReader(lines, delimiter="\t"))
    try:
        return {"s": float(row["s"]), "max_rss": float(row["max_rss"])}
    except ValueError:  # a job that was over before it was looked at
        return {"s": float(row["s"]), "max_rss": 0.0}


if __name__ == "__main__":
    main()
