"""Outputs stay until they are replaced: what is left after a failure, and what runs again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anarch.workflow import records, survey

ROOT = Path(__file__).parents[2]
SNAKEFILE = """
from pathlib import Path
from anarch.workflow import survey
from anarch_snakemake.outputs import keep_until_replaced

keep_until_replaced(
    workflow, damaged=lambda: survey.damaged(Path("results")), made=survey.made, touched=survey.accept
)

rule all:
    input: "results/c", "results/other"

rule c:
    input: "results/b"
    output: "results/c"
    shell: "cp {input} {output}"

rule b:
    input: "results/a"
    output: "results/b"
    log: "b.log"
    shell: "test ! -e fail && cp {input} results/.b && mv results/.b {output}"

rule a:
    input: "raw"
    output: "results/a"
    shell: "cp {input} {output}"

rule other:
    output: "results/other"
    shell: "echo other > {output}"
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("Snakefile").write_text(SNAKEFILE)
    Path("raw").write_text("first\n")
    snakemake()
    return tmp_path


def snakemake(*options: str, status: int = 0) -> str:
    """What a plain snakemake says, without any profile of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    return done.stderr + done.stdout


def planned() -> set[str]:
    said = snakemake("-n")
    return {line.split()[1].rstrip(":") for line in said.splitlines() if line.startswith("rule ")} - {"all"}


def texts() -> dict[str, str]:
    return {name: Path("results", name).read_text() for name in ("a", "b", "c", "other")}


def test_after_a_failure_the_last_good_files_stand_and_the_job_runs_again(made):
    Path("raw").write_text("second\n")
    Path("fail").touch()
    snakemake(status=1)
    assert texts() == {"a": "second\n", "b": "first\n", "c": "first\n", "other": "other\n"}
    assert planned() == {"b", "c"}
    snakemake(status=1)
    Path("fail").unlink()
    assert planned() == {"b", "c"}
    snakemake()
    assert texts() == {"a": "second\n", "b": "second\n", "c": "second\n", "other": "other\n"}
    assert planned() == set()


def test_a_damaged_output_and_what_hangs_on_it_are_made_again_and_nothing_else(made):
    Path("results/b").write_text("first?\n")
    kept = os.stat("results/a").st_mtime_ns
    assert planned() == {"b", "c"}
    said = snakemake()
    assert "results/b is damaged: its bytes are not those that were recorded: it is made again" in said
    assert texts() == {"a": "first\n", "b": "first\n", "c": "first\n", "other": "other\n"}
    assert os.stat("results/a").st_mtime_ns == kept
    assert planned() == set()


def test_damage_that_a_target_does_not_need_is_neither_told_nor_cured(made):
    Path("results/b").write_text("first?\n")
    assert "results/b" not in snakemake("--", "results/other")
    assert Path("results/b").read_text() == "first?\n"


def test_touching_hides_no_damage(made):
    Path("results/b").write_text("first?\n")
    snakemake("--touch")
    assert planned() == {"b", "c"}


def test_touching_takes_over_results_of_which_there_is_no_record(made):
    Path("results", records.RECORD).unlink()
    survey.SEEN.unlink()
    assert planned() == {"a", "b", "c", "other"}
    snakemake("--touch")
    assert planned() == set()


def test_many_damaged_files_are_told_in_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    many = SNAKEFILE.replace('"results/c", "results/other"', '[f"results/{n}" for n in range(8)]')
    Path("Snakefile").write_text(
        many + '\nrule one:\n    output: "results/{n,\\d+}"\n    shell: "echo {wildcards.n} > {output}"\n'
    )
    snakemake()
    for file in Path("results").glob("[0-9]"):
        file.write_text("damaged")
    said = snakemake("--dry-run")
    assert said.count(": it is made again") == 5
    assert "... and so are 3 more files; `make verify` names all" in said
