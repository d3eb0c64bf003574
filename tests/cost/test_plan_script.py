"""The plan as a user types it: a table, files, and mistakes in one line.  Nothing is run."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMOKE = ("--configfile", "config/smoke.yaml")


def plan(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "workflow_scripts" / "plan.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> tuple[str, dict, list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("plan")
    done = plan(*SMOKE, "--all-jobs", "--json", str(folder / "plan.json"), "--csv", str(folder / "plan.csv"))
    assert done.returncode == 0, done.stderr
    with (folder / "plan.csv").open(newline="") as file:
        return done.stdout, json.loads((folder / "plan.json").read_text()), list(csv.DictReader(file))


def test_a_line_a_study_and_the_sum(everything):
    printed, told, lines = everything
    studies = [row["study"] for row in told["studies"]]
    assert (
        studies[:5] == ["needle", "bad_minima", "embedding", "scratch", "blessing"] and studies[-1] == "all"
    )
    assert [line["study"] for line in lines] == studies
    head, *table = printed.split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in table] == studies and len({len(line) for line in [head, *table]}) == 1
    for column in ("jobs", "trainings", "disk_bytes", "device_hours"):
        *parts, whole = (row[column] for row in told["studies"])
        assert sum(parts) == pytest.approx(whole), column


def test_every_rule_of_the_studies_has_a_cost(everything):
    _, told, _ = everything
    assert not [
        rule for rule in told["unknown_rules"] if rule.split("_")[0] not in ("atlas", "claims", "report")
    ]
    assert len(told["jobs"]) == told["studies"][-1]["jobs"] > 100
    assert all(job["seconds"] > 0 for job in told["jobs"])


def test_no_rule_of_the_smoke_scale_asks_for_too_little(everything):
    assert everything[1]["too_little"] == []


def test_one_target_costs_less_and_a_faster_device_takes_less_time(tmp_path):
    for k, speed in enumerate(("1e9", "1e10")):
        done = plan(
            *SMOKE,
            "--all-jobs",
            "--speed",
            speed,
            "--json",
            str(tmp_path / f"{k}.json"),
            "needle_figB1",
        )
        assert done.returncode == 0, done.stderr
    slow, fast = (json.loads((tmp_path / f"{k}.json").read_text())["studies"] for k in range(2))
    assert {row["study"] for row in slow} == {"needle", "data", "all"}
    assert slow[-1]["jobs"] == fast[-1]["jobs"] < 50 and slow[-1]["hours"] > fast[-1]["hours"]


@pytest.mark.parametrize(
    "arguments, says",
    [
        (("nonsense",), "nonsense"),
        (("--configfile", "config/absent.yaml"), "config/absent.yaml"),
        (("--configfile", "Makefile"), "is no YAML"),
        (("--speed", "0"), "--speed must be above 0, got 0"),
        (("--devices", "0"), "--devices must be 1 or more, got 0"),
    ],
)
def test_a_mistake_is_one_line(arguments, says):
    done = plan(*arguments)
    assert done.returncode == 1 and done.stderr.startswith("error: ")
    assert says in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
