"""What a whole run costs, this build against another one: both in turn, on one machine, from nothing.

python benchmarks/whole.py --against d6bec6f                     the smoke scale, some minutes each
python benchmarks/whole.py --against d6bec6f --scale laptop      `make all`, most of an hour each

d6bec6f is the first build whose networks compute right on every processor.  Ratios mean something between
builds whose configs are alike: since d5838fb the studies have other settings, so compare with --this d5838fb.
CPU time is user and system time of every process of a run.  Work is what the jobs that prepare, train and
measure took by their own timings; what plans, starts and draws is the rest.  (Snakemake's benchmarks, which
builds before the server of jobs have for timings, miss the end of each job, so that their rest is too large.)
"""

import argparse
import csv
import ctypes
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHILD_SUBREAPER = 36  # of Linux's prctl: orphans below this process become its own children, and are counted


@dataclass(frozen=True)
class Used:
    """CPU and wall seconds."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", required=True, help="a commit")
    parser.add_argument("--this", default="HEAD", help="the commit that is compared with it (default: HEAD)")
    parser.add_argument("--scale", choices=("smoke", "laptop"), default="smoke")
    parser.add_argument("--cores", default="2")
    args = parser.parse_args()
    ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1)
    with tempfile.TemporaryDirectory() as folder:
        before, after = (
            measured(checkout(commit, Path(folder) / commit), args.scale, args.cores)
            for commit in (args.against, args.this)
        )
    print(f"{'':48}  {args.against:>10}  {args.this:>10}  {'ratio':>6}")
    for name in before:
        print(f"{name:48}  {before[name]:10.2f}  {after[name]:10.2f}  {after[name] / before[name]:6.2f}")


def checkout(commit: str, folder: Path) -> Path:
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    subprocess.run(["git", "checkout", "-q", commit], cwd=folder, check=True)
    return folder


def measured(build: Path, scale: str, cores: str) -> dict[str, float]:
    config = [] if scale == "laptop" else ["--configfile", f"config/{scale}.yaml"]
    run = ["--cores", cores, *config, "--"]
    snakemake(build, *run, f"results/{scale}/data/cluttered_digits/manifest.json")
    figure = snakemake(build, *run, "needle_fig3")
    subprocess.run(["rm", "-rf", f"results/{scale}", ".snakemake"], cwd=build, check=True)
    whole = snakemake(build, *run, "all")
    timings = sorted((build / f"results/{scale}/timings").rglob("*.tsv"))
    working = sum(column(timing, "cpu_time") for timing in timings if "figures" not in timing.parts)
    memory = [column(timing, "max_rss") for timing in timings if {"bad_minima", "runs"} <= {*timing.parts}]
    nothing = snakemake(build, *run, "all")
    plan = snakemake(build, "-n", "--cores", cores, "--configfile", "config/paper.yaml", "--", "all")
    return {
        "all: CPU seconds": whole.cpu,
        "all: CPU beside preparing, training and measuring": whole.cpu - working,
        "all: wall seconds": whole.wall,
        "needle_fig3 from prepared data: CPU seconds": figure.cpu,
        "needle_fig3 from prepared data: wall seconds": figure.wall,
        "memory of a small training, median (MB)": statistics.median(memory),
        "all again, nothing to do: CPU seconds": nothing.cpu,
        "dry run of the paper scale: CPU seconds": plan.cpu,
    }


def snakemake(build: Path, *arguments: str) -> Used:
    environment = {**os.environ, "PYTHONPATH": str(build), "OMP_NUM_THREADS": "1"}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["snakemake", *arguments],
        cwd=build,
        env={**environment, "PATH": path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wall = time.monotonic() - began
    wait_for_orphans()
    if done.returncode:
        raise SystemExit(f"error: snakemake {' '.join(arguments)} failed:\n{done.stdout[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Used(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall)


def wait_for_orphans() -> None:
    """Processes that outlived their parent count once they have ended."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def column(timing: Path, name: str) -> float:
    """A number of a timing; a job that was too short for Snakemake's benchmark has none."""
    with timing.open(newline="", encoding="utf-8") as lines:
        row = next(csv.DictReader(lines, delimiter="\t"))
    try:
        return float(row[name])
    except ValueError:
        return 0.0


if __name__ == "__main__":
    main()
