"""The runs of the bad_minima study (Liu et al. 2020), from its section of the config.

A *setup* is one architecture on one dataset.  For each seed a network is drawn; it is trained on the true
labels from there (random initialisation), and from where training on R randomly labelled copies of every
image has led it (adversarial initialisation, Sec. 3.1), by vanilla SGD and with its heuristics.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from anarch.workflow.checks import known_dataset
from anarch.workflow.datasets import images
from anarch.workflow.lasso_totals import lr_sum
from anarch.workflow.specs import Corruption, Model, Recipe, RunSpec, Start, parse
from anarch.workflow.subsets import data_spec

STUDY = "bad_minima"
HEURISTICS = ("da", "l2", "momentum")
MODES = ("vanilla", "da", "l2", "momentum", "da+l2", "da+momentum", "l2+momentum", "sota")
CURVES = ("vanilla", "sota")
MEMBER = re.compile(
    r"(?P<setup>[a-z][a-z0-9_]*)/(?P<what>[a-z0-9+]+)-(?P<init>random|r(?P<R>\d+))-s(?P<seed>\d+)"
)
PRETRAINING = "pretraining"


@dataclass(frozen=True)
class Run:
    """The facts of a run."""

    setup: str
    stage: str  # pretraining on random labels, or training on the true ones
    mode: str  # one of MODES; pretraining is vanilla
    replicas: int | None  # R of its pretraining; None from random initialisation
    seed: int

    @property
    def name(self) -> str:
        what = PRETRAINING if self.stage == PRETRAINING else self.mode
        return (
            f"{self.setup}/{what}-{'random' if self.replicas is None else f'r{self.replicas}'}-s{self.seed}"
        )


def describe(run: str) -> dict[str, Any]:
    """Stage, mode, init, replicas (None from random initialisation) and seed of a run that is known by its
    name only, as jobs on finished runs know them."""
    match = MEMBER.fullmatch(run)
    if match is None or match["what"] not in (*MODES, PRETRAINING):
        raise ValueError(f"{run!r} is no run of the bad_minima study")
    first = match["what"] == PRETRAINING
    return {
        "stage": PRETRAINING if first else "training",
        "mode": "vanilla" if first else match["what"],
        "init": "random" if first or match["R"] is None else "adversarial",
        "replicas": None if match["R"] is None else int(match["R"]),
        "seed": int(match["seed"]),
    }


def heuristics(mode: str) -> tuple[str, ...]:
    """What ``mode`` adds to vanilla SGD; SOTA SGD is all three (Sec. 3.5)."""
    if mode == "sota":
        return HEURISTICS
    return () if mode == "vanilla" else tuple(mode.split("+"))


def in_curves(stage: str, mode: str, replicas: int | None, main: int) -> bool:
    """Whether a run is one of the four of each setup and seed that Figs. 2, 3, 5 and 6 compare."""
    return stage == "training" and mode in CURVES and replicas in (None, main)


def members(section: Mapping[str, Any], setup: str, seed: int) -> list[str]:
    """All runs of one setup and seed."""
    return [run.name for run in _members(section, setup, seed)]


def _members(section: Mapping[str, Any], setup: str, seed: int) -> list[Run]:
    """The sweep of R is for vanilla and SOTA SGD only (Fig. 4)."""
    chosen, main = section["setups"][setup], section["replicas"]
    return [
        *(Run(setup, PRETRAINING, "vanilla", R, seed) for R in chosen["replicas"]),
        *(Run(setup, "training", mode, None, seed) for mode in chosen["modes"]),
        *(
            Run(setup, "training", mode, R, seed)
            for R in chosen["replicas"]
            for mode in chosen["modes"]
            if main == R or mode in ("vanilla", "sota")
        ),
    ]


def of_setup(section: Mapping[str, Any], setup: str) -> list[str]:
    """All runs of one setup."""
    return [run for seed in section["setups"][setup]["seeds"] for run in members(section, setup, seed)]


def about(config: Mapping[str, Any]) -> str:
    """What stands in captions: datasets, architectures, R and the scale."""
    section = config[STUDY]
    setups = section["setups"].values()
    held = {one["dataset"]: images(data_spec(config["datasets"], one["dataset"])) for one in setups}
    data = [
        f"{name} ({of.sizes['train']:,} images of {of.shape[2]} x {of.shape[1]})" for name, of in held.items()
    ]
    narrow = [one["model"].get("options", {}).get("channels") for one in setups]
    networks = [
        one["label"] if channels is None else f"{one['label']} ({channels} channels)"
        for one, channels in zip(setups, narrow, strict=True)
    ]
    models = ", ".join(dict.fromkeys(networks))
    return f"{', '.join(data)}; {models}; R = {section['replicas']}; {config['scale']} scale"


def columns(section: Mapping[str, Any], setup: str) -> list[str]:
    """NAME=VALUE of what stands in every row of a setup's tables."""
    chosen = section["setups"][setup]
    return [
        f"dataset={chosen['dataset']}",
        f"model={chosen['label']}",
        f"main_replicas={section['replicas']}",
    ]


