"""The runs of the bad_minima study: who starts from whom, with which heuristics, and how many."""

from pathlib import Path

import pytest
import yaml

from anarch.training.schedules import learning_rate
from anarch.workflow import bad_minima
from anarch.workflow.config import ConfigError, validated
from anarch.workflow.specs import Corruption, Recipe

ROOT = Path(__file__).parents[2]
SCALES = ("config", "smoke", "cifar", "paper")


def read(scale: str) -> dict:
    return yaml.safe_load((ROOT / "config" / f"{scale}.yaml").read_text())


def section(scale: str) -> dict:
    return read(scale)["bad_minima"]


def test_an_adversarial_run_starts_where_its_own_pretraining_ended():
    """Algorithm 1: same network and seed; vanilla SGD on R copies with random labels, then the true ones."""
    runs = bad_minima.runs(section("paper"))
    first, true = runs["cifar10_resnet18/pretraining-r5-s3"], runs["cifar10_resnet18/sota-r5-s3"]
    assert first.corruption == Corruption(replicas=5, zero_out=0.1, unit="value") and first.start is None
    assert (first.recipe.momentum, first.recipe.weight_decay, first.recipe.augment) == (0, 0, "none")
    assert true.start is not None and true.start.run == "cifar10_resnet18/pretraining-r5-s3"
    assert true.start.epoch is None and true.corruption is None
    assert (first.seed, first.model, first.dataset) == (true.seed, true.model, true.dataset)
    assert runs["cifar10_resnet18/sota-random-s3"].start is None


@pytest.mark.parametrize(
    "mode, augment, decay, momentum",
    [
        ("vanilla", "none", 0, 0),
        ("da", "crop_flip", 0, 0),
        ("l2", "none", 5e-4, 0),
        ("momentum", "none", 0, 0.9),
        ("da+l2", "crop_flip", 5e-4, 0),
        ("da+momentum", "crop_flip", 0, 0.9),
        ("l2+momentum", "none", 5e-4, 0.9),
        ("sota", "crop_flip", 5e-4, 0.9),
    ],
)
def test_the_eight_combinations_at_the_papers_values(mode, augment, decay, momentum):
    """Sec. 3.2 and 3.5: batch 128, 0.1 to epoch 150, 0.01 to 250, 0.001 to 350."""
    recipe = bad_minima.runs(section("paper"))[f"cifar10_resnet18/{mode}-random-s0"].recipe
    assert (recipe.augment, recipe.weight_decay, recipe.momentum) == (augment, decay, momentum)
    assert (recipe.epochs, recipe.batch_size, recipe.lr, recipe.milestones) == (350, 128, 0.1, (150, 250))


def test_cinic_and_imagenet_have_their_own_schedule_and_decay():
    runs = bad_minima.runs(section("paper"))
    cinic, imagenet = (runs[f"{name}_vgg16/sota-r1-s0"].recipe for name in ("cinic10", "imagenet"))
    assert (cinic.epochs, cinic.milestones, cinic.weight_decay) == (300, (150, 225), 1e-4)
    assert (imagenet.epochs, imagenet.milestones, imagenet.weight_decay) == (300, (150, 225), 5e-4)


def test_the_number_of_runs_at_paper_scale():
    """Per seed: 16 setups of 1 + 2 * 2; CIFAR-10's four also R = 2, 5, 10 (1 + 2 each); ResNet18 6 modes."""
    assert len(bad_minima.runs(section("paper"))) == 5 * (16 * 5 + 4 * 3 * 3 + 6 * 2) == 640


@pytest.mark.parametrize("scale", SCALES)
def test_schedules_of_fewer_epochs_are_the_papers_in_proportion(scale):
    for setup in section(scale)["setups"].values():
        if setup["dataset"] in ("cinic10", "restricted_imagenet"):
            continue
        for step in ("pretraining", "training"):
            recipe = setup[step]
            if "milestones" in recipe:
                assert recipe["milestones"] == [round(recipe["epochs"] * m / 350) for m in (150, 250)]


def test_names_read_back():
    chosen = section("smoke")
    for run in bad_minima.runs(chosen):
        facts = bad_minima.describe(run)
        assert facts.pop("init") == ("random" if "-random-" in run or "/pre" in run else "adversarial")
        assert bad_minima.Run(setup=run.split("/")[0], **facts).name == run
    with pytest.raises(ValueError, match="is no run of the bad_minima study"):
        bad_minima.describe("resnet18/adam-random-s0")


