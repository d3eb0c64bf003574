"""What no run could do is one line that names its key: values that a schema alone lets pass."""

import copy
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from anarch.training.optimisers import OPTIMISERS, make_optimiser
from anarch.workflow.config import ConfigError, validated
from anarch.workflow.specs import DataSpec, Model, Recipe, RunSpec
from anarch.workflow.validation.recipes import OF_OPTIMISERS, TAKES
from anarch.workflow.validation.runs import check_runs
from anarch.workflow.without_torch import WithoutTorch

ROOT = Path(__file__).parents[2]
SMOKE = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text(encoding="utf-8"))
PAPER = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text(encoding="utf-8"))


def changed(config: dict, changes: dict[str, object]) -> dict:
    """``config`` with new values at dotted paths, of which none is also elsewhere, as aliases are."""
    config = plain(config)
    for path, value in changes.items():
        *folders, name = path.split(".")
        at = config
        for folder in folders:
            at = at[folder]
        at[name] = value
    return config


def plain(value):
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    return copy.copy(value)


def refused(config: dict) -> str:
    with pytest.raises(ConfigError) as caught:
        validated(config, ROOT)
    message = str(caught.value)
    assert message.startswith("config key ") and "\n" not in message and len(message) < 420
    return message.removeprefix("config key ")


CNN, ADAM, RINGS = "needle.protocols.sgd.cnn", "needle.protocols.adam.cnn", "blessing.rings"
SMALL, SETUP = "datasets.small_digits", "bad_minima.setups.resnet18"
MODEL, METHODS = "needle.protocols.sgd.model", "blessing.optimisers.methods"
TASK, SWISSROLL = "scratch.tasks.digits", "blessing.swissroll.networks"


