"""Costs of the jobs of study scratch that do not train."""

from anarch.cost.measuring import LOOK, look, look_memory
from anarch.cost.networks import FLOAT, Network
from anarch.cost.scale import Job, Scale, Wildcards
from anarch.cost.training import START
from anarch.cost.work import BASE, Cost, Work, total
from anarch.workflow import scratch
from anarch.workflow.datasets import Images
from anarch.workflow.specs import RunSpec

SORTED = 40  # bytes moved for each byte that is sorted
# While distinct weights are counted: the network, all weights in one vector, sorted, their order in int64.
COPIES = 5


def measure(scale: Scale, wildcards: Wildcards) -> Cost:
    """Accuracies on three splits, non-zero and distinct weights, locality of the first layer."""
    runs = scratch.batches(scale.config["scratch"])[wildcards["batch"]]
    costs = []
    for run in runs:
        network, images, spec = scale.run("scratch", run)
        size = network.size
        work = look(network, sum(images.sizes[split] for split in ("train", "extra", "test")))
        work += Work(moved=SORTED * size.bytes)
        memory = images.stored + max(COPIES * size.bytes, size.stored + look_memory(network, LOOK))
        costs.append(Cost(measured=work, memory=BASE + memory) + _filters(network, images, spec))
    return total(costs) + Cost(start=START)


def filters(scale: Scale, wildcards: Wildcards) -> Cost:
    """First-layer filters of the chosen runs of one family, one a seed: as many as it has experiments."""
    section = scale.config["scratch"]
    costs = []
    for name, task in section["tasks"].items():
        for experiment in scratch.families(task)[scratch.FILTERS]:
            run = next(iter(scratch.candidates(name, task, experiment).values()))[0]
            network, images, spec = scale.run("scratch", run)
            costs.append(_filters(network, images, spec) + Cost(memory=BASE + 2 * network.size.bytes))
    return total(costs) + Cost(start=START)


def _filters(network: Network, images: Images, spec: RunSpec) -> Cost:
    """The first layer applied to unit vectors, one a value of an image; tied kernels are left out."""
    if spec.model.architecture != "mlp" and spec.model.lift == "none":
        return Cost()
    # Of a lifted S-CONV or an MLP the first layer has the larger part of the parameters, at most all.
    flops = 2.0 * images.values * network.size.parameters
    # Filters, and in float64 their squares by pixel: a third or more of their number.
    found = Work(flops, flops, 6 * network.size.bytes, 30)
    return Cost(measured=found, memory=BASE + 4 * network.size.bytes + FLOAT * images.values**2)


JOBS: dict[str, Job] = {
    "scratch_measure": measure,
    "scratch_filters": filters,
}
