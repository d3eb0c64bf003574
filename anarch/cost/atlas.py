"""Costs of the jobs of the atlas."""

from anarch.atlas.measures import AT_ONCE
from anarch.cost.measuring import (
    curvature_memory,
    displaced_memory,
    evaluations,
    look,
    slope,
    slope_memory,
    top_eigenvalue,
)
from anarch.cost.scale import Job, Scale, Wildcards, measured, small
from anarch.cost.training import whole
from anarch.cost.work import Cost, Work
from anarch.workflow import atlas

NOISE = 8  # networks evaluated for each draw of noise


def measure(scale: Scale, wildcards: Wildcards) -> Cost:
    """Loss, accuracy and gradient over ``images``, curvature and radii over ``points``, of each network."""
    section = scale.config["atlas"]
    job = atlas.jobs(section, scale.runs)[wildcards["job"]]
    work, memory = Work(), 0.0
    for run in job.runs:
        network, images, _ = scale.run(job.study, run)
        train = images.sizes["train"]
        shown, points = (min(section[key] or train, train) for key in ("images", "points"))
        work += look(network, shown + images.sizes["test"]) + slope(network, shown)
        work += top_eigenvalue(network, points, section["hessian_tolerance"], AT_ONCE)
        work += evaluations(section["directions"], 1, section["radius_tolerance"]) * look(network, points)
        # Noise is sought as a radius is, from nearer; margins are over all images shown.
        work += section["directions"] * NOISE * look(network, points) + look(network, shown)
        needed = max(
            curvature_memory(network, points, AT_ONCE),
            network.size.stored + displaced_memory(network, section["directions"]),
            network.size.stored + slope_memory(network, min(AT_ONCE, shown)),
        )
        memory = max(memory, whole(images, "train", "test") + images.stored + needed)
    return measured(work, memory)


JOBS: dict[str, Job] = {"atlas_measure": measure, "atlas_measure_swissroll": small}