@pytest.mark.parametrize(
    "path, value, says",
    [
        # Numbers and names, wherever they stand.
        (f"{CNN}.lr", math.nan, "must be a finite number, got nan"),
        (f"{RINGS}.descent.lr", math.inf, "must be a finite number, got inf"),
        ("embedding.line.centres", [1.0, -math.inf, 2.0], "centres.1: must be a finite number, got -inf"),
        (f"{SMALL}.options.noise", math.nan, "must be a finite number, got nan"),
        (f"{CNN}.lr", "1e-3", "'1e-3' (text: in YAML a number with an e has a point too, as in 1.0e-3)"),
        (f"{SMALL}.options.noise", True, "must be a number, got True"),
        (f"{CNN}.epochs", 2.0, "2.0 is not of type 'integer'"),
        ("needle.protocols.sgd.seeds", [0.0], "seeds.0: 0.0 is not of type 'integer'"),
        ("needle.protocols.sgd.seeds", [], "[] should be non-empty"),
        ("datasets", {**SMOKE["datasets"], 7: {"source": "digits"}}, "datasets: the key 7 is no text"),
        ("data_root", "", "'' should be non-empty"),
        # Datasets.
        ("datasets.digits.train", 100_000, "digits has 1000 images there, 100000 are wanted"),
        ("datasets.digits.test", 798, "digits has 797 images there, 798 are wanted"),
        ("datasets.digits.extra", 1, "digits has 0 images there, 1 are wanted"),
        (
            "datasets.digits",
            {"source": "digits", "subset": "by_seed"},
            "and train keeps all of digits; say how many",
        ),
        ("datasets.digits.side", 3, "must divide the 8 pixels of digits, got 3"),
        ("datasets.digits.path", "mine", "digits reads no file, got 'mine'"),
        ("datasets.digits", {"source": "npz"}, "npz: `path` is empty"),
        ("datasets.digits", {"source": "npz", "path": "~/x.npz"}, "path: is below data_root, got '~/x.npz'"),
        (
            "datasets.digits",
            {"source": "svhn", "options": {"extra": 1}},
            "extra: must be true or false, got 1",
        ),
        (f"{SMALL}.path", "mine", "cluttered_digits reads no file"),
        # Networks.
        (f"{MODEL}.options.channels", 2.5, "must be a whole number, got 2.5"),
        ("needle.protocols.alexnet.model.options.dropout", 1, "must be 0 or more and below 1, got 1"),
        # Recipes.
        (f"{SETUP}.training.milestones", [2, 1], "[2, 1] must rise"),
        (f"{SETUP}.training.gamma", 0, "0 is less than or equal to the minimum of 0"),
        (f"{CNN}.milestones", [1], "has no effect: it is of schedule steps, and this one is constant"),
        (f"{CNN}.gamma", 0.5, "has no effect: it is of schedule steps"),
        (f"{CNN}.check_every", 2, "has no effect: it is of an early stop, and stop_at is not given"),
        (f"{CNN}.sigma", 0.1, "sgd does not take it; it takes momentum, nesterov, weight_decay"),
        (f"{CNN}.nesterov", True, "needs a momentum above 0"),
        (f"{CNN}.stop_at", 0.5, "a training that stops early would not reach epoch 2"),
        (f"{ADAM}.momentum", 0.9, "has no effect: adam does not take it; it takes weight_decay"),
        (f"{ADAM}.optimiser", "sgd", "must be adam, got sgd"),
        (f"{SETUP}.pretraining.check_every", 4, "4 is past the last epoch, 3: training would never stop"),
        (f"{METHODS}.lbfgs.weight_decay", 0.1, "has no effect: lbfgs does not take it; it takes none of"),
        (f"{METHODS}.proxprop.l1_fc", 0.1, "has no effect: proxprop does not take it"),
        (f"{METHODS}.evolution", {"optimiser": "evolution", "lr": 1}, "evolution needs sigma and pairs"),
        (f"{METHODS}.adam", {"lr": 0.01}, "adam.optimiser: must be adam, got sgd"),
        (f"{METHODS}.sgd", {"lr": 0.1, "momentum": 0.9}, "sgd.momentum: must be 0, got 0.9"),
        (f"{METHODS}.sgd_momentum", {"lr": 0.1}, "sgd_momentum.momentum: must be given"),
        (f"{METHODS}.nesterov", {"lr": 0.1, "momentum": 0.9}, "nesterov.nesterov: must be true"),
        (f"{METHODS}.adam.batch_size", 0, "0 is less than the minimum of 1"),
        ("blessing.optimisers.recipe.epochs", "two", "'two' is not of type 'integer'"),
        ("blessing.minefield.good.schedule", "steps", "steps needs milestones, after which the rate falls"),
        (f"{RINGS}.descent.gamma", 0.5, "has no effect: it is of schedule steps, and this one is constant"),
        # Recipes and datasets.
        (f"{CNN}.batch_size", 201, "201 is more than the 200 training images of cluttered_digits"),
        (f"{SETUP}.pretraining.batch_size", 161, "161 is more than the 2 copies of the 80 training images"),
        (f"{SETUP}.training.batch_size", 79, "79 leaves a batch of one image of the 80 training images"),
        (f"{TASK}.training.batch_size", 59, "and batch norm, which s_conv has, needs two"),
        ("blessing.optimisers.recipe.batch_size", 1, "1 leaves a batch of one image"),
        ("blessing.poisoned.digits.dataset", "small_digits", "'small_digits' has no images to poison with"),
        # What a section says of its own.
        ("needle.filter.channel", 2, "2 is none of the first layer's, 0 to 1"),
        ("needle.filter.position", [1, 17], "[1, 17] lies outside the first layer's map, 17 x 17"),
        ("needle.hessian.images", 201, "201 is more than the 200 training images of cluttered_digits"),
        ("needle.interpolation.images", 201, "201 is more than the 200 training images"),
        ("embedding.descent.small.record_every", 301, "301 is past the last step, 300"),
        (f"{TASK}.lasso.conv", [0.12345678], "has at most six digits and is below a million, got 0.123"),
        (f"{TASK}.lasso.sweep", [10_000_000], "is below a million, got 10000000"),
        ("blessing.swissroll.basins.points", 41, "41 is more than the 40 training images"),
        ("blessing.poisoned.digits.basins.points", 81, "81 is more than the 80 training images of poison"),
        (f"{RINGS}.pinched", 0.2, "0.2 is not below wide, 0.2"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_key(path, value, says):
    message = refused(changed(SMOKE, {path: value}))
    assert message.startswith(path) and says in message


MLP = {"architecture": "mlp", "options": {"hidden": 5}}
STEPS = {"steps": 9, "lr": 1, "schedule": "steps", "milestones": [9]}
LASSO = {"epochs": 2, "batch_size": 50, "lr": 0.1, "optimiser": "beta_lasso", "beta": 9}


@pytest.mark.parametrize(
    "path, value, says",
    [
        (
            "datasets.digits.held_out",
            901,
            "datasets.digits.train: digits has 1000 images there, 100 and 901 held",
        ),
        (f"{SMALL}.side", 8, f"{SMALL}: cluttered_digits is generated in any size: say so in its options"),
        (f"{SMALL}.test", 0, f"{SMALL}: cluttered_digits is generated in any size: `test` must be 1 or"),
        (f"{SMALL}.held_out", 3, f"{SMALL}: cluttered_digits: `held_out` takes images out of the train"),
        (f"{SMALL}.options.canvas", 3, f"{SMALL}: cluttered_digits: option `scale` must be at most 3, or"),
        (f"{SMALL}.options.canvs", 3, f"{SMALL}: cluttered_digits has no option `canvs`; it has canvas,"),
        (f"{MODEL}.options.chanels", 3, f"{MODEL}: vanilla_cnn has no option 'chanels'; it has channels"),
        (f"{MODEL}.options.channels", 0, f"{MODEL}: channels must be 1 or more, got 0"),
        (f"{MODEL}.options.classes", 3, f"{MODEL}: multiple values for argument 'classes'"),
        (
            "blessing.models.network.model",
            MLP,
            "blessing.models.network.model.options.hidden: must be a list",
        ),
        ("blessing.optimisers.model.options.depth", 12, "blessing.optimisers.model: depth of a VGG must be"),
        (
            "needle.protocols.alexnet.dataset",
            "small_digits",
            "needle.protocols.alexnet.model: an input of shape (1, 16, 16) is too small: its map vanishes",
        ),
        ("embedding.reduction.cnn.kernel", 9, "embedding.reduction.cnn: a kernel of 9, stride 1 and pools"),
        (f"{SETUP}.training.milestones", [], f"{SETUP}.training.schedule: steps needs milestones"),
        (
            f"{SETUP}.training.optimiser",
            "adam",
            f"{SETUP}.heuristics.momentum.momentum: has no effect: adam does not take it",
        ),
        (
            "needle.protocols.sgd.relaxed",
            LASSO,
            "needle.protocols.sgd.relaxed.beta: is in units of l1_conv and l1_fc, and both are 0",
        ),
        (f"{SWISSROLL}.good", STEPS, f"{SWISSROLL}.good.milestones: 9 is not before the last step, 9"),
    ],
)
def test_a_mistake_may_lie_in_another_key_or_between_two(path, value, says):
    assert refused(changed(SMOKE, {path: value})).startswith(says)


def test_a_training_set_whose_size_is_published():
    assert "cifar10 has 50000 images there, 50000 and 1 held out are wanted" in refused(
        changed(PAPER, {"datasets.cifar10": {"source": "cifar10", "train": 50_000, "held_out": 1}})
    )
    assert "scratch.tasks.svhn.images: 68256, but svhn_held_out has" in refused(
        changed(PAPER, {"scratch.tasks.svhn.images": 68_256, "datasets.svhn_held_out.train": 0,
                        "datasets.svhn_permuted.train": 0})
    )  # fmt: skip


def test_what_only_a_users_file_can_tell_is_not_refused():
    """A file may hold more images, and larger ones, than any published set."""
    mine = {"source": "npz", "path": "mine.npz"}
    large = {"datasets.cluttered_digits": mine, f"{CNN}.batch_size": 10**6, "needle.filter.channel": 1}
    assert validated(changed(SMOKE, large), ROOT)
    told = changed(SMOKE, {**large, "datasets.cluttered_digits": {**mine, "train": 10**6 - 1}})
    assert "is more than the 999999 training images of cluttered_digits" in refused(told)


def test_an_option_that_some_runs_use_is_none_without_effect():
    """Milestones that all methods share stand beside one method of constant rate."""
    shared = {"epochs": 3, "batch_size": 40, "schedule": "steps", "milestones": [1]}
    assert validated(
        changed(SMOKE, {"blessing.optimisers.recipe": shared, f"{METHODS}.lbfgs.schedule": "constant"}), ROOT
    )
    assert validated(changed(SMOKE, {f"{SETUP}.training.nesterov": False, f"{CNN}.gamma": 0.1}), ROOT)


def test_a_study_that_is_not_listed_is_checked_alike():
    """As docs/EXTENDING.md adds one."""
    sound = RunSpec(
        dataset="digits",
        model=Model(architecture="mlp"),
        recipe=Recipe(epochs=1, batch_size=1000, lr=0.1),
        seed=0,
    )
    small = replace(sound, model=Model(architecture="mlp", options={"hidden": [0]}))
    large = replace(sound, recipe=Recipe(epochs=1, batch_size=1001, lr=0.1))

    def check(spec: RunSpec) -> None:
        check_runs({}, {"widths": {"w-s0": spec}}, {"digits": DataSpec(source="digits")}, WithoutTorch(ROOT))

    check(sound)
    with pytest.raises(ValueError, match=r"^widths: hidden must be 1 or more, got 0"):
        check(small)
    with pytest.raises(ValueError, match=r"^widths\.recipe\.batch_size: 1001 is more than the 1000"):
        check(large)


def test_a_last_batch_of_one_is_no_matter_without_batch_norm():
    assert validated(changed(SMOKE, {f"{CNN}.batch_size": 199}), ROOT)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_an_optimiser_takes_what_is_said_that_it_takes(optimiser):
    """Its groups differ by what it takes, and by nothing else."""
    given = {
        "momentum": 0.5, "weight_decay": 0.25, "l1_conv": 0.125, "l1_fc": 0.75, "beta": 3.0, "rho": 0.5,
        "sigma": 0.5, "pairs": 3, "nesterov": True, "optimiser_options": {"betas": [0.5, 0.5]},
    }  # fmt: skip
    assert set(given) == set(OF_OPTIMISERS)

    def settings(**options: object) -> str:
        model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.Flatten(), torch.nn.Linear(1, 1))
        # SGD is of another class without momentum and decay, which nesterov needs.
        base = {"momentum": 0.125} if optimiser == "sgd" else {}
        recipe = Recipe(epochs=1, batch_size=1, lr=0.1, optimiser=optimiser, **{**base, **options})
        made = make_optimiser(model, recipe, 0)
        return str([{k: v for k, v in group.items() if k != "params"} for group in made.param_groups])

    taken = {name for name, value in given.items() if settings(**{name: value}) != settings()}
    assert taken == set(TAKES[optimiser])
