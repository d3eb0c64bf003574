"""What snakemake answers to a target, a scale or a folder that is not quite right, and what --list shows."""

import pytest
from checkout import ROOT, Checkout

from anarch.workflow import scales
from anarch.workflow.config import ConfigError
from anarch.workflow.targets import advice, listing, nearest

NAMES = ["all", "needle", "needle_fig3", "needle_figA", "bad_minima", "bad_minima_fig3", "scratch_table1"]


@pytest.mark.parametrize(
    "typed, meant",
    [
        ("bad-minima", ["bad_minima"]),
        ("Needle_figa", ["needle_figA"]),
        ("fig3", ["needle_fig3", "bad_minima_fig3"]),
        ("needle_fig33", ["needle_fig3", "needle_figA"]),
        ("nedle", ["needle"]),
        ("xyzzy", []),
    ],
)
def test_the_nearest_names(typed, meant):
    assert nearest(typed, NAMES) == meant


FILES = ["results/laptop/needle/figures/fig3.png", "results/laptop/needle/figures/figA.png"]
SCALES = {"laptop": "config/config.yaml", "smoke": "config/smoke.yaml"}


@pytest.mark.parametrize(
    "typed, says",
    [
        ("bad-minima", "There is no target bad-minima; nearest: bad_minima.  All targets: snakemake --list"),
        ("xyzzy", "There is no target xyzzy.  All targets: snakemake --list"),
        (
            "results/laptop/needle/figures/fig33.png",
            "There is no target results/laptop/needle/figures/fig33.png; nearest: "
            "results/laptop/needle/figures/fig3.png, results/laptop/needle/figures/figA.png.  "
            "All targets: snakemake --list",
        ),
        (
            "results/smoke/needle/figures/fig3.png",
            "results/smoke/needle/figures/fig3.png is of the scale smoke: add --configfile config/smoke.yaml",
        ),
        (
            "results/huge/needle/figures/fig3.png",
            "results/huge/needle/figures/fig3.png: no config in config/ has the scale 'huge'; "
            "there is laptop, smoke",
        ),
    ],
)
def test_advice(typed, says):
    assert advice(typed, NAMES, FILES, "laptop", SCALES) == says


def test_targets_come_first_each_with_its_sentence():
    assert listing({"all": "Everything", "fig3": "A line"}, ["train", "stack"]).splitlines() == [
        "all   Everything",
        "fig3  A line",
        "",
        "Steps on the way there:",
        "stack",
        "train",
    ]
    assert listing({"all": "Everything"}, []) == "all  Everything"


def test_each_scale_has_its_config_file():
    assert scales.scales(ROOT) == {
        "cifar": "config/cifar.yaml",
        "laptop": "config/config.yaml",
        "paper": "config/paper.yaml",
        "smoke": "config/smoke.yaml",
    }


def test_a_scale_that_is_typed_means_its_config_and_a_config_file_with_a_scale_stands_alone():
    assert scales.config_file(None, [], ROOT) == "config/config.yaml"
    assert scales.config_file(None, ["mine.yaml"], ROOT) == "config/config.yaml"
    assert scales.config_file("cifar", [], ROOT) == "config/cifar.yaml"
    assert scales.config_file("mine", ["mine.yaml"], ROOT) is None
    with pytest.raises(ConfigError) as error:
        scales.config_file("cifr", [], ROOT)
    assert str(error.value) == (
        "config key scale: no file in config/ has the scale 'cifr'; there is cifar (config/cifar.yaml), "
        "laptop (config/config.yaml), paper (config/paper.yaml), smoke (config/smoke.yaml)"
    )


def last_line(*arguments: str) -> str:
    return Checkout(ROOT).run("snakemake", "-n", *arguments, fails=True).strip().splitlines()[-1]


def test_snakemake_gives_the_advice_for_an_unknown_target():
    assert last_line("needle_fig33").startswith("There is no target needle_fig33; nearest: needle_fig3, ")
    assert last_line("results/smoke/needle/figures/fig3.png").endswith(
        "is of the scale smoke: add --configfile config/smoke.yaml"
    )


def test_snakemake_lists_our_targets_first():
    lines = Checkout(ROOT).run("snakemake", "--list").splitlines()
    first = lines.index(next(line for line in lines if line.startswith("all ")))
    sentences = dict(line.split(maxsplit=1) for line in lines[first : lines.index("")])
    assert {"needle", "atlas", "claims", "needle_fig3", "blessing_animation"} <= sentences.keys()
    steps = lines[lines.index("Steps on the way there:") + 1 :]
    assert "needle_cnn" in steps and not sentences.keys() & set(steps)


def test_snakemake_takes_a_scale_for_its_config():
    made = Checkout(ROOT).planned("--config", "scale=smoke", "--", "needle_fig3")
    assert made["needle_fig3"] == {
        "results/smoke/needle/figures/fig3.png",
        "results/smoke/needle/figures/fig3.svg",
    }


def test_snakemake_in_another_folder_is_refused_in_one_line(tmp_path):
    printed = Checkout(ROOT).run("snakemake", "-n", "-d", str(tmp_path), "needle_fig3", fails=True)
    assert f"the workflow runs in its own folder: cd {ROOT}, and the same without -s and -d\n" in printed
    assert "Traceback" not in printed
