"""Snakemake's scheduler wakes when a job starts or ends, and not for ever in between."""

import os
import subprocess
import sys
from pathlib import Path

import snakemake
from snakemake.scheduling.job_scheduler import JobScheduler

from anarch_snakemake import scheduler

ROOT = Path(__file__).parents[2]

SNAKEFILE = """
rule all:
    input: "slept", expand("behind/{n}", n=range(3))

rule before:
    output: touch("before/{n}")
    priority: 2

rule sleeper:
    input: expand("before/{n}", n=range(20))
    output: touch("slept")
    priority: 1
    shell: "sleep 4"

rule behind:
    output: touch("behind/{n}")
"""
JOBS = 20 + 1 + 3 + 1


def run(folder: Path, *options: str) -> str:
    (folder / "Snakefile").write_text(SNAKEFILE)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--verbose", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_each_job_costs_a_bounded_number_of_passes(tmp_path):
    """One as it ends, one as the limit forgets its start; 9.27.1 makes 20 per second beside the sleeper."""
    passes = run(tmp_path, "--cores", "1").count("Ready jobs: ")
    assert JOBS <= passes <= 2 * JOBS + 1


def test_jobs_that_the_limit_holds_back_start_when_its_timespan_is_over(tmp_path):
    """While nothing runs no job can end, and only a timer goes on: a lost one would hang here for ever."""
    printed = run(tmp_path, "--cores", "4", "--max-jobs-per-timespan", "3/1s")
    assert "Job rate limit reached" in printed
    assert f"{JOBS} of {JOBS} steps (100%) done" in printed


def test_the_pinned_snakemake_is_one_that_it_was_tried_with():
    """Fails with a new pin: look whether its scheduler still needs this, and still has these names."""
    assert snakemake.__version__ in scheduler.KNOWN_VERSIONS
    assert f"snakemake=={snakemake.__version__}" in (ROOT / "requirements.txt").read_text().splitlines()


def test_the_scheduler_of_another_version_is_left_alone(monkeypatch):
    own = JobScheduler._schedule_reevalutation
    monkeypatch.setattr(snakemake, "__version__", "9.28.0")
    scheduler.let_it_sleep()
    assert JobScheduler._schedule_reevalutation is own
