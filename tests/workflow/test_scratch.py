"""The runs of the scratch study: grids, names, penalties from totals, and how many there are."""

import copy
import math
from pathlib import Path

import pytest
import yaml

from anarch.training.schedules import learning_rate
from anarch.workflow import scratch
from anarch.workflow.config import ConfigError, validated
from anarch.workflow.scratch_counts import three_fc, weights
from anarch.workflow.scratch_grid import NETWORKS, Experiment, choices, run_name
from anarch.workflow.specs import RunSpec

ROOT = Path(__file__).parents[2]
SCALES = ("config", "smoke", "cifar", "paper")


def read(scale: str) -> dict:
    return yaml.safe_load((ROOT / "config" / f"{scale}.yaml").read_text())


def section(scale: str) -> dict:
    return read(scale)["scratch"]


def sum_of_rates(spec: RunSpec, images: int) -> float:
    """Step by step, as the loop takes them."""
    recipe, steps = spec.recipe, math.ceil(images / spec.recipe.batch_size)
    return sum(
        learning_rate(recipe, epoch, step, steps) for epoch in range(recipe.epochs) for step in range(steps)
    )


@pytest.mark.parametrize("scale", ["config", "cifar", "smoke"])
def test_the_optimiser_gets_the_total_shrink_and_the_threshold_of_the_config(scale):
    """Lambda = lambda * sum of the rates that the loop really uses; tau = beta * lambda (ORIGINAL 2.4)."""
    for task in section(scale)["tasks"].values():
        for experiment in scratch.families(task).get("shrink", ()):
            ((_, spec),) = scratch.specs_of(
                "x", {**task, "seeds": [0]}, section(scale)["norms"], [experiment]
            )
            recipe, main = spec.recipe, task["lasso"]["main"]
            shrink = experiment.shrinks[0][0]
            rates = sum_of_rates(spec, task["images"])
            assert recipe.l1_conv * rates == pytest.approx(shrink, rel=1e-9)
            assert recipe.l1_fc == recipe.l1_conv
            tau = main["threshold"] * shrink / main["shrink"]
            assert recipe.beta * recipe.l1_conv == pytest.approx(tau, rel=1e-9)


def test_the_rows_of_table_2_share_lambda_and_differ_in_beta_alone():
    runs = scratch.runs(section("cifar"))
    rows = [runs[f"cifar10/s_fc-10-lasso+c0.2+f0.05+b{beta}-e36-s1"].recipe for beta in (0, 1, 50)]
    assert len({(row.l1_conv, row.l1_fc, row.lr, row.epochs) for row in rows}) == 1
    assert rows[0].lr == section("cifar")["tasks"]["cifar10"]["lasso"]["lr"]
    assert rows[0].beta == 0 and rows[2].beta == pytest.approx(50 * rows[1].beta)


@pytest.mark.parametrize("scale, task", [("config", "digits"), ("cifar", "cifar10"), ("cifar", "cifar10_32")])
def test_lambda_and_tau_are_those_of_the_papers_4000_epochs(scale, task):
    """45,000 images in batches of 512, cosine from 0.1, lambda = 1e-5, beta = 50: 0.176; of 50,000: 0.196."""
    main = section(scale)["tasks"][task]["lasso"]["main"]
    rates = [sum(0.05 * (1 + math.cos(math.pi * t / n)) for t in range(n)) for n in (4000 * 88, 4000 * 98)]
    assert 1e-5 * rates[0] < main["shrink"] < 1.05 * 1e-5 * rates[1]
    assert main["threshold"] == 50 * 1e-5


