"""Costs of the jobs of study needle that train nothing, or not by the common rule."""

from anarch.cost.measuring import SLOPE, curvature_memory, look, slope, slope_memory, top_eigenvalue
from anarch.cost.scale import Job, Scale, Wildcards, measured, small
from anarch.cost.training import whole
from anarch.cost.work import Cost, Work
from anarch.workflow import needle


def measure(scale: Scale, wildcards: Wildcards) -> Cost:
    """First and last points of all runs of a protocol and seed."""
    section = scale.config["needle"]
    curved, tolerance = section["hessian"]["images"], section["hessian"]["tolerance"]
    work, memory = Work(), 0.0
    for run in needle.members(section, wildcards["protocol"], int(wildcards["seed"])):
        network, images, spec = scale.run("needle", run)
        train_images, test = images.sizes["train"], images.sizes["test"]
        curved = min(curved, train_images)
        point = look(network, train_images + test) + slope(network, train_images)
        parts = Work() if spec.model.lift == "none" else 2 * look(network, test)
        work += 2 * (point + top_eigenvalue(network, curved, tolerance)) + parts
        size, batch = network.size, min(SLOPE, train_images)
        needed = max(
            size.stored + 2 * size.bytes + slope_memory(network, batch), curvature_memory(network, curved)
        )
        memory = max(memory, needed + whole(images, "train") + images.stored)
    return measured(work, memory)


def interpolate(scale: Scale, wildcards: Wildcards) -> Cost:
    """Paths from an eFCN to the lifted CNN and to the FCN, a relaxed string each among them."""
    section = scale.config["needle"]
    chosen, string = section["interpolation"], section["interpolation"]["string"]
    network, images, spec = scale.run("needle", needle.triple(section, int(wildcards["seed"]))[0])
    size, count, batch = network.size, images.sizes["train"], spec.recipe.batch_size
    scored = min(chosen["images"], count) + images.sizes["test"]
    points, inner = chosen["points"], string["points"] - 2
    # Each point of a path is made of two networks; each step of the string moves one and pulls it.
    made = 8 * size.bytes * (points + string["epochs"] * count / batch * inner)
    pair = (4 * points + string["points"]) * look(network, scored) + Work(moved=made)
    pair += (string["epochs"] * inner) * slope(network, count)
    copies = 3 + 2 + string["points"]  # the three networks, the second lifted, their points, the string
    memory = copies * size.stored + size.bytes + slope_memory(network, max(batch, SLOPE // 2))
    return measured(2 * pair, memory + images.stored + 2 * whole(images, "train", "test"))


def trace_paths(scale: Scale, wildcards: Wildcards) -> Cost:
    """Inner products of all points of the paths and of their projections: bytes of all of them at once."""
    section = scale.config["needle"]
    runs = [needle.cnn("sgd", section["trace"]["seed"]), *needle.traced(section)]
    every = [scale.run("needle", run)[2] for run in runs]
    points = 2 * sum(len({0, *spec.snapshots, spec.recipe.epochs}) for spec in every)
    size = scale.run("needle", needle.traced(section)[0])[0].size
    return measured(Work(moved=40 * points * size.parameters), (points + 2) * size.bytes)


JOBS: dict[str, Job] = {
    "needle_measure": measure,
    "needle_interpolate": interpolate,
    "needle_trace_paths": trace_paths,
    **dict.fromkeys(("needle_lift", "needle_trace_filters", "needle_blocks"), small),
}
