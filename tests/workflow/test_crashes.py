"""Kill -9 of the trainer and of snakemake, then the same command again: the same bits as undisturbed."""

import json
import os
import random
import time
from pathlib import Path

import pytest
from checkout import Checkout

pytestmark = pytest.mark.smoke

DATA = "results/smoke/data/cluttered_digits"
SPEC = {
    "dataset": "cluttered_digits",
    "model": {"architecture": "alexnet", "options": {"channels": 2}},  # dropout: a generator more to restore
    "recipe": {"epochs": 60, "batch_size": 20, "lr": 0.02, "momentum": 0.9, "augment": "crop"},
    "seed": 1,
    "snapshots": [0, 30, 60],
}
TARGET = "results/smoke/needle/runs/sgd/efcn-t1-s0/final.safetensors"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    checkout = Checkout.copy(tmp_path_factory.mktemp("crashes") / "anarch")
    checkout.edit(
        "config/smoke.yaml",
        "cnn: {epochs: 2, batch_size: 50, lr: 0.1}",
        "cnn: {epochs: 40, batch_size: 5, lr: 0.02}",
    )
    checkout.edit("config/smoke.yaml", "relaxed: &relaxed {epochs: 2,", "relaxed: &relaxed {epochs: 30,")
    checkout.run(
        "snakemake", "--cores", "1", "--configfile", "config/smoke.yaml", "--", f"{DATA}/manifest.json"
    )
    return checkout


def train(out: str, *more: str) -> tuple[str, ...]:
    return (
        "python",
        "workflow_scripts/train.py",
        "--spec",
        json.dumps(SPEC),
        "--data",
        DATA,
        "--out",
        out,
        *more,
    )


def saved(folder: Path) -> set[tuple[str, int]]:
    """The saved states below a run's folder, with the times of their writing."""
    return {(str(file), file.stat().st_mtime_ns) for file in folder.glob(".resume-*/state.pt")}


def test_a_killed_trainer_goes_on_to_the_same_bits(checkout):
    """Killed over and over, each time at a random moment after it has saved at least one further state."""
    checkout.run(*train("undisturbed"))
    moments, out = random.Random(0), checkout.root / "killed"
    resumed = 0
    for _ in range(5):
        before = saved(out)
        process = checkout.start(*train("killed", "--save-every", "0"))
        while process.poll() is None and saved(out) <= before:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        resumed += "going on after epoch" in process.communicate()[0]
    resumed += "going on after epoch" in checkout.run(*train("killed"))
    assert resumed >= 4
    assert checkout.bits("killed") == checkout.bits("undisturbed")


def test_a_second_trainer_of_one_run_waits_and_then_has_nothing_to_do(checkout):
    first, second = (checkout.start(*train("shared")) for _ in range(2))
    printed = sorted(process.communicate(timeout=300)[0] for process in (first, second))
    assert first.returncode == second.returncode == 0
    waited = [text for text in printed if "waiting: another process is training shared" in text]
    assert len(waited) == 1 and "nothing to do" in waited[0]
    assert checkout.bits("shared") == checkout.bits("undisturbed")


def test_a_killed_snakemake_needs_nothing_but_the_same_command(checkout):
    command = ("snakemake", "--cores", "2", "--configfile", "config/smoke.yaml", "--", TARGET)
    checkout.run(*command)
    undisturbed = checkout.bits("results/smoke")
    os.rename(checkout.root / "results", checkout.root / "undisturbed-results")
    moments = random.Random(1)
    for _ in range(3):
        process = checkout.start(*command)
        time.sleep(moments.uniform(3, 9))
        process.kill()  # its jobs live on as orphans and keep writing
        time.sleep(moments.uniform(0, 1))
    checkout.run(*command)
    assert checkout.bits("results/smoke") == undisturbed


def test_diverged_learning_says_when_and_keeps_its_history(checkout):
    spec = json.dumps({**SPEC, "recipe": {"epochs": 3, "batch_size": 20, "lr": 1e30}, "snapshots": []})
    printed = checkout.run(
        "python", "workflow_scripts/train.py", "--spec", spec, "--data", DATA, "--out", "diverged", fails=True
    )
    last = printed.strip().splitlines()[-1]
    assert last.startswith("error: diverged: the loss is") and last.endswith(
        "its history is in diverged/diverged.csv"
    )
    assert (Path(checkout.root) / "diverged/diverged.csv").read_text().startswith("epoch,train_loss")
    assert not (Path(checkout.root) / "diverged/final.safetensors").exists()
