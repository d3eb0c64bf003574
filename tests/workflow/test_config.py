"""A config is refused as a whole, in one line that names the key, before any job."""

import copy
from pathlib import Path

import pytest
import yaml

from anarch.workflow import needle
from anarch.workflow.config import ConfigError, data_root, validated
from anarch.workflow.epochs import log_spaced
from anarch.workflow.studies import STUDIES

ROOT = Path(__file__).parents[2]
SCALES = {"config": "laptop", "smoke": "smoke", "cifar": "cifar", "paper": "paper"}


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name, scale", SCALES.items())
def test_every_config_of_ours_is_valid(name, scale):
    config = read(name)
    runs = validated(config, ROOT)
    assert config["scale"] == scale
    assert {study: list(of_study) for study, of_study in runs.items()} == {
        study: list(module.runs(config[study])) for study, module in STUDIES.items()
    }


def change(config: dict, path: str, value: object) -> dict:
    config = copy.deepcopy(config)
    *folders, key = path.split(".")
    at = config
    for folder in folders:
        at = at[folder]
    at[key] = value
    return config


@pytest.mark.parametrize(
    "path, value, says",
    [
        ("neddle", {}, ["neddle", "known keys"]),
        (
            "needle.protocols.sgd.cnn.learning_rate",
            0.1,
            ["needle.protocols.sgd.cnn", "learning_rate", "known keys: augment"],
        ),
        (
            "needle.protocols.sgd.cnn.lr",
            "fast",
            ["needle.protocols.sgd.cnn.lr", "'fast' is not of type 'number'"],
        ),
        (
            "needle.protocols.sgd.cnn.epochs",
            0,
            ["needle.protocols.sgd.cnn.epochs", "0 is less than the minimum"],
        ),
        ("needle.protocols.sgd.seeds", [0, 1, 0], ["needle.protocols.sgd.seeds", "non-unique"]),
        (
            "needle.protocols.sgd.seeds",
            [4, 6, 5],
            ["needle.protocols.sgd.seeds: [4, 6, 5] must be consecutive, as [4, 5, 6]"],
        ),
        ("bad_minima.toy.seeds", [0, 2], ["bad_minima.toy.seeds: [0, 2] must be consecutive, as [0, 1]"]),
        ("looks", [3, 12, 8], ["looks: [3, 12, 8] must rise"]),
        ("looks", [1, 5], ["looks.0: 1 is less than the minimum of 2"]),
        (
            "needle.protocols.sgd.dataset",
            "imagenet",
            ["needle.protocols.sgd.dataset", "'imagenet' is not among datasets"],
        ),
        (
            "needle.relax_times",
            [0, 1, 2, 3],
            ["needle.relax_times: 3 is past the last epoch, 2, of needle.protocols.sgd.cnn"],
        ),
        (
            "needle.protocols.adam.relax_times",
            [7],
            ["needle.protocols.adam.relax_times: 7 is not among needle.relax_times"],
        ),
        ("needle.trace.epochs", [0, 9], ["needle.trace.epochs: 9 is past the last epoch"]),
        ("needle.trace.seed", 5, ["needle.trace.seed: 5 is not among"]),
        ("needle.interpolation.relax_time", 5, ["needle.interpolation.relax_time: 5 is not among"]),
        ("needle.interpolation.string.stiffness", 0.9, ["needle.interpolation.string.stiffness", "0.5"]),
        (
            "needle.protocols.sgd.model.architecture",
            "resnet1",
            ["needle.protocols.sgd.model: no architecture 'resnet1'; anarch/models has alexnet"],
        ),
        ("needle.protocols.sgd.model.architecture", "stack", ["no architecture 'stack'"]),
        (
            "datasets.cluttered_digits.source",
            "imagenette",
            ["datasets.cluttered_digits: there is no source 'imagenette'; there are cifar10"],
        ),
        (
            "needle.protocols.sgd.cnn.precision",
            "fp8",
            ["needle.protocols.sgd.cnn.precision", "'fp8' is not one of"],
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_its_key(path, value, says):
    with pytest.raises(ConfigError) as caught:
        validated(change(read("smoke"), path, value), ROOT)
    message = str(caught.value)
    assert message.startswith("config key ") and "\n" not in message and len(message) < 400
    for words in says:
        assert words in message


def test_the_environment_wins_over_the_data_root():
    assert data_root({"data_root": "data"}, {}) == "data"
    assert data_root({"data_root": "data"}, {"ANARCH_DATA_ROOT": "/images"}) == "/images"


def test_a_data_root_may_begin_at_home_or_hold_a_variable(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("SCRATCH", "/fast")
    assert data_root({"data_root": "~/images"}, {}) == "/home/me/images"
    assert data_root({"data_root": "data"}, {"ANARCH_DATA_ROOT": "$SCRATCH/images"}) == "/fast/images"


def test_a_data_root_that_cannot_be(monkeypatch, tmp_path):
    monkeypatch.delenv("SCRATCH", raising=False)
    file = tmp_path / "images"
    file.touch()
    for folder, environment, says in (
        ("~no-such-user/images", {}, "config key data_root: ~no-such-user/images names a user"),
        (
            "data",
            {"ANARCH_DATA_ROOT": "$SCRATCH/x"},
            "ANARCH_DATA_ROOT: $SCRATCH/x holds a variable",
        ),
        (str(file), {}, f"config key data_root: {file} is a file; a folder is needed"),
    ):
        with pytest.raises(ConfigError) as caught:
            data_root({"data_root": folder}, environment)
        assert says in str(caught.value)


def test_the_paper_scale_holds_the_papers_numbers():
    """needle, Sec. 4: 150 + 100 epochs, 64 channels, batch 250, rates 0.1 and 0.01, nothing else."""
    section = read("paper")["needle"]
    runs = needle.runs(section)
    assert tuple(section["relax_times"]) == log_spaced(150)
    cnn, fcn, efcn = (runs[f"sgd/{name}-s0"] for name in ("cnn", "fcn", "efcn-t13"))
    assert (cnn.recipe.epochs, cnn.recipe.batch_size, cnn.recipe.lr) == (150, 250, 0.1)
    assert (efcn.recipe.epochs, efcn.recipe.batch_size, efcn.recipe.lr) == (100, 250, 0.01)
    assert fcn.recipe == efcn.recipe and fcn.start is None
    assert cnn.model.options == {"channels": 64} and cnn.recipe.momentum == cnn.recipe.weight_decay == 0
    assert efcn.start is not None and (efcn.start.run, efcn.start.epoch) == ("sgd/cnn-s0", 13)
    assert efcn.snapshots == (0, 11, 78)


def test_run_names_tell_what_they_are():
    section = read("smoke")["needle"]
    assert needle.describe("sgd/efcn-t13-s2") == {
        "protocol": "sgd",
        "model": "eFCN",
        "relax_time": 13,
        "seed": 2,
    }
    assert needle.describe("sgd/continued-cnn-t13-s2")["model"] == "continued CNN"
    assert needle.describe("adam/cnn-s0") == {
        "protocol": "adam",
        "model": "CNN",
        "relax_time": None,
        "seed": 0,
    }
    with pytest.raises(ValueError, match="no run of the needle study"):
        needle.describe("sgd/mlp-s0")
    for run in needle.runs(section):
        assert needle.Run(**needle.describe(run)).name == run


def test_the_control_is_the_cnn_trained_on_by_the_recipe_of_the_efcn():
    """Same snapshot, same recipe, same seed, and so the same batches; only the lifting is missing."""
    runs = needle.runs(read("smoke")["needle"])
    for time in (0, 1, 2):
        lifted, control = runs[f"sgd/efcn-t{time}-s1"], runs[f"sgd/continued-cnn-t{time}-s1"]
        assert (control.start, control.recipe, control.seed) == (lifted.start, lifted.recipe, lifted.seed)
        assert control.model == runs["sgd/cnn-s1"].model and control.model.lift == "none"


def test_the_padded_fcn_is_the_fcn_but_for_its_start():
    runs = needle.runs(read("smoke")["needle"])
    assert needle.describe("sgd/padded-fcn-s1")["model"] == "padded FCN"
    plain, padded = runs["sgd/fcn-s1"], runs["sgd/padded-fcn-s1"]
    assert padded.model.padded_start and not plain.model.padded_start
    assert (padded.recipe, padded.seed, padded.dataset) == (plain.recipe, plain.seed, plain.dataset)
    assert "adam/padded-fcn-s0" not in runs


def test_a_new_seed_changes_no_earlier_run():
    section = read("smoke")["needle"]
    more = change({"needle": section}, "needle.protocols.sgd.seeds", [0, 1, 2])["needle"]
    before, after = needle.runs(section), needle.runs(more)
    assert all(after[run] == spec for run, spec in before.items())
    assert {run for run in after if run not in before} == {
        run for run in after if run.startswith("sgd/") and run.endswith("-s2")
    }
