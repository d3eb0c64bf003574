"""Costs of the jobs of study blessing that do not train by the common rule."""

from collections.abc import Mapping
from typing import Any

from anarch.cost.ensembles import descent, memory, outputs_at, parameters
from anarch.cost.measuring import (
    TOGETHER,
    curvature_memory,
    displaced_memory,
    evaluations,
    iterations,
    look,
    top_eigenvalue,
)
from anarch.cost.networks import FLOAT
from anarch.cost.scale import Job, Scale, Wildcards
from anarch.cost.training import START, whole
from anarch.cost.work import BASE, Cost, Work
from anarch.workflow import blessing

RINGS = 130  # training points
DRAWN = 25  # operations that fresh points of one seed take


def swissroll(scale: Scale, wildcards: Wildcards) -> Cost:
    """Good and poisoned networks of all seeds; D_d is drawn in each step, by seed."""
    spec = blessing.toy(scale.config["blessing"], "swissroll")
    widths, seeds = (2, *spec.hidden, 1), len(spec.seeds)
    poisoned = seeds * sum(beta > 0 for beta in spec.betas)
    good = seeds * len(spec.betas) - poisoned
    work = descent(widths, good, spec.train, spec.good.steps, spec.good.optimiser)
    both = spec.train + spec.extra
    work += descent(widths, poisoned, both, spec.poisoned.steps, spec.poisoned.optimiser)
    work += Work(calls=DRAWN * seeds * spec.poisoned.steps)
    return Cost(
        trained=work,
        trainings=good + poisoned,
        memory=BASE + memory(widths, poisoned, both),
        disk=FLOAT * (good + poisoned) * parameters(widths),
        start=START,
    )


def minefield_networks(scale: Scale, wildcards: Wildcards) -> Cost:
    """A good network, and a poisoned one from each of its kept iterates."""
    spec = blessing.toy(scale.config["blessing"], "minefield")
    widths, starts = (2, *spec.hidden, 1), len(range(0, spec.good.steps, spec.every)) + 1
    work = descent(widths, 1, spec.train, spec.good.steps, spec.good.optimiser)
    both = spec.train + spec.extra
    work += descent(widths, starts, both, spec.poisoned.steps, spec.poisoned.optimiser)
    return Cost(
        trained=work,
        trainings=1 + starts,
        memory=BASE + memory(widths, starts, both),
        disk=2 * FLOAT * starts * parameters(widths),
        start=START,
    )


def rings(scale: Scale, wildcards: Wildcards) -> Cost:
    """Two margins a seed; the grid is looked at for one seed."""
    spec = blessing.toy(scale.config["blessing"], "rings")
    widths, networks = (2, *spec.hidden, 2), 2 * len(spec.seeds)
    work = descent(widths, networks, RINGS, spec.descent.steps, spec.descent.optimiser)
    return Cost(
        trained=work,
        measured=outputs_at(widths, 2, spec.grid**2),
        trainings=networks,
        memory=BASE + memory(widths, networks, RINGS),
        start=START,
    )


def measure_swissroll(scale: Scale, wildcards: Wildcards) -> Cost:
    """Sharpness and radii of the minima of one seed."""
    section = scale.config["blessing"]
    spec, basins = blessing.toy(section, "swissroll"), section["swissroll"]["basins"]
    widths, points = (2, *spec.hidden, 1), basins["points"] or spec.train
    curved = 9 * iterations(basins["tolerance"]) * outputs_at(widths, 1, points)
    minimum = evaluated(widths, evaluations(basins["directions"], len(basins["cutoffs"])), points) + curved
    work = len(spec.betas) * (minimum + outputs_at(widths, 1, spec.train + spec.test))
    directions = FLOAT * min(basins["directions"], 128) * parameters(widths)
    return Cost(measured=work, memory=BASE + 6 * directions, start=START)


