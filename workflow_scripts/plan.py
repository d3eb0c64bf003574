"""What would a target cost?  Jobs, trainings, FLOPs, memory, disk and hours by study, and nothing is run.

By hand:  python workflow_scripts/plan.py needle_fig3 --configfile config/paper.yaml --device gpu --devices 8

Jobs are those of a dry run: what is up to date costs nothing.  Their costs follow from the config: networks
are built without memory for their weights, and their products counted as they would be computed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from subprocess import STDOUT
from typing import Any

import yaml

from anarch.cost.jobs import planned_jobs
from anarch.cost.plan import (
    DEVICES,
    Priced,
    Row,
    assumed,
    priced,
    rows,
    seconds,
    short,
    unknown_rules,
)
from anarch.cost.scale import Scale
from anarch.cost.show import flat, quantity, table
from anarch.cost.work import Device
from anarch.workflow import paths
from anarch.workflow.config import ConfigError, validated
from anarch.workflow.gpu import visible_devices
from shared.artefacts import complete, json_text, write_rows
from shared.integrity import verified_json

ROOT = Path(__file__).parents[1]
TRUST = "a factor of 2"  # at the laptop scale studies come out within a quarter: benchmarks/README.md


def main(argv: list[str] | None = None) -> None:
    args = arguments().parse_intermixed_args(argv)  # targets before, between or after options
    try:
        config, device = read(args.configfile), chosen(args)
        scale = Scale(config, validated(config, ROOT), manifests(config))
        with dry_run(args) as answer:
            if not args.targets:
                scale.count_steps()  # which are kept, so that two cores share the wait
            jobs = priced(planned_jobs(answer()), scale)
    except (ConfigError, ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from None
    found = rows(jobs, device, args.devices)
    print("\n".join([*table(found), "", *notes(found, jobs, scale, device, args)]))
    if args.json:
        with complete(args.json) as partial:
            partial.write_text(json_text(as_data(found, jobs, device, args)), encoding="utf-8")
    if args.csv:
        with complete(args.csv) as partial:
            write_rows(partial, [flat(row) for row in found])


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("targets", nargs="*", help="rules or files, as for snakemake (default: all)")
    add("--configfile", type=Path, action="append", default=[], help="a scale's config (default: laptop)")
    here = "gpu" if visible_devices(os.environ) else "cpu"
    add("--device", choices=DEVICES, default=here, help=f"what computes (default here: {here})")
    add("--speed", type=float, help="FLOP/s that one device sustains in products; its bandwidth goes with it")
    add("--devices", type=int, default=1, help="how many compute at once, a job each (default 1)")
    add("--all-jobs", action="store_true", help="as if nothing were up to date")
    add("--json", type=Path, help="file to write: the plan, and every job's cost")
    add("--csv", type=Path, help="file to write: one row per study")
    return parser


def read(files: Sequence[Path]) -> dict[str, Any]:
    """The config that snakemake sees: files laid over each other, and over the default if none is a scale."""
    config: dict[str, Any] = {}
    for file in files:
        lay_over(config, load(file))
    if "scale" not in config:
        config = lay_over(load(ROOT / "config" / "config.yaml"), config)
    return config


def load(file: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{file} must hold keys and values, as config/config.yaml does")
    return found


def lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            lay_over(below[key], value)
        else:
            below[key] = value
    return below


def manifests(config: Mapping[str, Any]) -> dict[str, Any]:
    """Of those datasets that are prepared: what they hold is then known, and not only said by the config."""
    files = {
        name: ROOT / paths.dataset_folder(config.get("scale", ""), name) / paths.MANIFEST
        for name in config.get("datasets", {})
    }
    return {name: verified_json(file) for name, file in files.items() if file.is_file()}


@contextmanager
def dry_run(args: argparse.Namespace) -> Iterator[Callable[[], str]]:
    """What snakemake says that it would do: it thinks while the block runs, and is waited for when asked."""
    # Without the profile Snakemake tells all of every job, and not a line.
    command = [sys.executable, "-m", "snakemake", "--workflow-profile", "none", "--rerun-incomplete"]
    command += ["--dry-run", "--cores", "1"]
    command += ["--forceall"] if args.all_jobs else []
    command += ["--configfile", *map(str, args.configfile)] if args.configfile else []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen([*command, "--", *args.targets], cwd=ROOT, stdout=said, stderr=STDOUT)

        def answer() -> str:
            failed = process.wait()
            said.seek(0)
            printed = said.read()
            if failed:
                lines = [line.strip() for line in printed.splitlines() if line.strip()]
                raise ValueError(f"snakemake --dry-run failed: {lines[-1] if lines else 'it says nothing'}")
            return printed

        try:
            yield answer
        finally:
            process.kill()
            process.wait()


def chosen(args: argparse.Namespace) -> Device:
    device = DEVICES[args.device]
    if args.devices < 1:
        raise ValueError(f"--devices must be 1 or more, got {args.devices}")
    if args.speed is None:
        return device
    if not args.speed > 0:
        raise ValueError(f"--speed must be above 0, got {args.speed:g}")
    return replace(device, speed=args.speed, bandwidth=device.bandwidth * args.speed / device.speed)


def notes(
    found: Sequence[Row], jobs: Sequence[Priced], scale: Scale, device: Device, args: argparse.Namespace
) -> list[str]:
    """At which speed, how sure, and what to look at."""
    many = f"{args.devices} times {device.name}" if args.devices > 1 else device.name
    lines = [
        f"time: {many} at {quantity(device.speed, 'FLOP/s')} in products and"
        f" {quantity(device.bandwidth, 'B/s')} in all else; trust it to {TRUST}; no early stops"
    ]
    work = found[-1].cost.trained + found[-1].cost.measured
    if work.padded > 1.001 * work.flops:
        lines.append(f"with lifted layers as the authors', dense and padded: {quantity(work.padded, 'FLOP')}")
    for less in short(jobs, device):
        lines.append(
            f"too little: {less.rule} asks for {less.resource}={less.asked}, {less.jobs:,} of its jobs need"
            f" up to {less.needed}: --set-resources {less.rule}:{less.resource}={less.needed}"
        )
    if names := assumed(scale, jobs):
        lines.append(f"size not known before it is prepared, taken to be CIFAR-10's: {', '.join(names)}")
    if names := unknown_rules(jobs):
        lines.append(f"no estimate, counted as seconds: {', '.join(names)}")
    return lines


def as_data(
    found: Sequence[Row], jobs: Sequence[Priced], device: Device, args: argparse.Namespace
) -> dict[str, Any]:
    return {
        "device": {**asdict(device), "devices": args.devices},
        "studies": [flat(row) for row in found],
        "too_little": [asdict(less) for less in short(jobs, device)],
        "unknown_rules": unknown_rules(jobs),
        "jobs": [
            {
                "rule": one.job.rule,
                "study": one.study,
                "outputs": one.job.outputs,
                "timing": paths.timing_of_log(one.job.log),
                "seconds": seconds(one, device),
                **asdict(one.cost),
            }
            for one in jobs
        ],
    }


if __name__ == "__main__":
    main()
