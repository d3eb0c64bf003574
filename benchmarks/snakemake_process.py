"""CPU time of Snakemake's own process while a job runs and others wait, with and without anarch_snakemake.

A workflow of ``touch`` jobs, then one that sleeps on the only core while 20 jobs are ready behind it; read
from /proc a second after the sleeper's start and a second before its end.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SNAKEFILE = """
rule all:
    input: expand("behind/{n}", n=range(BEHIND))

rule before:
    output: touch("before/{n}")
    priority: 2

rule sleeper:
    input: expand("before/{n}", n=range(BEFORE))
    output: touch("slept")
    priority: 1
    shell: "touch started; sleep SECONDS"

rule behind:
    output: touch("behind/{n}")
"""
# A process of another name is one that anarch_snakemake leaves alone.
PLAIN = "import sys, snakemake.cli; sys.argv[0] = 'plain'; snakemake.cli.main(sys.argv[1:])"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process: int) -> float:
    """User and system time of ``process`` itself, its children left out."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def share(program: list[str], before: int, seconds: int) -> float:
    """CPU time over time while the sleeper runs."""
    with tempfile.TemporaryDirectory() as folder:
        text = (
            SNAKEFILE.replace("BEFORE", str(before)).replace("SECONDS", str(seconds)).replace("BEHIND", "20")
        )
        Path(folder, "Snakefile").write_text(text)
        command = [sys.executable, *program, "--cores", "1", "--quiet", "all", "--", "slept", "all"]
        snakemake = subprocess.Popen(command, cwd=folder)
        while not Path(folder, "started").exists():
            if snakemake.poll() is not None:
                sys.exit(f"snakemake ended with {snakemake.returncode}")
            time.sleep(0.05)
        time.sleep(1)  # what the start of the job itself takes is over
        used, began = cpu_seconds(snakemake.pid), time.monotonic()
        time.sleep(seconds - 2)
        used, took = cpu_seconds(snakemake.pid) - used, time.monotonic() - began
        snakemake.terminate()
        snakemake.wait()
    return used / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=15, help="that the job sleeps")
    seconds = parser.parse_args().seconds
    print("finished jobs | share of a core: plain | with anarch_snakemake")
    for before in (5, 60, 240):
        plain, mended = (share(program, before, seconds) for program in (["-c", PLAIN], ["-m", "snakemake"]))
        print(f"{before} | {plain:.2%} | {mended:.2%}")


if __name__ == "__main__":
    main()