def test_what_only_some_setups_sweep():
    """Fig. 4 sweeps R for vanilla and SOTA SGD; the other heuristics have the main R only (Table 2)."""
    names = bad_minima.members(section("paper"), "cifar10_resnet18", 0)
    assert "cifar10_resnet18/sota-r10-s0" in names and "cifar10_resnet18/da-r10-s0" not in names
    assert "cifar10_resnet18/da-r1-s0" in names


def decay(recipe: Recipe, images: int) -> float:
    """weight decay * sum(lr) / (1 - momentum), step by step."""
    steps = -(-images // recipe.batch_size)
    rates = (learning_rate(recipe, e, s, steps) for e in range(recipe.epochs) for s in range(steps))
    return recipe.weight_decay * sum(rates) / (1 - recipe.momentum)


@pytest.mark.parametrize(
    "options",
    [
        {"schedule": "steps", "milestones": (3, 7), "gamma": 0.2},
        {"schedule": "steps", "milestones": (3, 7), "momentum": 0.9},
        {"schedule": "constant", "momentum": 0.5},
        {"schedule": "cosine"},
    ],
)
def test_a_matched_decay_adds_up_to_the_total(options):
    recipe = Recipe(epochs=9, batch_size=20, lr=0.3, **options)
    matched = bad_minima.matched(recipe, 1.7, images=61)
    got = decay(Recipe(epochs=9, batch_size=20, lr=0.3, weight_decay=matched, **options), 61)
    assert got == pytest.approx(1.7, rel=1e-12)


@pytest.mark.parametrize("scale", ["config", "cifar"])
def test_short_trainings_decay_as_much_as_the_papers(scale):
    """5e-4 * 391 * (0.1 * 150 + 0.01 * 100 + 0.001 * 100) = 3.15 over the paper's 350 epochs by l2 alone."""
    printed = bad_minima.runs(section("paper"))["cifar10_resnet18/l2-random-s0"].recipe
    assert decay(printed, 50_000) == pytest.approx(3.1476, abs=1e-3)
    for setup, chosen in section(scale)["setups"].items():
        runs = bad_minima.runs(section(scale))
        for mode in ("l2", "sota"):
            run = runs.get(f"{setup}/{mode}-r5-s0")
            assert run is None or decay(run.recipe, chosen["images"]) == pytest.approx(3.15)
        assert runs[f"{setup}/vanilla-r5-s0"].recipe.weight_decay == 0


@pytest.mark.parametrize("scale", SCALES)
def test_pretraining_and_training_have_one_rate(scale):
    """Sec. 2: one rate for all, random labels and true ones; else distances would compare rates."""
    for setup in section(scale)["setups"].values():
        assert setup["pretraining"]["lr"] == setup["training"]["lr"]


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (None, "bad_minima.setups.resnet18.images: total_decay needs the number of training images"),
        (81, "bad_minima.setups.resnet18.images: 81, but datasets.small_digits.train is 80"),
    ],
)
def test_a_total_decay_needs_the_right_number_of_images(images, says):
    config = read("smoke")
    setup = config["bad_minima"]["setups"]["resnet18"]
    setup["heuristics"]["l2"] = {"total_decay": 1.0}
    setup.pop("images", None)
    if images:
        setup["images"] = images
    with pytest.raises(ConfigError, match=says):
        validated(config, ROOT)


def test_only_the_curves_of_figs_2_and_3_are_looked_at_on_their_way():
    runs = bad_minima.runs(section("config"))
    training = {run: spec.recipe for run, spec in runs.items() if "/pretraining" not in run}
    shown = {run for run, recipe in training.items() if recipe.test_every < recipe.epochs}
    assert {run.split("/")[1].removesuffix("-s0") for run in shown if run.endswith("-s0")} == {
        "vanilla-random", "vanilla-r5", "sota-random", "sota-r5",
    }  # fmt: skip


def test_captions_tell_images_architecture_channels_and_r():
    assert bad_minima.about(read("config")) == (
        "small_digits (300 images of 16 x 16); ResNet18 (4 channels); R = 5; laptop scale"
    )
    assert bad_minima.about(read("paper")) == (
        "cifar10 (50,000 images of 32 x 32), cifar100 (50,000 images of 32 x 32), "
        "cinic10 (90,000 images of 32 x 32), restricted_imagenet (257,748 images of 32 x 32); "
        "ResNet18, ResNet50, VGG16, DenseNet40; R = 1; paper scale"
    )
