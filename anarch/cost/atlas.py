"""Costs of the jobs of the atlas."""

from anarch.cost.blessing import evaluated
from anarch.cost.ensembles import outputs_at
from anarch.cost.measuring import (
    curvature_memory,
    displaced_memory,
    evaluations,
    iterations,
    look,
    slope,
    slope_memory,
    top_eigenvalue,
)
from anarch.cost.networks import FLOAT
from anarch.cost.scale import Job, Scale, Wildcards
from anarch.cost.training import START, whole
from anarch.cost.work import BASE, Cost, Work
from anarch.workflow import atlas, blessing

AT_ONCE = 100  # images of a gradient or a Hessian-vector product


def measure(scale: Scale, wildcards: Wildcards) -> Cost:
    """Loss, accuracy and gradient over ``images``, curvature and radii over ``points``, of each network."""
    section = scale.config["atlas"]
    job = atlas.jobs(section, scale.runs)[wildcards["job"]]
    work, needed = Work(), 0.0
    for run in job.runs:
        network, images, _ = scale.run(job.study, run)
        train = images.sizes["train"]
        shown, points = (min(section[key] or train, train) for key in ("images", "points"))
        work += look(network, shown + images.sizes["test"]) + slope(network, shown)
        work += top_eigenvalue(network, points, section["hessian_tolerance"], AT_ONCE)
        work += evaluations(section["directions"], 1, section["radius_tolerance"]) * look(network, points)
        data = whole(images, "train", "test") + images.stored
        curved = curvature_memory(network, points, AT_ONCE)
        displaced = network.size.stored + displaced_memory(network, section["directions"])
        sloped = network.size.stored + slope_memory(network, min(AT_ONCE, shown))
        needed = max(needed, data + max(curved, displaced, sloped))
    return Cost(measured=work, memory=BASE + needed, start=START)


def measure_swissroll(scale: Scale, wildcards: Wildcards) -> Cost:
    """The same of the good and poisoned networks on the swiss roll."""
    section, spec = scale.config["atlas"], blessing.toy(scale.config["blessing"], "swissroll")
    widths = (2, *spec.hidden, 1)
    points = min(section["points"] or spec.train, spec.train)
    radii = evaluations(section["directions"], 1, section["radius_tolerance"])
    curved = 9 * iterations(section["hessian_tolerance"]) * outputs_at(widths, 1, points)
    minimum = evaluated(widths, radii, points) + curved + outputs_at(widths, 1, spec.train + spec.test)
    return Cost(
        measured=len(spec.seeds) * len(spec.betas) * minimum,
        memory=BASE + 8 * FLOAT * section["directions"] * sum(spec.hidden) ** 2,
        start=START,
    )


JOBS: dict[str, Job] = {"atlas_measure": measure, "atlas_measure_swissroll": measure_swissroll}
