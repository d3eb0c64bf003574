"""The jobs of the embedding study: how many, what they are told, and what a wrong config is told."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from anarch.workflow import embedding, specs
from anarch.workflow.config import ConfigError, validated

ROOT = Path(__file__).parents[2]
SCALES = ("config", "smoke", "cifar", "paper")


def read(scale: str) -> dict:
    return yaml.safe_load((ROOT / "config" / f"{scale}.yaml").read_text())


def section(scale: str) -> dict:
    return read(scale)["embedding"]


@pytest.mark.parametrize("scale", SCALES)
def test_figure_4_needs_widths_1_2_and_3_and_figure_3_iris_twice(scale):
    found = embedding.searches(section(scale))
    assert list(found) == ["line-m1", "line-m2", "line-m3", "iris-m2", "iris_bias-m2"]
    assert [spec["width"] for spec in found.values()] == [1, 2, 3, 2, 2]
    assert [spec["data"] == "iris" for spec in found.values()] == [False] * 3 + [True] * 2
    assert not found["iris-m2"]["output_bias"] and found["iris_bias-m2"]["output_bias"]


def test_the_paper_scale_holds_the_papers_numbers():
    """Width 500 on 50 points (Fig. 1); width 400, 1,000 MNIST images and cosine 0.9 (Fig. 5)."""
    config = read("paper")
    chosen = config["embedding"]
    assert chosen["line"]["points"] == 50 and chosen["descent"]["width"] == 500
    spec = embedding.reductions(chosen)["two_layer-s0"]
    assert (spec["width"], spec["cosine"], spec["dataset"]) == (400, 0.9, "mnist")
    assert config["datasets"]["mnist"] == {
        "source": "mnist",
        "train": 1000,
        "subset": "by_seed",
        "options": {"pad": 0},
    }
    assert chosen["spectra"]["negatives"] == 3


def test_the_number_of_jobs_at_paper_scale():
    """Three small starts and two narrow minima with three seeds each; five wide networks and one CNN."""
    chosen = section("paper")
    assert len(embedding.descents(chosen)) == 3 + 2 * 3
    assert list(embedding.reductions(chosen)) == [*(f"two_layer-s{seed}" for seed in range(5)), "cnn-s0"]
    assert embedding.pictured(chosen) == ["two_layer-s0", "cnn-s0"]


@pytest.mark.parametrize("scale", SCALES)
def test_variances_of_wide_networks_are_the_stated_powers_of_the_width(scale):
    if scale == "smoke":
        return
    chosen = section(scale)
    assert chosen["descent"]["small"]["variance"] == pytest.approx(chosen["descent"]["width"] ** -2)
    for model in embedding.MODELS:
        spec = chosen["reduction"][model]
        assert spec["variance"] == pytest.approx(spec["width"] ** -6.0, rel=0.01)


def test_descents_know_where_they_start():
    found = embedding.descents(section("config"))
    assert found["small-s1"]["start"] == "small" and found["small-s1"]["origin"] is None
    assert found["lifted2-s0"]["origin"] == 2 and "variance" not in found["lifted2-s0"]
    assert all("seeds" not in spec and "origins" not in spec for spec in found.values())


def test_one_text_for_one_spec():
    spec = embedding.reductions(section("smoke"))["cnn-s0"]
    text = specs.canonical(spec)
    assert text == specs.canonical(dict(reversed(spec.items()))) and " " not in text
    assert json.loads(text) == spec
    with pytest.raises(ValueError):
        specs.canonical({"lr": float("nan")})


def test_the_study_has_no_runs_of_the_common_kind():
    assert embedding.runs(section("paper")) == {}
    with pytest.raises(ValueError, match="no run of the embedding study"):
        embedding.describe("line-m1")


def test_a_new_seed_changes_no_earlier_job():
    chosen = section("smoke")
    more = copy.deepcopy(chosen)
    more["reduction"]["cnn"]["seeds"] = [0, 5]
    more["descent"]["small"]["seeds"] = [0, 5]
    for jobs in (embedding.reductions, embedding.descents):
        before, after = jobs(chosen), jobs(more)
        assert all(after[name] == spec for name, spec in before.items())
        assert all(name.endswith("-s5") for name in set(after) - set(before))


@pytest.mark.parametrize(
    "path, value, says",
    [
        ("line.slopes", [1, 2], ["embedding.line.slopes: 2 numbers, but 3 centres"]),
        ("cases.line.starts", [5], ["embedding.cases.line.starts", "of widths 1, 2, 3"]),
        ("cases.iris.activation", "relu", ["embedding.cases.iris.activation", "'relu' is not one of"]),
        ("descent.lifted.origins", [4], ["embedding.descent.lifted.origins"]),
        ("descent.small.step", 4, ["embedding.descent.small", "known keys: lr"]),
        (
            "reduction.cnn.dataset",
            "mnist",
            ["embedding.reduction.cnn.dataset: 'mnist' is not among datasets"],
        ),
        ("reduction.cnn.points", [50], ["embedding.reduction.cnn.points: 50 is no recorded step"]),
        ("reduction.two_layer.marked", 50, ["embedding.reduction.two_layer.marked: 50 is not among points"]),
        ("reduction.two_layer.kernel", 3, ["embedding.reduction.two_layer", "kernel"]),
        ("reduction.two_layer.variance", 0, ["embedding.reduction.two_layer.variance"]),
    ],
)
def test_a_mistake_is_one_line_that_names_its_key(path, value, says):
    config = read("smoke")
    *folders, key = path.split(".")
    at = config["embedding"]
    for folder in folders:
        at = at[folder]
    at[key] = value
    with pytest.raises(ConfigError) as caught:
        validated(config, ROOT)
    message = str(caught.value)
    assert message.startswith("config key ") and "\n" not in message
    for words in says:
        assert words in message
