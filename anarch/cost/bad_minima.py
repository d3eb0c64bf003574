"""Costs of the jobs of study bad_minima that do not train by the common rule."""

from anarch.cost.ensembles import descent, memory
from anarch.cost.measuring import look, slope_memory
from anarch.cost.scale import Job, Scale, Wildcards, measured
from anarch.cost.training import START, whole
from anarch.cost.work import BASE, Cost, Work
from anarch.training.loop import AT_ONCE
from anarch.training.toy_minima import Toy
from anarch.workflow import bad_minima


def measure(scale: Scale, wildcards: Wildcards) -> Cost:
    """Margins and accuracies where runs ended, and the robustness of those of Fig. 6."""
    section = scale.config["bad_minima"]
    # Images are displaced along the sign of their gradient: a pass, one back to them, one there.
    looks = sum(3 if epsilon > 0 else 1 for epsilon in section["epsilons"])
    work, needed = Work(), 0.0
    for run in bad_minima.members(section, wildcards["setup"], int(wildcards["seed"])):
        network, images, _ = scale.run("bad_minima", run)
        train_images, test = images.sizes["train"], images.sizes["test"]
        work += 2 * look(network, train_images) + look(network, test)
        told = bad_minima.describe(run)
        if bad_minima.in_curves(told["stage"], told["mode"], told["replicas"], section["replicas"]):
            work += looks * look(network, test)
        kept = 5 * network.size.stored  # itself, its folded copy in float64, where it began, and W0R
        data = whole(images, "train", "test") + images.stored
        needed = max(needed, kept + slope_memory(network, min(AT_ONCE, test)) + data)
    return measured(work, needed)


def toy(scale: Scale, wildcards: Wildcards) -> Cost:
    """Four settings of a network per seed; all but the last are counted as if none had stopped early."""
    toy, seeds = Toy(), len(scale.config["bad_minima"]["toy"]["seeds"])
    n = 2 * toy.points
    work = descent(toy.widths, seeds, n, 2 * toy.steps, "sgd")
    work += descent(toy.widths, seeds, n, toy.random_rounds * toy.random_steps, "adam")
    work += descent(toy.widths, seeds, 3 * n, toy.steps, "sgd")
    needed = memory(toy.widths, seeds, 3 * n)
    return Cost(trained=work, trainings=4 * seeds, memory=BASE + needed, start=START)


JOBS: dict[str, Job] = {
    "bad_minima_measure": measure,
    "bad_minima_toy_boundaries": toy,
}