def test_the_paper_scale_has_lambda_and_beta_as_printed():
    """App. A.2: lr 0.1, batch 512, cosine; lambdas of both groups apart, no momentum; beta 50 (and 0, 1)."""
    runs = scratch.runs(section("paper"))
    recipe = runs["svhn/s_fc-150-lasso+c2e-05+f1e-06+b50-e4000-s0"].recipe
    assert (recipe.l1_conv, recipe.l1_fc, recipe.beta, recipe.momentum) == (2e-5, 1e-6, 50, 0)
    assert (recipe.lr, recipe.batch_size, recipe.schedule, recipe.epochs) == (0.1, 512, "cosine", 4000)
    assert runs["cifar10/s_fc-150-lasso+c1e-05+f1e-05+b1-e4000-s0"].recipe.beta == 1
    sgd = runs["cifar100/s_local-150-sgd+m0.9+w0.0005+d0.5-e400-s0"]
    assert (sgd.recipe.momentum, sgd.recipe.weight_decay, sgd.model.options["dropout"]) == (0.9, 5e-4, 0.5)
    assert sgd.model.lift == "locally_connected" and sgd.recipe.augment == "crop_flip"
    assert runs["svhn/s_local-150-sgd-e400-s0"].recipe.augment == "crop"


def test_the_number_of_runs_at_paper_scale():
    """Three datasets, one seed.  Grids: SGD 2 x 5 x 2, beta-LASSO 5 x 5 x 2; dropout is in both.

    - sweep: four networks at 5 widths
    - table 1: seven networks at 400 and 4000 epochs
    - table 2 adds S-FC by beta-LASSO, 3 rows; Fig. 3 adds nothing but what is in it
    - kernels: 4 sizes by both; permuted: 3 networks by SGD, and one strength of beta-LASSO on both sides
    """
    sgd, lasso = 2 * 5 * 2, 5 * 5 * 2
    sweep, table1, table2 = 4 * 5 * sgd, 2 * 7 * sgd, 3 * lasso
    kernels, permuted = 4 * (sgd + lasso), 3 * sgd + 2 * 2  # at 400 epochs, so on intact pixels too
    # Kernels of ResNet18 at 64 channels: not among the sweep's widths.  Alphas of table 1 neither.
    assert len(scratch.runs(section("paper"))) == 3 * (sweep + table1 + table2 + kernels + permuted) == 3522


@pytest.mark.parametrize("scale", ["config", "cifar"])
def test_both_sides_of_a_comparison_choose_among_as_many_points(scale):
    for task in section(scale)["tasks"].values():
        for family, experiments in scratch.families(task).items():
            if family != "filters":  # pictures of what other families chose
                assert len({len(choices(experiment, task)) for experiment in experiments}) == 1, family


def test_the_grid_has_more_penalty_on_convolutions_than_on_others_and_its_mirror():
    grid = section("config")["tasks"]["digits"]["lasso"]
    assert grid["conv"] == grid["fc"] and len(grid["conv"]) == 2


@pytest.mark.parametrize("scale", SCALES)
def test_the_lambda_sweep_shares_its_runs_with_table_2(scale):
    """At equal lambdas of both groups; a value of the sweep that is not in the grid is a run of its own."""
    for name, task in section(scale)["tasks"].items():
        found = {
            family: {
                run
                for e in experiments
                for runs in scratch.candidates(name, task, e).values()
                for run in runs
            }
            for family, experiments in scratch.families(task).items()
        }
        shared = set(task["lasso"]["sweep"]) & set(task["lasso"]["conv"]) & set(task["lasso"]["fc"])
        of_each = len(task["seeds"]) * len(task["lasso"]["dropout"])
        if "table2" in found:
            assert len(found["shrink"] & found["table2"]) == len(shared) * of_each
            assert found["bound"] <= found["table2"]


@pytest.mark.parametrize("scale", SCALES)
def test_names_read_back_and_batches_hold_each_run_once(scale):
    chosen = section(scale)
    runs = scratch.runs(chosen)
    for run, spec in runs.items():
        told = scratch.describe(run)
        assert (told["seed"], told["epochs"]) == (spec.seed, spec.recipe.epochs)
        assert (told["method"] == "beta-LASSO") == (spec.recipe.optimiser == "beta_lasso")
        assert (told["pixels"] == "permuted") == (spec.dataset == chosen["tasks"][told["task"]]["permuted"])
    batches = scratch.batches(chosen)
    assert sorted(run for batch in batches.values() for run in batch) == sorted(runs)


@pytest.mark.parametrize(
    "run", ["digits/s_fc-8-adam-e30-s0", "digits/t_fc-8-sgd-e30-s0", "s_fc-8-sgd-e30-s0"]
)
def test_a_name_of_no_run_is_refused(run):
    with pytest.raises(ValueError, match="is no run of the scratch study"):
        scratch.describe(run)


