"""The jobs of the atlas: every network once, by study and seed, each with a name."""

import copy
import json
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from anarch.atlas.measures import Effort
from anarch.workflow import atlas
from anarch.workflow.specs import Model, Poison, Recipe, RunSpec, Start, parse
from anarch.workflow.studies import STUDIES

ROOT = Path(__file__).parents[2]
PLAIN = RunSpec(
    dataset="d",
    model=Model(architecture="mlp", options={"hidden": [3]}),
    recipe=Recipe(epochs=1, batch_size=4, lr=0.1),
    seed=3,
)
MADE = {
    "model.architecture": "mlp", "model.hidden": [3], "recipe.batch_size": 4, "recipe.epochs": 1,
    "recipe.lr": 0.1,
}  # fmt: skip


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())


def runs(config: dict) -> dict:
    return {name: study.runs(config[name]) for name, study in STUDIES.items()}


@pytest.mark.parametrize("name", ["config", "smoke", "cifar", "paper"])
def test_every_network_trained_on_true_labels_is_measured_once(name):
    config = read(name)
    every, chunk = runs(config), config["atlas"]["chunk"]
    jobs = atlas.jobs(config["atlas"], every)
    measured = [(job.study, run) for job in jobs.values() for run in job.runs]
    wanted = {
        (study, run)
        for study in config["atlas"]["studies"]
        for run, spec in every[study].items()
        if spec.corruption is None
    }
    assert len(measured) == len(set(measured)) and set(measured) == wanted
    assert not any("pretraining" in run for _, run in measured)
    assert all(1 <= len(job.runs) <= chunk for job in jobs.values())
    for job, (study, names) in jobs.items():
        assert {f"-s{every[study][run].seed}-" in f"-{job.partition('-')[2]}" for run in names} == {True}


def test_a_further_seed_makes_no_other_job_stale():
    config = read("config")
    config["atlas"]["chunk"] = 7
    before = atlas.jobs(config["atlas"], runs(config))
    wider = copy.deepcopy(config)
    wider["needle"]["protocols"]["sgd"]["seeds"].append(9)
    after = atlas.jobs(wider["atlas"], runs(wider))
    assert {name: after[name] for name in before} == before
    assert {name.split("-")[1] for name in set(after) - set(before)} == {"s9"}


def test_only_the_studies_of_the_config_are_measured():
    config = read("config")
    config["atlas"]["studies"] = ["scratch"]
    assert {job.study for job in atlas.jobs(config["atlas"], runs(config)).values()} == {"scratch"}


def test_the_effort_is_what_measuring_takes():
    assert list(atlas.EFFORT) == [f.name for f in fields(Effort)]
    for name in ("config", "smoke", "cifar", "paper"):
        section = read(name)["atlas"]
        assert parse(Effort, json.loads(atlas.effort(section))).rise == section["rise"]


@pytest.mark.parametrize(
    "study, run, group, what",
    [
        ("needle", "sgd/efcn-t5-s1", "sgd", "eFCN, t_w = 5"),
        ("needle", "adam/fcn-s0", "adam", "FCN"),
        ("bad_minima", "resnet18/da+l2-r5-s0", "resnet18", "da+l2, adversarial, R = 5"),
        ("bad_minima", "resnet18/vanilla-random-s0", "resnet18", "vanilla, random"),
        (
            "scratch", "digits/resnet18-4k5-sgd-e12-s1", "digits",
            "ResNet18, width 4, kernel 5, sgd, 12 epochs",
        ),
        (
            "scratch", "digits/s_fc-8-lasso+c0.12+f0.12+b50-e30-permuted-s0", "digits",
            "S-FC, width 8, lasso+c0.12+f0.12+b50, 30 epochs",
        ),
        ("blessing", "poisoned/digits/beta0.03-s0", "poisoned/digits", "beta = 0.03"),
        ("blessing", "models/linear-s1", "models", "linear"),
        ("blessing", "optimisers/lbfgs-s0", "optimisers", "L-BFGS"),
    ],
)  # fmt: skip
def test_a_network_is_told_by_what_it_is(study, run, group, what):
    told = json.loads(atlas.networks(atlas.Job(study, (run,)), {run: PLAIN}))
    assert told == [{"run": run, "group": group, "what": what, "settings": atlas.canonical(MADE)}]


def test_settings_are_what_networks_of_one_seed_can_differ_in():
    model = Model(architecture="mlp", options={"hidden": [3]}, lift="fully_connected")
    recipe = Recipe(epochs=2, batch_size=4, lr=0.5, test_every=2)
    begun = {"start": Start(run="a/cnn-s3", epoch=7), "poison": Poison(beta=0.25, batch_size=6)}
    other = RunSpec(dataset="d", model=model, recipe=recipe, seed=3, snapshots=(1,), **begun)
    more = {"model.lift": "fully_connected", "start": "a/cnn-s3@7", "poison.beta": 0.25}
    assert atlas.settings(other) == {**MADE, "recipe.epochs": 2, "recipe.lr": 0.5, **more}


def test_starts_are_those_of_the_runs_that_have_one():
    every = runs(read("smoke"))["needle"]
    job = atlas.Job("needle", ("sgd/cnn-s0", "sgd/efcn-t1-s0"))
    (start,) = atlas.starts(every, job)
    assert (start.run, start.epoch) == ("sgd/cnn-s0", 1)
