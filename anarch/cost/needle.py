"""Costs of the jobs of study needle that train nothing, or not by the common rule."""

from collections.abc import Sequence

from anarch.cost.measuring import SLOPE, curvature_memory, look, slope, slope_memory, top_eigenvalue
from anarch.cost.scale import Job, Scale, Wildcards
from anarch.cost.training import START, whole
from anarch.cost.work import BASE, Cost, Work, work_of
from anarch.workflow import needle

CERTIFIED = 256  # images that a lifting is certified on


def lift(scale: Scale, wildcards: Wildcards) -> Cost:
    """CNN and lifted network on the same images, for each snapshot and space."""
    chosen = scale.config["needle"]["protocols"][wildcards["protocol"]]
    cnn, images = scale.network(chosen["model"], chosen["dataset"], CERTIFIED)
    spaces = [cnn.lifted(space) for space in ("fully_connected", "locally_connected")]
    one = work_of(2 * look(cnn, CERTIFIED) + look(space, CERTIFIED) for space in spaces)
    filled = sum(space.size.bytes for space in spaces)
    return Cost(
        measured=len(chosen["relax_times"]) * (one + Work(moved=4 * filled)),
        memory=BASE + images.stored + max(2 * s.size.bytes + s.step.activations for s in spaces),
        start=START,
    )


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
    return Cost(measured=work, memory=BASE + memory, start=START)


def interpolate(scale: Scale, wildcards: Wildcards) -> Cost:
    """Paths from an eFCN to the lifted CNN and to the FCN, a relaxed string each among them."""
    section = scale.config["needle"]
    chosen, string = section["interpolation"], section["interpolation"]["string"]
    network, images, spec = scale.run("needle", needle.triple(section, int(wildcards["seed"]))[0])
    scored = min(chosen["images"], images.sizes["train"]) + images.sizes["test"]
    points, inner = chosen["points"], string["points"] - 2
    count, batch = images.sizes["train"], spec.recipe.batch_size
    # Each point of a path is made of two networks; each step of the string moves one and pulls it.
    made = (
        2 * points * 4 * network.size.bytes
        + string["epochs"] * count / batch * inner * 8 * network.size.bytes
    )
    pair = (
        (4 * points + string["points"]) * look(network, scored)
        + (string["epochs"] * inner) * slope(network, count)
        + Work(moved=made)
    )
    copies = 3 + 2 + string["points"]  # the three networks, the second lifted, their points, the string
    memory = copies * network.size.stored + network.size.bytes + slope_memory(network, max(batch, SLOPE // 2))
    data = images.stored + 2 * whole(images, "train", "test")
    return Cost(measured=2 * pair, memory=BASE + memory + data, start=START)


def trace_paths(scale: Scale, wildcards: Wildcards) -> Cost:
    """Inner products of all points of the paths and of their projections on the CNN subspace, in float64."""
    section = scale.config["needle"]
    cnn = needle.cnn("sgd", section["trace"]["seed"])
    every = [scale.run("needle", run)[2] for run in [cnn, *needle.traced(section)]]
    points = 2 * sum(_on_path(spec.snapshots, spec.recipe.epochs) for spec in every)
    network, _, _ = scale.run("needle", needle.traced(section)[0])
    size = network.size
    gram = Work(
        2 * points**2 * size.parameters, 2 * points**2 * size.parameters, 40 * points * size.parameters
    )
    return Cost(measured=gram, memory=BASE + (points + 2) * size.bytes, start=START)


def _on_path(snapshots: Sequence[int], last: int) -> int:
    """Points of `trace_paths.path_of`."""
    return len({0, *snapshots, last})


def trace_filters(scale: Scale, wildcards: Wildcards) -> Cost:
    """Weights of one unit of every kept point."""
    section = scale.config["needle"]
    networks = [scale.run("needle", run) for run in needle.traced(section)]
    read = sum(
        network.size.bytes * len({*spec.snapshots, spec.recipe.epochs}) for network, _, spec in networks
    )
    largest = max(network.size.stored for network, _, _ in networks)
    return Cost(measured=Work(moved=4 * read), memory=BASE + 3 * largest, start=START)


def blocks(scale: Scale, wildcards: Wildcards) -> Cost:
    """Masks of the lifted layers, averaged over cells as numbers."""
    chosen = scale.config["needle"]["protocols"]["sgd"]
    network, _ = scale.network({**chosen["model"], "lift": "fully_connected"}, chosen["dataset"], 1)
    return Cost(
        measured=Work(moved=4 * network.size.bytes), memory=BASE + 3 * network.size.bytes, start=START
    )


JOBS: dict[str, Job] = {
    "needle_lift": lift,
    "needle_measure": measure,
    "needle_interpolate": interpolate,
    "needle_trace_paths": trace_paths,
    "needle_trace_filters": trace_filters,
    "needle_blocks": blocks,
}
