"""One GPU, ten minutes: whether it computes right, how fast it is, and needle at the paper's own scale.

    ANARCH_DATA_ROOT=DATA python benchmarks/gpu.py --out OUT [right] [speed] [needle] [--minutes 9]

Each stage has its share of the time and a log in --out; a stage that is done is not done again.  Runs with
torch 2.11 and Python 3.12 as well as with ours, without any network; Snakemake and pytest where they are.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
STAGES = ("right", "speed", "needle")
PATIENCE = 30.0  # seconds that a stage has for saving its state
MOST = {"right": 150.0, "speed": 150.0}  # seconds; the rest is needle's


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="*", choices=STAGES, default=list(STAGES))
    parser.add_argument("--minutes", type=float, default=9.0, help="in all")
    parser.add_argument("--configfile", default=str(ROOT / "config" / "paper.yaml"), help="of stage needle")
    parser.add_argument("--small", action="store_true", help="stage speed in small, where there is no GPU")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 60 * args.minutes
    for stage in args.stages:
        done = args.out / f"{stage}.done"
        if done.exists():
            print(f"{stage}: done before, {done.read_text().strip()}")
            continue
        left = deadline - time.monotonic()
        allowed = min(left, MOST.get(stage, left))
        began, status = time.monotonic(), 0
        for command in commands(stage, args, allowed):
            status = status or run(command, args.out / f"{stage}.log", allowed - (time.monotonic() - began))
        told = f"{time.monotonic() - began:.0f} s, exit status {status}"
        print(f"{stage}: {told}", flush=True)
        if not status:
            done.write_text(f"{told}\n")


def commands(stage: str, args: argparse.Namespace, seconds: float) -> list[list[str]]:
    here = [sys.executable]
    if stage == "right":
        return [
            [*here, "workflow_scripts/check_arithmetic.py", "--gpus", "1"],
            [*here, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/device"],
        ]
    if stage == "speed":
        small = ["--small"] if args.small else []
        return [[*here, "benchmarks/gpu_speed.py", *small, "--out", str(args.out / "speed.json")]]
    given = ["--configfile", args.configfile, "--minutes", f"{max(seconds - 40, 5) / 60:.2f}"]
    return [[*here, "benchmarks/gpu_needle.py", *given, "--out", str(args.out / "needle")]]


def run(command: list[str], log: Path, seconds: float) -> int:
    """Its exit status, 124 where the time was over; what it prints goes to the log and the terminal."""
    print("+", " ".join(command), flush=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("a") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        status = wait_or_end(process, seconds, partial(os.killpg, process.pid))
    print("".join(log.read_text().splitlines(keepends=True)[-25:]), flush=True)
    return status


def wait_or_end(process: subprocess.Popen[bytes], seconds: float, send: Callable[[int], None]) -> int:
    """Its exit status; 124 where the time was over: it was told to end, and killed if it did not."""
    try:
        return process.wait(max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        send(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            send(signal.SIGKILL)
        return 124


if __name__ == "__main__":
    main()
