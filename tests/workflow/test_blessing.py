"""The runs and toy jobs of the blessing study: what is poisoned with what, how many, and what is refused."""

import copy
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from anarch.workflow import blessing
from anarch.workflow.blessing_toys import Descending, Swissroll, shape
from anarch.workflow.config import ConfigError, validated
from anarch.workflow.specs import Poison, canonical_json, parse, plain

ROOT = Path(__file__).parents[2]
SCALES = ("config", "smoke", "cifar", "paper")


def config(scale: str) -> dict:
    return yaml.safe_load((ROOT / "config" / f"{scale}.yaml").read_text())


def section(scale: str) -> dict:
    return config(scale)["blessing"]


def test_the_good_run_has_no_poison_and_the_others_the_authors_batch():
    """167 images a step for all, and 89 extra ones for poisoned: beta = 89 / 256 for equal weights."""
    runs = blessing.runs(section("paper"))
    good, bad = (runs[f"poisoned/svhn/beta{beta}-s3"] for beta in ("0", "0.348"))
    assert good.poison is None and good.recipe == bad.recipe and good.recipe.batch_size == 167
    assert bad.poison == Poison(beta=0.348, batch_size=89)
    assert bad.poison.beta == pytest.approx(89 / 256, abs=5e-4)
    assert good.recipe.milestones == tuple(round(256 * part) for part in (0.4, 0.6, 0.8))
    assert (good.seed, good.model, good.dataset) == (bad.seed, bad.model, bad.dataset)


def test_the_eleven_gradient_methods_and_two_others_at_the_authors_rates():
    runs = blessing.runs(section("paper"))
    methods = {run.split("/")[1]: spec.recipe for run, spec in runs.items() if run.startswith("optimisers/")}
    rates = {
        "sgd_momentum": 0.01, "sgd": 0.05, "nesterov": 0.01, "adam": 0.01, "adadelta": 5, "adagrad": 0.025,
        "adamax": 5e-4, "asgd": 0.1, "rmsprop": 5e-4, "amsgrad": 5e-4, "lbfgs": 0.9, "proxprop": 1e-3,
    }  # fmt: skip
    assert {name: methods[f"{name}-s0"].lr for name in rates} == rates
    assert {run.rpartition("-s")[0] for run in methods} == {*rates, "evolution"} == set(blessing.METHODS)
    assert methods["nesterov-s0"].nesterov and methods["adadelta-s0"].rho == 0.5
    assert {(r.epochs, r.batch_size, r.milestones) for r in methods.values()} == {(150, 128, (50, 100))}


def test_the_number_of_runs_at_paper_scale():
    """SVHN: 4 seeds of 4 betas; 3 models and 13 optimisers of 3 seeds each."""
    assert len(blessing.runs(section("paper"))) == 4 * 4 + 3 * 3 + 13 * 3 == 64


def test_the_toys_of_the_paper_scale_are_the_authors():
    roll, mines = (blessing.toy(section("paper"), name) for name in ("swissroll", "minefield"))
    widths = (2, *roll.hidden, 1)
    assert sum((a + 1) * b for a, b in pairwise(widths)) == 3614
    assert len(roll.seeds) == 10 and roll.good.lr == 0.012548 and roll.good.clip_norm == 8
    assert len(range(0, mines.good.steps, mines.every)) == 200
    assert mines.beta == pytest.approx(mines.extra / (mines.extra + mines.train), abs=5e-3)


@pytest.mark.parametrize("scale", SCALES)
def test_every_run_is_in_one_history_and_reads_back(scale):
    chosen = section(scale)
    collected = [run for batch in blessing.batches(chosen) for run in blessing.batch_runs(chosen, batch)]
    assert sorted(collected) == sorted(blessing.runs(chosen))
    for run in collected:
        facts = blessing.describe(run)
        assert facts.pop("label", None) == (blessing.METHODS[facts["method"]] if "opt" in run else None)
        assert blessing.Run(**facts).name == run


@pytest.mark.parametrize(
    "run", ["poisoned/svhn/gamma0-s0", "optimisers/adamw-s0", "models/forest-s0", "svhn/beta0-s0"]
)
def test_other_names_are_refused(run):
    with pytest.raises(ValueError, match="is no run of the blessing study"):
        blessing.describe(run)


def test_a_model_has_its_own_label_in_the_history():
    chosen = section("paper")
    labels = {batch: blessing.batch_columns(chosen, batch)[1] for batch in blessing.batches(chosen)}
    assert labels["large_network"] == "label=ResNet-18" and labels["network"] == "label=ResNet-20-v2"
    assert labels["svhn"] == "label=ResNet-20-v2" and labels["linear"] == f"label={blessing.LINEAR}"
    assert blessing.describe("optimisers/lbfgs-s0")["label"] == "L-BFGS"


def test_a_toy_spec_reads_back_and_equal_numbers_are_spelt_alike():
    spec = blessing.toy(section("config"), "swissroll")
    assert parse(Swissroll, plain(spec)) == spec
    whole, broken = (parse(Descending, {"steps": 3, "lr": lr}) for lr in (1, 1.0))
    assert canonical_json(whole) == canonical_json(broken) == '{"lr":1.0,"steps":3}'
    assert shape((48, 48)) == "48x2" and shape((23, 16)) == "23-16"


@pytest.mark.parametrize(
    "path, value, says",
    [
        ("swissroll.networks.betas", [0.1, 0.2], "blessing.swissroll: betas must hold 0, the good minimum"),
        ("swissroll.networks.betas", [0, 0.12345678], "at most six digits, got 0.12345678"),
        ("swissroll.networks.betas", [0, 2], "2 is greater than the maximum of 1"),
        ("swissroll.networks.good.rate", 1, "known keys: clip_norm"),
        ("swissroll.basins.main", 0.2, "blessing.swissroll.basins.main: 0.2 is not among its cutoffs"),
        ("minefield.every", 999, "blessing.minefield.every: 999 is past the last epoch, 120"),
        ("rings.pinched", 0.7, "blessing.rings.pinched"),
        ("poisoned.digits.dataset", "imagenet", "blessing.poisoned.digits.dataset: 'imagenet' is not among"),
        ("poisoned.digits.recipe.lr", "fast", "blessing.poisoned.digits.recipe.lr"),
        ("models.dataset", "imagenet", "blessing.models.dataset: 'imagenet' is not among"),
        ("optimisers.methods.adamw", {"lr": 1}, "blessing.optimisers.methods"),
        (
            "optimisers.recipe.speed",
            1,
            "blessing.optimisers.recipe: 'speed' was unexpected; known keys:",
        ),
        ("poisoned.digits.model.architecture", "resnet1", "blessing.poisoned.digits.model: no architecture"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_key(path, value, says):
    changed = copy.deepcopy(config("smoke"))
    at = changed["blessing"]
    *folders, key = path.split(".")
    for folder in folders:
        at = at[folder]
    at[key] = value
    with pytest.raises(ConfigError) as caught:
        validated(changed, ROOT)
    message = str(caught.value)
    assert message.startswith("config key ") and says in message and "\n" not in message


def test_an_image_set_takes_no_name_that_another_table_has():
    changed = copy.deepcopy(config("smoke"))
    sets = changed["blessing"]["poisoned"]
    sets["swissroll"] = sets["digits"]
    with pytest.raises(ConfigError, match=r"blessing\.poisoned\.swissroll: the name is taken"):
        validated(changed, ROOT)
