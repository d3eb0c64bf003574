"""Experiments of the scratch study and their hyperparameters (Neyshabur 2020, App. A.2), as names and specs.

An *experiment* is a network and a way to train it; a *choice* is one point of its grid of hyperparameters, of
which validation images take the best.  A run is an experiment, a choice and a seed, and its name tells them.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from anarch.workflow.lasso_totals import from_totals, lr_sum
from anarch.workflow.specs import Model, Recipe, RunSpec, parse

BETA = 50  # the paper's, to which the config's threshold belongs; Tab. 2 also has 0 and 1


class Network(NamedTuple):
    label: str
    architecture: str
    lift: str = "none"


NETWORKS = {
    "s_conv": Network("S-CONV", "s_conv"),
    "s_local": Network("S-LOCAL", "s_conv", "locally_connected"),
    "s_fc": Network("S-FC", "s_conv", "fully_connected"),
    "d_conv": Network("D-CONV", "d_conv"),
    "d_local": Network("D-LOCAL", "d_conv", "locally_connected"),
    "d_fc": Network("D-FC", "d_conv", "fully_connected"),
    "fc3": Network("3-FC", "mlp"),
    "resnet18": Network("ResNet18", "resnet"),
}
SHORT = {"momentum": "m", "weight_decay": "w", "conv": "c", "fc": "f", "beta": "b", "dropout": "d"}
RUN = re.compile(
    r"(?P<task>[a-z][a-z0-9_]*)/(?P<network>[a-z0-9_]+)-(?P<width>\d+)(?:k(?P<kernel>\d+))?"
    r"-(?P<choice>(?P<method>sgd|lasso)(?:\+[a-z][0-9.]+(?:e-\d+)?)*)-e(?P<epochs>\d+)"
    r"(?:-(?P<pixels>permuted))?-s(?P<seed>\d+)"
)


class Experiment(NamedTuple):
    """``width``: alpha, hidden units of 3-FC, or channels of ResNet18's first stage."""

    network: str
    width: int
    epochs: int
    kernel: int | None = None  # of ResNet18
    beta: float | None = None  # row of Tab. 2, beta-LASSO; None: SGD
    shrinks: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())  # grids of conv and fc, as in the config
    pixels: str = "intact"  # or "permuted"
    grid: str = "default"  # of SGD: the family that may have one of its own in the config


def choices(experiment: Experiment, task: Mapping[str, Any]) -> list[dict[str, float]]:
    """The grid of ``experiment``, the same for every network, or what the config says was chosen from it."""
    if experiment.beta is None:
        grid = task["sgd"].get(experiment.grid, task["sgd"]["default"])
    else:
        conv, fc = experiment.shrinks
        grid = {"conv": conv, "fc": fc, "beta": [experiment.beta], "dropout": task["lasso"]["dropout"]}
    points = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    chosen = set(task.get("chosen", ())) & {point_name(experiment, point) for point in points}
    return [point for point in points if not chosen or point_name(experiment, point) in chosen]


def run_name(task: str, experiment: Experiment, choice: Mapping[str, float], seed: int) -> str:
    """Path of a run below ``runs/``."""
    return f"{task}/{point_name(experiment, choice)}-s{seed}"


def point_name(experiment: Experiment, choice: Mapping[str, float]) -> str:
    """What a run's name says beside task and seed; SGD's zeros are left out of it."""
    kernel = "" if experiment.kernel is None else f"k{experiment.kernel}"
    method = "sgd" if experiment.beta is None else "lasso"
    values = [
        f"{SHORT[key]}{value:g}" for key, value in choice.items() if value or key in ("conv", "fc", "beta")
    ]
    pixels = "" if experiment.pixels == "intact" else f"-{experiment.pixels}"
    first = f"{experiment.network}-{experiment.width}{kernel}"
    return f"{first}-{'+'.join([method, *values])}-e{experiment.epochs}{pixels}"


def describe(run: str) -> dict[str, Any]:
    """What a run's name says, in the words of the tables."""
    match = RUN.fullmatch(run)
    if match is None or match["network"] not in NETWORKS:
        raise ValueError(f"{run!r} is no run of the scratch study")
    beta = re.search(r"\+b([^+]+)", match["choice"])
    return {
        "task": match["task"],
        "network": NETWORKS[match["network"]].label,
        "width": int(match["width"]),
        "kernel": match["kernel"] and int(match["kernel"]),
        "method": "SGD" if match["method"] == "sgd" else "beta-LASSO",
        "beta": None if beta is None else float(beta[1]),
        "epochs": int(match["epochs"]),
        "pixels": "permuted" if match["pixels"] == "permuted" else "intact",
        "seed": int(match["seed"]),
        "choice": match["choice"],
    }


def specs_of(
    name: str, task: Mapping[str, Any], norms: Mapping[str, str], experiments: Sequence[Experiment]
) -> Iterator[tuple[str, RunSpec]]:
    """Every run of ``experiments``, by its name."""
    for experiment, seed in product(experiments, task["seeds"]):
        for choice in choices(experiment, task):
            yield (
                run_name(name, experiment, choice, seed),
                RunSpec(
                    dataset=task["permuted" if experiment.pixels == "permuted" else "dataset"],
                    model=_model(experiment, choice["dropout"], norms),
                    recipe=_recipe(experiment, choice, task),
                    seed=seed,
                ),
            )


def _model(experiment: Experiment, dropout: float, norms: Mapping[str, str]) -> Model:
    _, architecture, lift = NETWORKS[experiment.network]
    options: dict[str, Any]
    if architecture == "mlp":
        options = {"hidden": [experiment.width] * 2, "norm": True}
    elif architecture == "resnet":
        options = {"depth": 18, "channels": experiment.width, "kernel": experiment.kernel}
    else:
        options = {"alpha": experiment.width, "norm": norms[lift]}
    options |= {"dropout": dropout} if dropout else {}
    return Model(architecture=architecture, options=options, lift=lift)


def _recipe(experiment: Experiment, choice: Mapping[str, float], task: Mapping[str, Any]) -> Recipe:
    recipe = {**task["training"], "epochs": experiment.epochs}
    if experiment.beta is None:
        return parse(
            Recipe, {**recipe, "momentum": choice["momentum"], "weight_decay": choice["weight_decay"]}
        )
    # It has no momentum: in a run of few steps it may need a larger rate than SGD with momentum does.
    lr = task["kernels" if experiment.network == "resnet18" else "lasso"]["lr"]
    penalty = _penalty(experiment, choice, task, lr)
    return parse(Recipe, {**recipe, "lr": lr, "optimiser": "beta_lasso", **penalty})


def _penalty(
    experiment: Experiment, choice: Mapping[str, float], task: Mapping[str, Any], lr: float
) -> dict[str, float]:
    """lambda and beta of the optimiser.

    The config's ``main`` point is Lambda and tau, or lambda and beta = 50 themselves, and the grid is in the
    unit of its first.  beta is the same at all points, as in the paper: tau grows with Lambda.
    """
    main, training = task["lasso"]["main"], task["training"]
    if "l1" in main:
        unit, beta = 1.0, main["beta"]
    else:
        steps = experiment.epochs * math.ceil(task["images"] / training["batch_size"])
        rates = lr_sum(lr, steps, training["schedule"])
        l1, beta = from_totals(main["shrink"], main["threshold"], rates)
        unit = l1 / main["shrink"]
    return {
        "l1_conv": choice["conv"] * unit,
        "l1_fc": choice["fc"] * unit,
        "beta": beta * choice["beta"] / BETA,
    }