def test_names_differ_wherever_specs_do():
    """No two specs of one name: each run is reached from several families and must mean the same there."""
    for scale in SCALES:
        chosen, seen = section(scale), {}
        for name, task in chosen["tasks"].items():
            for experiments in scratch.families(task).values():
                for run, spec in scratch.specs_of(name, task, chosen["norms"], experiments):
                    assert seen.setdefault(run, spec) == spec


def test_counterparts_differ_in_connectivity_and_batch_norm_alone():
    runs = scratch.runs(section("config"))
    conv, local, fc = (runs[f"digits/s_{kind}-12-sgd+m0.9-e30-s0"] for kind in ("conv", "local", "fc"))
    assert conv.recipe == local.recipe == fc.recipe and conv.dataset == fc.dataset
    assert [spec.model.architecture for spec in (conv, local, fc)] == ["s_conv"] * 3
    assert [spec.model.lift for spec in (conv, local, fc)] == ["none", "locally_connected", "fully_connected"]
    assert [spec.model.options["norm"] for spec in (conv, local, fc)] == ["channel", "unit", "unit"]


def test_permuted_runs_are_those_of_the_intact_images_but_for_their_dataset():
    chosen = section("config")
    chosen["tasks"]["digits"]["training"]["augment"] = "crop"
    runs = scratch.runs(chosen)
    for name in ("s_conv-12-sgd+m0.9+w0.005", "s_fc-12-lasso+c0.2+f0.05+b50"):
        intact, permuted = (runs[f"digits/{name}-e30{pixels}-s0"] for pixels in ("", "-permuted"))
        assert (intact.dataset, permuted.dataset) == ("tiny_digits", "tiny_digits_permuted")
        assert intact.recipe == permuted.recipe and permuted.recipe.augment == "crop"


def test_every_network_has_the_same_grid_dropout_too():
    """App. A.2: "for all models, we tried both adding dropout [...] and not"."""
    chosen = section("paper")
    task = chosen["tasks"]["cifar10"]
    for network in NETWORKS:
        points = choices(Experiment(network, 64, 400), task)
        assert len(points) == 20 and {point["dropout"] for point in points} == {0, 0.5}
        one = Experiment(network, 64, 400, kernel=3)
        specs = dict(scratch.specs_of("x", {**task, "seeds": [0]}, chosen["norms"], [one]))
        assert [spec.model.options.get("dropout", 0) for spec in specs.values()].count(0.5) == 10


def test_a_family_may_have_a_grid_of_its_own():
    task = section("config")["tasks"]["digits"]
    assert len(choices(Experiment("s_fc", 8, 30), task)) == 4
    assert [c["momentum"] for c in choices(Experiment("s_fc", 8, 30, grid="sweep"), task)] == [0.9]
    assert len(choices(Experiment("s_fc", 8, 30, grid="table2"), task)) == 4  # it has none, so the default


def test_a_task_has_a_part_in_its_families_alone():
    tasks = section("cifar")["tasks"]
    assert list(scratch.families(tasks["cifar10_32"])) == ["table1"]
    assert "table1" not in scratch.families(tasks["cifar10"])
    assert not [run for run in scratch.members(section("cifar"), "filters") if run.startswith("cifar10_32/")]


@pytest.mark.parametrize(
    "scale, task, shape",
    [("config", "digits", (1, 16, 16)), ("cifar", "cifar10_32", (3, 32, 32)), ("paper", "svhn", (3, 32, 32))],
)
def test_the_fully_connected_networks_of_table_1_are_of_one_size(scale, task, shape):
    """Sec. 2.2: "roughly 256 million" weights each, of which D-FC at alpha = 15 has 282."""
    width = section(scale)["tasks"][task]["width"]
    sizes = [
        three_fc(width["fc3"], input_shape=shape),
        *(
            sum(weights(network, "fc", width[size], input_shape=shape).values())
            for network, size in (("s_conv", "shallow"), ("d_conv", "deep"))
        ),
    ]
    assert max(sizes) < 1.12 * min(sizes)


