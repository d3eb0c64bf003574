"""Measuring, choosing and showing runs of scratch, on tiny networks and datasets of known content."""

import csv
import json
from pathlib import Path

import pytest
import torch

import choose_scratch
import count_scratch
import measure_scratch
import permute_scratch
import select_scratch
import trace_scratch_filters
from anarch.complexity.description_length import description_length_bound
from anarch.data.pixels import pixel_order
from anarch.training.network import fresh_network
from anarch.workflow import paths, scratch
from anarch.workflow.scratch_counts import parameters, weights
from anarch.workflow.specs import canonical_json
from shared.artefacts import file_digest, write_json, write_text
from shared.tensors import save_weights

SIDE, CLASSES, IMAGES = 8, 3, {"train": 12, "test": 6, "extra": 5}
SECTION = {
    "norms": {"none": "channel", "locally_connected": "unit", "fully_connected": "unit"},
    "filters": {"count": 2, "least": 3, "seed": 0},
    "tasks": {
        "tiny": {
            "dataset": "small",
            "permuted": "small_permuted",
            "label": "a small set",
            "images": 12,
            "seeds": [0, 1],
            "fit_accuracy": 0.9,
            "epochs": [2],
            "training": {"batch_size": 4, "lr": 0.5, "schedule": "cosine"},
            "width": {"shallow": 1, "deep": 1, "fc3": 2},
            "widths": {"s_conv": [1], "d_conv": [1], "fc3": [2], "resnet18": [1]},
            "sgd": {
                "default": {"momentum": [0, 0.9], "weight_decay": [0], "dropout": [0]},
                "permuted": {"momentum": [0], "weight_decay": [0], "dropout": [0]},
            },
            "lasso": {
                "lr": 0.5,
                "main": {"shrink": 0.1, "threshold": 0.01},
                "conv": [0.1],
                "fc": [0.2],
                "dropout": [0],
                "betas": [0, 50],
                "sweep": [0.1],
                "permuted": {"conv": [0.1], "fc": [0.1]},
            },
            "kernels": {"channels": 1, "sizes": [3], "epochs": 1, "lr": 0.5, "conv": [0.1], "fc": [0.1]},
        }
    },
}
RUNS = scratch.runs(SECTION)
CONV, LOCAL = "tiny/s_conv-1-sgd-e2-s0", "tiny/s_local-1-sgd-e2-s0"
SPARSE = "tiny/s_fc-1-lasso+c0.1+f0.2+b50-e2-s0"
PERMUTED = "tiny/s_fc-1-lasso+c0.1+f0.1+b50-e2-permuted-s0"


def flags(**options: object) -> list[str]:
    return [f"--{name}={value}" for name, value in options.items()]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Datasets of noise with balanced labels, and untrained runs; half of SPARSE's first layer is zero."""
    root = tmp_path_factory.mktemp("study")
    draws = torch.Generator().manual_seed(0)
    tensors = {}
    for split, n in IMAGES.items():
        tensors[f"{split}_images"] = torch.randint(
            0, 256, (n, 1, SIDE, SIDE), generator=draws, dtype=torch.uint8
        )
        tensors[f"{split}_labels"] = torch.arange(n) % CLASSES
    for name, permute in (("small", {}), ("small_permuted", {"permute": 7})):
        folder = root / "data" / name
        save_weights(folder / paths.DATA, tensors)
        manifest = {
            "shape": [1, SIDE, SIDE],
            "classes": CLASSES,
            "mean": [0.5],
            "std": [0.25],
            "spec": {"source": "npz", **permute},
            "splits": {split: {"size": n} for split, n in IMAGES.items()},
            "sha256": file_digest(folder / paths.DATA),
        }
        write_json(folder / paths.MANIFEST, manifest)
    for name in (CONV, LOCAL, SPARSE, PERMUTED):
        network = fresh_network(RUNS[name].model, (1, SIDE, SIDE), CLASSES, 0)
        if name == SPARSE:
            with torch.no_grad():
                next(network.parameters())[::2] = 0
        save_weights(root / "runs" / name / paths.FINAL, network.state_dict())
        write_text(root / "runs" / name / paths.SPEC, canonical_json(RUNS[name]))
    return root


