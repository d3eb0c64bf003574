"""Costs of the jobs of study bad_minima that do not train by the common rule."""

from anarch.cost.ensembles import descent, memory
from anarch.cost.measuring import LOOK, attack, look, slope_memory
from anarch.cost.scale import Job, Scale, Wildcards
from anarch.cost.training import START, whole
from anarch.cost.work import BASE, Cost, Work
from anarch.workflow import bad_minima

# Defaults of workflow_scripts/toy_boundaries.py: an MLP 2-100-100-1, 50 points of each class.
TOY = (2, 100, 100, 1)
POINTS, STEPS, ROUNDS = 100, 2000, 6


def measure(scale: Scale, wildcards: Wildcards) -> Cost:
    """Margins, accuracies, path norms and, of runs on true labels, robustness, where runs ended."""
    section = scale.config["bad_minima"]
    attacks = sum(epsilon > 0 for epsilon in section["epsilons"])
    work, needed = Work(), 0.0
    for run in bad_minima.members(section, wildcards["setup"], int(wildcards["seed"])):
        network, images, _ = scale.run("bad_minima", run)
        train_images, test = images.sizes["train"], images.sizes["test"]
        work += 2 * look(network, train_images) + look(network, test)
        work += 4 * look(
            network, 1
        )  # path norms of two orders, in float64, more than once where one overflows
        if bad_minima.describe(run)["stage"] == "training":
            work += attacks * attack(network, test) + (len(section["epsilons"]) - attacks) * look(
                network, test
            )
        kept = 6 * network.size.stored  # itself, its folded copy in float64, and the ends that distances need
        data = whole(images, "train", "test") + images.stored
        needed = max(needed, kept + slope_memory(network, min(LOOK, test)) + data)
    return Cost(measured=work, memory=BASE + needed, start=START)


def toy(scale: Scale, wildcards: Wildcards) -> Cost:
    """Four settings of a network a seed; all but the last are counted as if none had stopped early."""
    seeds = len(scale.config["bad_minima"]["toy"]["seeds"])
    work = descent(TOY, seeds, POINTS, 2 * STEPS, "sgd") + descent(TOY, seeds, POINTS, ROUNDS * STEPS, "adam")
    work += descent(TOY, seeds, 3 * POINTS, STEPS, "sgd")
    return Cost(trained=work, trainings=4 * seeds, memory=BASE + memory(TOY, seeds, 3 * POINTS), start=START)


JOBS: dict[str, Job] = {
    "bad_minima_measure": measure,
    "bad_minima_toy_boundaries": toy,
}