def runs(section: Mapping[str, Any]) -> dict[str, RunSpec]:
    """Every training of the study, by its path below ``runs/``."""
    return {
        run.name: _spec(section, run)
        for setup, chosen in section["setups"].items()
        for seed in chosen["seeds"]
        for run in _members(section, setup, seed)
    }


def _spec(section: Mapping[str, Any], run: Run) -> RunSpec:
    chosen, corruption, begun = section["setups"][run.setup], None, None
    recipe = _recipe(chosen, run.stage, heuristics(run.mode))
    if run.stage == "training" and not in_curves(run.stage, run.mode, run.replicas, section["replicas"]):
        recipe = replace(recipe, test_every=recipe.epochs)  # of these, no figure shows the way
    if run.replicas is not None and run.stage == PRETRAINING:
        corruption = Corruption(replicas=run.replicas, **section["corruption"])
    elif run.replicas is not None:
        begun = Start(run=Run(run.setup, PRETRAINING, "vanilla", run.replicas, run.seed).name)
    return RunSpec(
        dataset=chosen["dataset"],
        model=parse(Model, chosen["model"]),
        recipe=recipe,
        seed=run.seed,
        start=begun,
        corruption=corruption,
    )


def _recipe(chosen: Mapping[str, Any], stage: str, added: Sequence[str]) -> Recipe:
    """Vanilla SGD with the heuristics of ``added``, each as the setup says."""
    extra = {key: value for name in added for key, value in chosen["heuristics"][name].items()}
    total = extra.pop("total_decay", None)
    recipe = parse(Recipe, {**chosen[stage], **extra})
    return recipe if total is None else replace(recipe, weight_decay=matched(recipe, total, chosen["images"]))


def matched(recipe: Recipe, total: float, images: int) -> float:
    """The weight decay w at which all of ``recipe`` decays by ``total`` = w * sum(lr) / (1 - momentum).

    A weight without gradient shrinks by exp(-total): momentum makes each step 1 / (1 - momentum) times as
    long.  The paper's 350 epochs by l2 alone have 5e-4 * 6295 = 3.15; its w in a few epochs shrinks nothing.
    """
    steps = math.ceil(images / recipe.batch_size)
    if recipe.schedule == "steps":
        falls = (bisect_right(recipe.milestones, epoch) for epoch in range(recipe.epochs))
        rates = steps * recipe.lr * sum(recipe.gamma**passed for passed in falls)
    else:
        rates = lr_sum(recipe.lr, steps * recipe.epochs, recipe.schedule)
    return total * (1 - recipe.momentum) / rates


def check(section: Mapping[str, Any], datasets: Mapping[str, Any]) -> None:
    """Raises ValueError, naming the key, for values that the schema cannot tell to be impossible."""
    for name, chosen in section["setups"].items():
        key = f"bad_minima.setups.{name}"
        known_dataset(f"{key}.dataset", chosen["dataset"], datasets)
        counted, kept = chosen.get("images"), datasets[chosen["dataset"]].get("train", 0)
        if counted is None and "total_decay" in chosen["heuristics"]["l2"]:
            raise ValueError(f"{key}.images: total_decay needs the number of training images")
        if counted is not None and kept not in (0, counted):
            raise ValueError(f"{key}.images: {counted}, but datasets.{chosen['dataset']}.train is {kept}")
        if section["replicas"] not in chosen["replicas"]:
            raise ValueError(
                f"{key}.replicas: {chosen['replicas']} lacks bad_minima.replicas, {section['replicas']}"
            )
        for step in (PRETRAINING, "training"):
            last, steps = chosen[step]["epochs"], chosen[step].get("milestones", [])
            if steps and max(steps) >= last:
                raise ValueError(
                    f"{key}.{step}.milestones: {max(steps)} is not before the last epoch, {last}"
                )
        for mode in chosen["modes"]:
            try:
                _recipe(chosen, "training", heuristics(mode))
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None