@pytest.fixture(scope="module")
def measured(study) -> tuple[dict[str, dict[str, str]], list[dict[str, str]]]:
    options = flags(least=3, gpus=0, runs=study / "runs", datasets=study / "data")
    tables = flags(measures=study / "m.csv", layers=study / "l.csv")
    measure_scratch.main([*options, *tables, "--names", CONV, LOCAL, SPARSE, PERMUTED])
    return {row["run"]: row for row in rows(study / "m.csv")}, rows(study / "l.csv")


def test_measures_count_what_the_formulas_say(measured):
    measures, layers = measured
    shape = {"input_shape": (1, SIDE, SIDE), "classes": CLASSES}
    for run, connectivity, norm in (
        (CONV, "conv", "channel"),
        (LOCAL, "local", "unit"),
        (SPARSE, "fc", "unit"),
    ):
        row, counts = measures[run], weights("s_conv", connectivity, 1, **shape)
        assert int(row["weights"]) == sum(counts.values())
        assert int(row["parameters"]) == parameters("s_conv", connectivity, 1, norm=norm, **shape)
        of_run = [layer for layer in layers if layer["run"] == run]
        assert {layer["name"]: int(layer["weights"]) for layer in of_run} == counts
        assert [layer["layer"] for layer in of_run] == ["1", "2", "3"]
    halved = next(layer for layer in layers if layer["run"] == SPARSE and layer["name"] == "conv1")
    assert 2 * int(halved["nonzero"]) == int(halved["weights"])


def test_the_bound_and_the_gap_follow_from_their_columns(measured):
    for row in measured[0].values():
        counts = [int(row[name]) for name in ("nonzero_parameters", "distinct", "parameters", "images")]
        assert float(row["bound"]) == pytest.approx(description_length_bound(*counts))
        gap = (1 - float(row["test_accuracy"])) - (1 - float(row["train_accuracy"]))
        assert float(row["gap"]) == pytest.approx(gap)
        assert row["images"] == "12"


def test_the_penalties_of_the_config_come_back(measured):
    row = measured[0][SPARSE]
    assert [float(row[name]) for name in ("shrink", "shrink_fc", "threshold")] == pytest.approx(
        [0.1, 0.2, 0.01]
    )
    assert row["momentum"] == "" and measured[0][CONV]["shrink"] == ""


def test_only_networks_by_beta_lasso_are_exported_and_stay_the_same(measured):
    assert float(measured[0][SPARSE]["export_difference"]) < 1e-5
    assert measured[0][SPARSE]["dense_bytes"] and not measured[0][LOCAL]["dense_bytes"]


def test_half_of_the_filters_are_left_and_tied_kernels_have_no_place(measured):
    assert (measured[0][SPARSE]["units"], measured[0][SPARSE]["filters"]) == ("16", "8")
    assert measured[0][CONV]["radius"] == ""
    local = measured[0][LOCAL]
    assert 0 < float(local["radius"]) < float(local["radius_shuffled"])


