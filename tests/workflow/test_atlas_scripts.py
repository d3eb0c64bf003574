"""Measuring for the atlas, on tiny networks with known beginnings and ends."""

import csv
import json
from pathlib import Path

import pytest
import torch

import measure_atlas
import measure_atlas_swissroll
import measure_basins
import rank_atlas
import swissroll
from anarch.atlas.ranking import MEASURES
from anarch.lifting.locality import deviation
from anarch.lifting.walk import lift
from anarch.training.loop import evaluate
from anarch.training.network import fresh_network
from anarch.workflow import paths
from anarch.workflow.blessing_toys import Descending, Swissroll
from anarch.workflow.specs import Model, Recipe, RunSpec, Start, canonical_json
from shared.artefacts import file_digest, write_csv, write_json, write_text
from shared.tensors import load_examples, save_weights

SHAPE, CLASSES = (1, 9, 8), 3
EFFORT = {
    "images": 8, "points": 5, "directions": 3, "rise": 0.2, "hessian_tolerance": 0.01,
    "radius_tolerance": 0.05,
}  # fmt: skip
MODEL = Model(architecture="s_conv", options={"alpha": 1})
LIFTED = Model(architecture="s_conv", options={"alpha": 1}, lift="fully_connected")
RECIPE = Recipe(epochs=1, batch_size=4, lr=0.1)
RUNS = {
    "p/cnn-s3": RunSpec(dataset="small", model=MODEL, recipe=RECIPE, seed=3, snapshots=(1,)),
    "p/efcn-t1-s3": RunSpec(
        dataset="small", model=LIFTED, recipe=RECIPE, seed=3, start=Start(run="p/cnn-s3", epoch=1)
    ),
}
BARE = ["--gpus", "0", "--threads", "1"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A dataset of noise; a CNN that never moved, and its lifted snapshot moved by 0.01 in each parameter."""
    root = tmp_path_factory.mktemp("study")
    draws, tensors = torch.Generator().manual_seed(0), {}
    for split, n in (("train", 12), ("test", 6)):
        tensors[f"{split}_images"] = torch.randint(0, 256, (n, *SHAPE), generator=draws, dtype=torch.uint8)
        tensors[f"{split}_labels"] = torch.arange(n) % CLASSES
    folder = root / "data" / "small"
    save_weights(folder / paths.DATA, tensors)
    manifest = {
        "shape": list(SHAPE), "classes": CLASSES, "mean": [0.5], "std": [0.25],
        "splits": {"train": {"size": 12}, "test": {"size": 6}},
        "sha256": file_digest(folder / paths.DATA),
    }  # fmt: skip
    write_json(folder / paths.MANIFEST, manifest)
    cnn = fresh_network(MODEL, SHAPE, CLASSES, 3)
    wide = lift(cnn, SHAPE)
    with torch.no_grad():
        for parameter in wide.parameters():
            parameter += 0.01
    for name, network in (("p/cnn-s3", cnn), ("p/efcn-t1-s3", wide)):
        save_weights(root / "runs" / name / paths.FINAL, network.state_dict())
        write_text(root / "runs" / name / paths.SPEC, canonical_json(RUNS[name]))
    save_weights(root / "runs/p/cnn-s3" / paths.snapshot_name(1), cnn.state_dict())
    return root


def test_networks_are_measured_from_where_their_runs_began(study, tmp_path):
    networks = [{"run": run, "group": "p", "what": "a network", "settings": "{}"} for run in RUNS]
    measure_atlas.main(
        ["--study", "needle", "--runs", str(study / "runs"), "--datasets", str(study / "data"),
         "--networks", json.dumps(networks), "--effort", json.dumps(EFFORT),
         "--out", str(tmp_path / "a.csv"), *BARE]
    )  # fmt: skip
    cnn, wide = rows(tmp_path / "a.csv")
    assert [cnn[name] for name in ("study", "run", "group", "what", "dataset", "seed", "test_images")] == [
        "needle", "p/cnn-s3", "p", "a network", "small", "3", "6"
    ]  # fmt: skip
    assert float(cnn["distance"]) == 0 and cnn["deviation"] == ""
    moved = 0.01 * int(wide["parameters"]) ** 0.5
    assert float(wide["distance"]) == pytest.approx(moved / float(wide["frobenius"]), rel=1e-4)
    begun = lift(fresh_network(MODEL, SHAPE, CLASSES, 3), SHAPE)
    with torch.no_grad():
        for parameter in begun.parameters():
            parameter += 0.01
    data = load_examples(study / "data/small", torch.device("cpu"))
    assert float(wide["deviation"]) == pytest.approx(deviation(begun), rel=1e-6)
    loss, accuracy = evaluate(begun, data["train"].head(8))
    assert float(wide["train_loss"]) == pytest.approx(loss, rel=1e-5)
    assert float(wide["train_accuracy"]) == accuracy
    assert float(wide["test_accuracy"]) == evaluate(begun, data["test"])[1]
    assert float(wide["way"]) == pytest.approx(moved, rel=1e-4) and float(cnn["pac_bayes"]) == 0
    assert float(wide["pac_bayes"]) == pytest.approx(float(wide["way"]) / float(wide["noise"]))
    assert set(MEASURES) <= set(wide)


def test_swiss_roll_minima_have_the_sharpness_that_blessing_finds(tmp_path):
    steps = Descending(steps=20, lr=0.02)
    spec = Swissroll(
        seeds=(0, 3), betas=(0.0, 0.1), train=12, extra=6, test=40, hidden=(7, 5), input_scale=0.2,
        good=steps, poisoned=steps,
    )  # fmt: skip
    kept, text = tmp_path / "networks.safetensors", canonical_json(spec)
    swissroll.main(["--spec", text, "--out", str(kept), *BARE])
    effort = {**EFFORT, "images": 0, "points": 0}
    measure_atlas_swissroll.main(
        ["--networks", str(kept), "--spec", text, "--effort", json.dumps(effort),
         "--out", str(tmp_path / "a.csv"), *BARE]
    )  # fmt: skip
    tables = [f"--{name}={tmp_path / name}.csv" for name in ("minima", "basins")]
    how = {
        "cutoffs": [9],
        "main": 9,
        "directions": 3,
        "preconditioned": 2,
        "points": 0,
        "tolerance": 0.01,
        "step": 1,
    }
    measure_basins.main(
        ["--source", "swissroll_minima", "--networks", str(kept), "--spec", text, "--seeds", "0", "3",
         "--how", json.dumps(how), *tables, *BARE]
    )  # fmt: skip
    ours, theirs = rows(tmp_path / "a.csv"), rows(tmp_path / "minima.csv")
    assert [row["run"] for row in ours] == [
        f"swissroll/beta{beta}-s{seed}" for seed in (0, 3) for beta in ("0", "0.1")
    ]
    for one, other in zip(ours, theirs, strict=True):
        assert float(one["hessian_top"]) == pytest.approx(float(other["sharpness"]), rel=1e-3)
        for column in ("train_loss", "train_accuracy", "test_accuracy", "parameters", "seed"):
            assert float(one[column]) == pytest.approx(float(other[column]), rel=1e-6)
        assert 0 < float(one["distance"]) < 2


def test_ranking_reads_what_measuring_writes(tmp_path):
    told = {"study": "needle", "group": "sgd", "dataset": "d", "seed": 0, "test_images": 10**6}
    table = [
        {**told, "run": f"r{i}", "test_accuracy": 0.5 + 0.1 * i, "settings": json.dumps({"lr": i})}
        | {**dict.fromkeys(MEASURES, float(i + 1)), "deviation": None}
        for i in range(4)
    ]  # fmt: skip
    table[0]["log10_path1"] = float("-inf")
    write_csv(tmp_path / "atlas.csv", table)
    rank_atlas.main(
        [f"--atlas={tmp_path / 'atlas.csv'}", "--resamples=100"]
        + [f"--{name}={tmp_path / name}.csv" for name in ("taus", "signs")]
    )
    found = rows(tmp_path / "taus.csv")
    assert {(row["level"], row["measure"]) for row in found} == {
        (level, measure) for level in ("group", "study", "pooled") for measure in MEASURES
    }
    for row in found:
        if row["way"] in ("all", "granulated"):
            assert row["tau"] == ("" if row["measure"] == "deviation" else "1.0")
    errors = {row["measure"]: row["error"] for row in rows(tmp_path / "signs.csv")}
    assert (errors["margin"], errors["pac_bayes"], errors["deviation"]) == ("0.0", "1.0", "")


def test_ranking_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, rank_atlas; print('torch' in sys.modules)"
    path = f"{Path(rank_atlas.__file__).parent}:{Path(rank_atlas.__file__).parents[1]}"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    ).stdout
    assert printed.strip() == "False"