def evaluated(widths: tuple[int, ...], networks: float, points: int) -> Work:
    """Losses of displaced networks, some at once; each is first made of the minimum and a direction."""
    together = min(128, max(1, TOGETHER // parameters(widths)))
    made = Work(moved=8 * FLOAT * parameters(widths) * networks, calls=40 * networks / together)
    return (networks / together) * outputs_at(widths, together, points) + made


def measure_images(scale: Scale, wildcards: Wildcards) -> Cost:
    """The same of the minima of one image set and seed, by the real network."""
    section = scale.config["blessing"]
    chosen = section["poisoned"][wildcards["set"]]
    basins = chosen["basins"]
    network, images = scale.network(chosen["model"], chosen["dataset"], chosen["good"]["batch_size"])
    points = min(basins["points"] or images.sizes["train"], images.sizes["train"])
    looked = evaluations(basins["directions"], len(basins["cutoffs"]))
    minimum = looked * look(network, points) + top_eigenvalue(network, points, basins["tolerance"])
    minimum += look(network, images.sizes["train"] + images.sizes["test"])
    work = len(chosen["betas"]) * minimum
    return Cost(measured=work, memory=_memory(scale, chosen, basins["directions"]), start=START)


def _memory(scale: Scale, chosen: Mapping[str, Any], directions: int) -> float:
    """All images as inputs, directions and displaced networks of a chunk, and a Hessian-vector product."""
    network, images = scale.network(chosen["model"], chosen["dataset"], chosen["good"]["batch_size"])
    points = min(chosen["basins"]["points"] or images.sizes["train"], images.sizes["train"])
    data = images.stored + whole(images, "train", "test")
    return BASE + data + displaced_memory(network, directions) + curvature_memory(network, points)


def slice_images(scale: Scale, wildcards: Wildcards) -> Cost:
    """Rays and a plane through the good and the worst minimum of an image set."""
    chosen = scale.config["blessing"]["poisoned"][wildcards["set"]]
    slices = chosen["slices"]
    network, images = scale.network(chosen["model"], chosen["dataset"], chosen["good"]["batch_size"])
    points = min(chosen["basins"]["points"] or images.sizes["train"], images.sizes["train"])
    work = (2 * _slices(slices)) * look(network, points)
    return Cost(measured=work, memory=_memory(scale, chosen, slices["rays"]), start=START)


def slice_swissroll(scale: Scale, wildcards: Wildcards) -> Cost:
    section = scale.config["blessing"]
    spec, chosen = blessing.toy(section, "swissroll"), section["swissroll"]
    widths = (2, *spec.hidden, 1)
    work = 2 * evaluated(widths, _slices(chosen["slices"]), chosen["basins"]["points"] or spec.train)
    return Cost(measured=work, memory=BASE + 8 * FLOAT * 128 * parameters(widths), start=START)


def _slices(slices: Mapping[str, int]) -> float:
    """Networks evaluated for one minimum: radii of the rays, points on them, points of the plane."""
    return evaluations(slices["rays"], 1) + slices["rays"] * slices["steps"] + slices["plane"] ** 2


def boundaries(scale: Scale, wildcards: Wildcards) -> Cost:
    """Classes on a grid, and on smaller ones of perturbed networks."""
    section = scale.config["blessing"]
    spec, shown = blessing.toy(section, "swissroll"), section["swissroll"]["boundaries"]
    widths = (2, *spec.hidden, 1)
    places = len(spec.betas) * shown["grid"] ** 2 + 2 * shown["frames"] * shown["frame_grid"] ** 2
    return Cost(measured=outputs_at(widths, 1, places), memory=BASE + 1e8, start=START)


def small(scale: Scale, wildcards: Wildcards) -> Cost:
    """A map of points in the plane, or a count of parameters: seconds."""
    return Cost(memory=BASE + 2e8, start=2 * START)


JOBS: dict[str, Job] = {
    "blessing_swissroll": swissroll,
    "blessing_minefield_networks": minefield_networks,
    "blessing_minefield": small,
    "blessing_rings": rings,
    "blessing_measure_swissroll": measure_swissroll,
    "blessing_measure_images": measure_images,
    "blessing_slice_swissroll": slice_swissroll,
    "blessing_slice_images": slice_images,
    "blessing_boundaries": boundaries,
    "blessing_sizes": small,
}