def test_choosing_looks_at_validation_images_alone(tmp_path):
    """S-FC by SGD with momentum 0.9 is worse on the test set and better on validation images."""
    unknown = dict.fromkeys(("momentum", "weight_decay", "dropout", "shrink", "shrink_fc", "threshold"))
    measures = []
    for run in RUNS:
        good = "s_fc-1-sgd+m0.9" in run
        accuracy = {"validation_accuracy": 0.6 if good else 0.5, "test_accuracy": 0.4 if good else 0.9}
        measures.append({"run": run, **scratch.describe(run), **unknown, **accuracy, "weights": 9})
    layers = [{"run": run, "layer": 1, "nonzero": 5} for run in RUNS if "s_" in run]
    select_scratch.write_csv(tmp_path / "m.csv", measures)
    select_scratch.write_csv(tmp_path / "l.csv", layers)
    tables = flags(measures=tmp_path / "m.csv", layers=tmp_path / "l.csv")
    made = [f"--{name}={tmp_path / name}.csv" for name in ("select", "results", "chosen-layers", "leads")]
    select_scratch.main([*tables, *made, "--section", json.dumps(SECTION)])
    results, grid = rows(tmp_path / "results.csv"), rows(tmp_path / "select.csv")
    sgd = [
        row
        for row in results
        if (row["network"], row["method"]) == ("S-FC", "SGD") and row["family"] != "permuted"
    ]
    assert (
        sgd and {row["choice"] for row in sgd} == {"sgd+m0.9"} and {row["candidates"] for row in sgd} == {"2"}
    )
    of_family = {(row["family"], row["pixels"]) for row in sgd}
    assert of_family == {(f, "intact") for f in ("table1", "table2", "bound", "filters")}
    single = [row for row in results if row["family"] == "permuted" and row["network"] == "S-FC"]
    assert {(row["choice"], row["candidates"]) for row in single if row["method"] == "SGD"} == {("sgd", "1")}
    assert {row["pixels"] for row in single} == {"intact", "permuted"}
    assert {row["seed"] for row in sgd} == {"0", "1"} and {row["dataset"] for row in results} == {
        "a small set"
    }
    assert "test_accuracy" not in grid[0]
    searched = [
        row for row in grid if (row["network"], row["method"], row["candidates"]) == ("S-FC", "SGD", "2")
    ]
    assert [(row["choice"], row["chosen"], row["seeds"]) for row in searched] == [
        ("sgd", "0", "2"),
        ("sgd+m0.9", "1", "2"),
    ]
    assert {row["run"] for row in rows(tmp_path / "chosen-layers.csv")} <= {row["run"] for row in results}


def test_of_equals_the_first_is_taken():
    measures = {run: {"validation_accuracy": "0.5"} for run in "abcd"}
    assert select_scratch.best_choice({"x": ["a", "b"], "y": ["c", "d"]}, measures) == "x"
    measures["d"] = {"validation_accuracy": "0.6"}
    assert select_scratch.best_choice({"x": ["a", "b"], "y": ["c", "d"]}, measures) == "y"


def test_filters_are_drawn_from_the_first_seed_and_shown_in_full(study, tmp_path):
    told = dict.fromkeys(trace_scratch_filters.KEYS, "")
    results = [
        {**told, "family": family, "run": run, "seed": seed, "pixels": pixels}
        for family, run, seed, pixels in (
            ("table2", CONV, 0, "intact"),
            ("filters", SPARSE, 0, "intact"),
            ("filters", "tiny/lost-s1", 1, "intact"),
            ("filters", PERMUTED, 0, "permuted"),
        )
    ]
    select_scratch.write_csv(tmp_path / "results.csv", results)
    options = flags(runs=study / "runs", results=tmp_path / "results.csv", datasets=study / "data", gpus=0)
    trace_scratch_filters.main([*options, *flags(count=2, least=3, seed=0, out=tmp_path / "f.csv")])
    found = rows(tmp_path / "f.csv")
    assert len(found) == 2 * 2 * SIDE * SIDE and {row["run"] for row in found} == {SPARSE, PERMUTED}
    weight = fresh_network(RUNS[PERMUTED].model, (1, SIDE, SIDE), CLASSES, 0).state_dict()["0.weight"]
    order = pixel_order(7, SIDE * SIDE)
    for row in found:
        if row["run"] == PERMUTED:
            place = int((order == int(row["row"]) * SIDE + int(row["column"])).nonzero())
            assert float(row["weight"]) == pytest.approx(float(weight[int(row["unit"]), place]))
        else:
            assert int(row["unit"]) % 2 == 1 and int(row["nonzero"]) > 2  # even units are zero


