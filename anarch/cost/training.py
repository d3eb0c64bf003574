"""What a training of the common kind costs, from its spec."""

import math

from anarch.cost.measuring import look, look_memory
from anarch.cost.networks import FLOAT, Network
from anarch.cost.work import BASE, Cost, Work
from anarch.training.loop import AT_ONCE as LOOK
from anarch.workflow.datasets import Images
from anarch.workflow.specs import Recipe, RunSpec

START = 2.0  # seconds until torch is imported and the data are read
# Vectors as long as the network's that an optimiser keeps from step to step, beside weights and gradient.
STATES = {
    "sgd": 0, "beta_lasso": 0, "adam": 2, "adamw": 2, "amsgrad": 3, "adamax": 2, "adadelta": 2, "adagrad": 1,
    "asgd": 1, "rmsprop": 1, "proxprop": 2, "evolution": 3, "lbfgs": 205,  # 100 pairs, and what a step needs
}  # fmt: skip
LBFGS = 20  # evaluations a step: torch.optim's default
GRAM = 9  # a 3 x 3 convolution's inputs times themselves, over its forward pass: what ProxProp adds to a step
VALUE = 18  # bytes moved to make one value of a network's input from a pixel


def network_of(spec: RunSpec, images: Images) -> Network:
    """The network of ``spec`` with a batch of its recipe, poisoned images counted."""
    batch = min(spec.recipe.batch_size, seen(spec, images)) + (spec.poison.batch_size if spec.poison else 0)
    return Network.of(spec.model, images.shape, images.classes, batch)


def trained(spec: RunSpec, images: Images) -> Cost:
    """Cost of the training ``spec`` on ``images``, as if it went on to its last epoch.

    Raises:
        ValueError: the architecture does not take these images.
    """
    network, recipe = network_of(spec, images), spec.recipe
    count = seen(spec, images)
    steps = recipe.epochs * count / min(recipe.batch_size, count)
    work = steps * (step_work(network, recipe) + inputs(images, network.batch))
    return Cost(
        trained=work + looks(network, recipe, count, images.sizes["test"]),
        trainings=1,
        memory=BASE + images.stored + training_memory(network, recipe, max(count, images.sizes["test"])),
        disk=network.size.stored * (1 + len(spec.snapshots)),
        start=START,
    )


def seen(spec: RunSpec, images: Images) -> int:
    """Images of an epoch."""
    return images.sizes["train"] * (spec.corruption.replicas if spec.corruption else 1)


def step_work(network: Network, recipe: Recipe) -> Work:
    """One step of the optimiser: evaluations of the batch, and the update."""
    size, kept, step = network.size, states(recipe), network.step
    update = Work(moved=(3 + 2 * kept) * size.bytes, calls=(1 + 2 * kept) * size.tensors)
    match recipe.optimiser:
        case "lbfgs":
            return LBFGS * (step.work + Work(moved=(3 + 2 * kept) * size.bytes, calls=2 * kept))
        case "evolution":
            draws = Work(moved=8 * recipe.pairs * size.bytes, calls=8 * recipe.pairs)
            return (1 + 2 * recipe.pairs) * step.forward + draws
        case "proxprop":
            return step.work + GRAM * step.forward + update
    return step.work + update


def inputs(images: Images, batch: int) -> Work:
    return Work(moved=VALUE * batch * images.values, calls=6)


def looks(network: Network, recipe: Recipe, count: int, test: int) -> Work:
    """Evaluations on the way: of the training set at the start and where it may stop, of the test set."""
    tests = 1 + math.ceil(recipe.epochs / recipe.test_every)
    checks = 1 + recipe.epochs // recipe.check_every if recipe.stop_at else 0
    return (1 + checks) * look(network, count) + tests * look(network, test)


def is_plain(recipe: Recipe) -> bool:
    return recipe.optimiser == "sgd" and recipe.momentum == recipe.weight_decay == 0


def states(recipe: Recipe) -> int:
    if recipe.optimiser == "sgd" and recipe.momentum:
        return 1
    return STATES.get(recipe.optimiser, STATES["adam"])  # one's own is taken to keep what Adam keeps


def training_memory(network: Network, recipe: Recipe, images: int) -> float:
    """Bytes of weights, gradient, optimiser state and activations at once; ``images``: of the larger split.

    A step's gradient is there until the next step's forward pass has ended.  In bf16 activations take half,
    and a copy of the weights is there beside them.
    """
    size, step = network.size, network.step
    training = step.plain_peak if is_plain(recipe) else max(step.peak, size.bytes + step.activations)
    looking = look_memory(network, min(LOOK, images))
    if recipe.precision == "bf16":
        training += (size.bytes - step.activations) / 2
        looking = (size.bytes + looking) / 2
    return size.stored + states(recipe) * size.bytes + max(training, looking)


def whole(images: Images, *splits: str) -> float:
    """Bytes of all images of ``splits`` as a network's inputs."""
    return FLOAT * images.values * sum(images.sizes[split] for split in splits)