def test_of_what_was_chosen_alone_there_are_runs():
    task = section("config")["tasks"]["digits"]
    experiment = Experiment("s_fc", 12, 30)
    task["chosen"] = ["s_fc-12-sgd+w0.005-e30", "s_fc-12-sgd-e400", "s_conv-12-sgd+m0.9-e30"]
    assert choices(experiment, task) == [{"momentum": 0, "weight_decay": 0.005, "dropout": 0}]
    assert len(choices(experiment._replace(network="s_local"), task)) == 4  # nothing was chosen of it


def test_zeros_are_left_out_of_the_names_of_sgd_and_kept_in_those_of_the_penalties():
    told = {"momentum": 0, "weight_decay": 1e-4, "dropout": 0}
    assert run_name("x", Experiment("s_conv", 8, 30), told, 3) == "x/s_conv-8-sgd+w0.0001-e30-s3"
    told = {"conv": 0.5, "fc": 1e-6, "beta": 0, "dropout": 0.5}
    named = run_name("x", Experiment("resnet18", 4, 9, kernel=5, beta=0, pixels="permuted"), told, 0)
    assert named == "x/resnet18-4k5-lasso+c0.5+f1e-06+b0+d0.5-e9-permuted-s0"
    assert scratch.describe(named) == {
        "task": "x", "network": "ResNet18", "width": 4, "kernel": 5, "method": "beta-LASSO", "beta": 0,
        "epochs": 9, "pixels": "permuted", "seed": 0, "choice": "lasso+c0.5+f1e-06+b0+d0.5",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path, value, says",
    [
        ("dataset", "imagenet", "scratch.tasks.digits.dataset: 'imagenet' is not among datasets"),
        ("permuted", "tiny_digits", "scratch.tasks.digits.permuted: 'tiny_digits' must be 'tiny_digits' and"),
        (
            "permuted",
            "small_digits",
            "digits.permuted: 'small_digits' must be 'tiny_digits' and `permute: <seed>`",
        ),
        ("images", 61, "scratch.tasks.digits.images: 61, but datasets.tiny_digits.train is 60"),
        ("epochs", [4, 2], r"scratch.tasks.digits.epochs: \[4, 2\] must rise"),
        ("dataset", "small_digits", "digits.permuted"),
        ("training", {"batch_size": 9, "lr": 0.1, "schedule": "steps"}, "digits.training.schedule: 'steps'"),
        (
            "training",
            {"batch_size": 9, "lr": 0.1, "schedule": "cosine", "momentum": 0.9},
            "digits.training: .*momentum",
        ),
        ("width", {"shallow": 0, "deep": 1, "fc3": 1}, "digits.width.shallow: 0 is less than"),
        (
            "lasso.main",
            {"shrink": 0.1, "beta": 50},
            "lasso.main: needs shrink and threshold, or l1 and beta; it has shrink, beta",
        ),
        ("lasso.main", {}, "scratch.tasks.digits.lasso.main: .*it has nothing"),
        ("kernels.sizes", [4], "scratch.tasks.digits.kernels.sizes.0"),
        ("sgd", {"s_fc": {}}, "scratch.tasks.digits.sgd"),
        ("lasso.conv", [0], "scratch.tasks.digits.lasso.conv.0: 0 is less than or equal to"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_key(path, value, says):
    config = copy.deepcopy(read("smoke"))
    at = config["scratch"]["tasks"]["digits"]
    *folders, key = path.split(".")
    for folder in folders:
        at = at[folder]
    at[key] = value
    with pytest.raises(ConfigError, match=f"^config key .*{says}") as caught:
        validated(config, ROOT)
    assert "\n" not in str(caught.value)


def test_a_dataset_without_validation_images_is_refused():
    config = read("smoke")
    for name in ("tiny_digits", "tiny_digits_permuted"):
        del config["datasets"][name]["extra"]
    with pytest.raises(ConfigError, match="has no images to choose hyperparameters by: give it `extra`"):
        validated(config, ROOT)


def test_captions_tell_data_scale_and_augmentation():
    assert scratch.about(read("config")) == "cluttered digits, laptop scale, no augmentation"
    assert scratch.about(read("paper")) == (
        "CIFAR-10, CIFAR-100, SVHN, paper scale, random crops or random crops and mirror images"
    )