def test_counts_need_no_torch(tmp_path):
    import subprocess
    import sys

    code = "import sys, count_scratch, select_scratch; print('torch' in sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": f"{Path(count_scratch.__file__).parent}:{Path(scratch.__file__).parents[2]}"},
    ).stdout  # fmt: skip
    assert printed.strip() == "False"
    count_scratch.main([f"--counts={tmp_path / 'c.csv'}", f"--scaling={tmp_path / 's.csv'}"])
    assert len(rows(tmp_path / "c.csv")) == 3 * (11 + 4) and rows(tmp_path / "s.csv")


def test_the_config_of_the_winners_leaves_them_alone_on_more_seeds(tmp_path):
    """Names are those of the grid's runs, so that what was trained already is not trained again."""
    won = ["tiny/s_fc-1-sgd+m0.9-e2-s0", "tiny/s_fc-1-sgd+m0.9-e2-s1", SPARSE, PERMUTED]
    select_scratch.write_csv(tmp_path / "results.csv", [{"run": run} for run in won])
    choose_scratch.main(flags(results=tmp_path / "results.csv", seeds=3, out=tmp_path / "chosen.json"))
    over = json.loads((tmp_path / "chosen.json").read_text())["scratch"]["tasks"]["tiny"]
    task = {**SECTION["tasks"]["tiny"], **over}
    runs = scratch.runs({**SECTION, "tasks": {"tiny": task}})
    sgd = [run for run in runs if run.startswith("tiny/s_fc-1-sgd") and "permuted" not in run]
    assert "tiny/s_fc-1-sgd-e2-s0" in sgd  # Fig. 10 has no other point, and none of its own was chosen
    assert {run for run in sgd if "m0.9" in run} == {f"tiny/s_fc-1-sgd+m0.9-e2-s{seed}" for seed in range(3)}
    assert {SPARSE, PERMUTED} <= set(runs) and set(over["seeds"]) == {0, 1, 2}


def test_leads_are_between_neighbours_at_sizes_that_both_reach():
    """By hand: at 1000, halfway between 100 and 10,000 in logarithms, 3-FC's 0.2 and 0.6 are 0.4."""
    curves = {"S-CONV": {10: 0.1, 1000: 0.7}, "3-FC": {100: 0.2, 10_000: 0.6}, "D-CONV": {20_000: 0.9}}
    results = [
        {"family": family, "task": "t", "seed": 0, "network": network, "weights": n, "test_accuracy": a}
        for family in ("sweep", "table1")
        for network, curve in curves.items()
        for n, a in curve.items()
    ]
    found = {(row["pair"], row["weights"]): row["lead"] for row in select_scratch.leads(results)}
    assert found == pytest.approx(
        {("S-CONV above 3-FC", 100): 0.4 - 0.2, ("S-CONV above 3-FC", 1000): 0.7 - 0.4}
    )


def test_s_fc_by_either_method_cannot_tell_the_order_of_pixels(study, tmp_path):
    names = scratch.twins({**SECTION, "tasks": {"tiny": {**SECTION["tasks"]["tiny"], "seeds": [0]}}})
    assert names == ["tiny/s_fc-1-sgd-e2-s0", "tiny/s_fc-1-lasso+c0.1+f0.1+b50-e2-s0"]
    for name in names:
        write_text(study / "runs" / name / paths.SPEC, canonical_json(RUNS[name]))
    options = flags(runs=study / "runs", datasets=study / "data", gpus=0, out=tmp_path / "t.csv")
    permute_scratch.main([*options, "--names", *names])
    found = rows(tmp_path / "t.csv")
    assert [row["method"] for row in found] == ["SGD", "beta-LASSO"]
    assert all(0 < float(row["difference"]) < 1e-9 for row in found)
