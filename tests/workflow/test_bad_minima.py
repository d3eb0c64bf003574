"""The runs of the bad_minima study: who starts from whom, with which heuristics, and how many."""

from pathlib import Path

import pytest
import yaml

from anarch.workflow import bad_minima
from anarch.workflow.specs import Corruption

ROOT = Path(__file__).parents[2]
SCALES = ("config", "smoke", "cifar", "paper")


def section(scale: str) -> dict:
    return yaml.safe_load((ROOT / "config" / f"{scale}.yaml").read_text())["bad_minima"]


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
