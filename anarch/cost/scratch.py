"""Costs of the jobs of study scratch that do not train."""

from anarch.cost.measuring import look, look_memory
from anarch.cost.networks import FLOAT
from anarch.cost.scale import Job, Scale, Wildcards, measured, small
from anarch.cost.work import Cost, Work
from anarch.training.loop import AT_ONCE
from anarch.workflow import scratch

SORTED = 40  # bytes moved for each byte that is sorted
# While distinct weights are counted: the network, all weights in one vector, sorted, their order in int64.
COPIES = 5


def measure(scale: Scale, wildcards: Wildcards) -> Cost:
    """Accuracies on three splits, non-zero and distinct weights, and filters of the first layer."""
    work, memory = Work(), 0.0
    for run in scratch.batches(scale.config["scratch"])[wildcards["batch"]]:
        network, images, _ = scale.run("scratch", run)
        size = network.size
        work += look(network, sum(images.sizes[split] for split in ("train", "extra", "test")))
        work += Work(moved=SORTED * size.bytes)
        looking = size.stored + look_memory(network, AT_ONCE)
        filters = 4 * size.bytes + FLOAT * images.values**2
        memory = max(memory, images.stored + max(COPIES * size.bytes, looking), filters)
    return measured(work, memory)


JOBS: dict[str, Job] = {"scratch_measure": measure, "scratch_filters": small, "scratch_twins": small}
