"""Costs of the jobs of study blessing that do not train by the common rule."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from anarch.cost.ensembles import descent, memory, outputs_at, parameters
from anarch.cost.measuring import (
    curvature_memory,
    displaced_memory,
    evaluations,
    iterations,
    look,
    slope,
    together,
    top_eigenvalue,
)
from anarch.cost.networks import FLOAT, Network
from anarch.cost.scale import Job, Scale, Wildcards, measured, small
from anarch.cost.training import START, whole
from anarch.cost.work import BASE, Cost, Work, work_of
from anarch.data.toys import concentric_rings
from anarch.landscape.preconditioned import PILOTS, RIDGES
from anarch.training.stacked import Widths
from anarch.workflow import blessing
from anarch.workflow.blessing_toys import Descending

UNSTABLE = 20  # steps that try which labels are stable
Part = tuple[int, int, Descending]  # networks, points of each, and how they descend


def toys(widths: Widths, parts: Sequence[Part]) -> Cost:
    """Small networks trained at once, part after part."""
    return Cost(
        trained=work_of(descent(widths, n, points, how.steps, how.optimiser) for n, points, how in parts),
        trainings=sum(n for n, _, _ in parts),
        memory=BASE + max(memory(widths, n, points) for n, points, _ in parts),
        start=START,
    )


def swissroll(scale: Scale, wildcards: Wildcards) -> Cost:
    """Good and poisoned networks of all seeds."""
    spec = blessing.toy(scale.config["blessing"], "swissroll")
    poisoned = len(spec.seeds) * sum(beta > 0 for beta in spec.betas)
    every, widths = len(spec.seeds) * len(spec.betas), (2, *spec.hidden, 1)
    parts = [
        (every - poisoned, spec.train, spec.good),
        (poisoned, spec.train + spec.extra, spec.poisoned),
    ]
    return toys(widths, parts) + Cost(disk=FLOAT * every * parameters(widths))


def minefield_networks(scale: Scale, wildcards: Wildcards) -> Cost:
    """A good network, and a poisoned one from each of its kept iterates."""
    spec = blessing.toy(scale.config["blessing"], "minefield")
    starts = len(range(0, spec.good.steps, spec.every)) + 1
    widths = (2, *spec.hidden, 1)
    batches = -(-spec.train // (spec.batch_size or spec.train))
    good = replace(spec.good, steps=spec.good.steps * batches)
    parts = [(1, spec.batch_size or spec.train, good), (starts, spec.train + spec.extra, spec.poisoned)]
    return toys(widths, parts) + Cost(disk=2 * FLOAT * starts * parameters(widths))


def rings(scale: Scale, wildcards: Wildcards) -> Cost:
    """Two margins of each seed."""
    spec = blessing.toy(scale.config["blessing"], "rings")
    points = len(concentric_rings(spec.wide)[0])
    return toys((2, *spec.hidden, 2), [(2 * len(spec.seeds), points, spec.descent)])


def measure_swissroll(scale: Scale, wildcards: Wildcards) -> Cost:
    """Sharpness and radii of the minima of one seed: displaced networks are evaluated, some at once, and each
    is first made of the minimum and a direction."""
    section = scale.config["blessing"]
    spec, basins = blessing.toy(section, "swissroll"), section["swissroll"]["basins"]
    widths, points = (2, *spec.hidden, 1), basins["points"] or spec.train
    size, at_once = parameters(widths), together(parameters(widths))
    displaced = evaluations(basins["directions"], len(basins["cutoffs"]))
    minimum = (displaced / at_once) * (outputs_at(widths, at_once, points) + Work(calls=40))
    minimum += Work(moved=8 * FLOAT * size * displaced)
    by_shape = _by_shape(basins)  # each is first made of all slopes
    minimum += (by_shape / at_once) * (outputs_at(widths, at_once, points) + Work(calls=40))
    minimum += Work(flops=4.0 * size * points * by_shape)
    minimum += (UNSTABLE + 18 * iterations(basins["tolerance"])) * outputs_at(widths, 1, points)
    return measured(len(spec.betas) * minimum, 6 * FLOAT * min(basins["directions"], at_once) * size)


def measure_images(scale: Scale, wildcards: Wildcards) -> Cost:
    """The same of the minima of one image set and seed, by the real network."""
    chosen = scale.config["blessing"]["poisoned"][wildcards["set"]]
    network, points, needed = _image_set(scale, chosen, chosen["basins"]["directions"])
    basins, images = chosen["basins"], scale.images[chosen["dataset"]]
    displaced = evaluations(basins["directions"], len(basins["cutoffs"])) + _by_shape(basins) + UNSTABLE
    minimum = look(network, displaced * points + images.sizes["train"] + images.sizes["test"])
    minimum += 2 * top_eigenvalue(network, points, basins["tolerance"]) + slope(network, points)
    return measured(len(chosen["betas"]) * minimum, needed)


def slice_images(scale: Scale, wildcards: Wildcards) -> Cost:
    """Rays and a plane through the good and the worst minimum of an image set."""
    chosen = scale.config["blessing"]["poisoned"][wildcards["set"]]
    rays, steps, plane = (chosen["slices"][key] for key in ("rays", "steps", "plane"))
    network, points, needed = _image_set(scale, chosen, rays)
    looks = evaluations(rays) + rays * steps + plane**2
    return measured(look(network, 2 * looks * points), needed)


def _by_shape(basins: Mapping[str, Any]) -> float:
    """Networks evaluated for the volume along preconditioned directions, trials counted."""
    pilots = (1 + len(RIDGES)) * PILOTS
    return evaluations(basins["preconditioned"] + pilots, tolerance=0.01)


def _image_set(scale: Scale, chosen: Mapping[str, Any], directions: int) -> tuple[Network, int, float]:
    """The network of an image set, the points that a basin is over, and the bytes of all images as inputs, of
    directions and displaced networks of a chunk, and of a Hessian-vector product."""
    network, images = scale.network(chosen["model"], chosen["dataset"], chosen["recipe"]["batch_size"])
    points = min(chosen["basins"]["points"] or images.sizes["train"], images.sizes["train"])
    data = images.stored + whole(images, "train", "test")
    return network, points, data + displaced_memory(network, directions) + curvature_memory(network, points)


JOBS: dict[str, Job] = {
    "blessing_swissroll": swissroll,
    "blessing_minefield_networks": minefield_networks,
    "blessing_rings": rings,
    "blessing_measure_swissroll": measure_swissroll,
    "blessing_measure_images": measure_images,
    "blessing_slice_images": slice_images,
    **dict.fromkeys(
        (
            "blessing_minefield",
            "blessing_nulls",
            "blessing_slice_swissroll",
            "blessing_boundaries",
            "blessing_sizes",
        ),
        small,
    ),
}
