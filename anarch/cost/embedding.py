"""Costs of the jobs of study embedding: small networks, full batch, most of it in float64 on a CPU."""

import warnings
from functools import cache

import torch

from anarch.cost.counting import counted
from anarch.cost.scale import Job, Scale, Wildcards
from anarch.cost.training import START
from anarch.cost.work import BASE, Cost, Work
from anarch.critical.channels import ConvNet
from anarch.critical.networks import gradient, hessian
from anarch.models.flat import Network
from anarch.workflow import embedding

DOUBLE = 8  # bytes
IRIS = (150, 4, 3)  # samples, features, classes
POLISHED = 60  # iterations of a polish, on average over points; at most 100
RUNGS = 9  # trial steps of an iteration
COPIES = 7  # of all features of all points, by a tangent a parameter, while a Hessian is computed
EIGEN = 4  # calls that take as long as the eigenvalues of one small matrix
PRECISE = 6.0  # seconds of eigenvalues in 50 digits
SMALLER = 0.4  # of a wide network's neurons, that are left after its reduction


def search(scale: Scale, wildcards: Wildcards) -> Cost:
    """Descents from all starts at once, then Levenberg-Marquardt from two points of each."""
    spec = embedding.searches(scale.config["embedding"])[wildcards["search"]]
    n, d, outputs = (spec["data"]["points"], 1, 1) if spec["case"] == "line" else IRIS
    network = Network((d, spec["width"], outputs), spec["activation"], spec["output_bias"])
    path = spec["steps"] * _slope(network, spec["starts"], n)
    points = 2 * spec["starts"]
    curved = _slope(network, points, n) + _curvature(network, points, n) + _slope(network, RUNGS * points, n)
    polish = POLISHED * (curved + Work(calls=EIGEN * points))
    memory = COPIES * DOUBLE * points * n * (d + spec["width"] + outputs) * network.parameters
    return Cost(trained=path, measured=polish, trainings=spec["starts"], memory=BASE + memory, start=START)


@cache
def _slope(network: Network, count: int, n: int) -> Work:
    return _counted(network, count, n, curved=False)


@cache
def _curvature(network: Network, count: int, n: int) -> Work:
    return _counted(network, count, n, curved=True)


def _counted(network: Network, count: int, n: int, *, curved: bool) -> Work:
    kind = {"dtype": torch.float64, "device": "meta"}
    theta = torch.empty(count, network.parameters, **kind)  # type: ignore[call-overload]
    x, y = (torch.empty(n, width, **kind) for width in (network.widths[0], network.widths[-1]))  # type: ignore[call-overload]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated")  # PyTorch's own forward mode
        return counted(lambda: (hessian if curved else gradient)(network, theta, x, y)).work


def two_layer(n: int, d: int, width: int, outputs: int, size: int) -> Work:
    """One step on ``n`` samples with the gradients written out; ``size``: bytes of a number."""
    flops = 2.0 * n * width * (2 * (d + 1) + 3 * outputs)
    entries = 14 * n * width + 12 * width * (d + 1 + outputs)
    return Work(flops, flops, size * entries, 16)


def descend(scale: Scale, wildcards: Wildcards) -> Cost:
    spec = embedding.descents(scale.config["embedding"])[wildcards["descent"]]
    n, width = spec["line"]["points"], spec["width"]
    kept = spec["steps"] / spec["record_every"] * 3 * DOUBLE * width
    work = spec["steps"] * two_layer(n, 1, width, 1, DOUBLE)
    return Cost(trained=work, trainings=1, memory=BASE + kept + 10 * DOUBLE * n * width, start=START)


def reduce(scale: Scale, wildcards: Wildcards) -> Cost:
    """One training of a wide network, and one of a narrow one from each of its points."""
    spec = embedding.reductions(scale.config["embedding"])[wildcards["network"]]
    images = scale.images[spec["dataset"]]
    n, outputs, wide = images.sizes["train"], images.classes, spec["width"]
    narrow = max(1, round(SMALLER * wide))
    retrained = len(spec["points"]) * spec["retrain_steps"]
    if spec["model"] == "two_layer":
        before, after = (two_layer(n, images.values, width, outputs, 4) for width in (wide, narrow))
        weights = wide * (images.values + 1 + outputs)
    else:
        shape = (spec["kernel"], spec["stride"], spec["pool"])
        before, after = (_conv_step(images.shape, n, outputs, width, shape) for width in (wide, narrow))
        weights = _pools(images.shape, shape) * wide * outputs
    kept = 4 * weights * (spec["steps"] + retrained) / spec["record_every"]
    held = 4 * n * (images.values + 8 * wide * (1 if spec["model"] == "two_layer" else images.values))
    return Cost(
        trained=spec["steps"] * before + retrained * after,
        trainings=1 + len(spec["points"]),
        memory=BASE + images.stored + kept + held,
        start=START,
    )


def _pools(shape: tuple[int, int, int], window: tuple[int, int, int]) -> int:
    kernel, stride, pool = window
    rows, columns = (((side - kernel) // stride + 1) // pool for side in shape[1:])
    return rows * columns


@cache
def _conv_step(
    shape: tuple[int, int, int], n: int, outputs: int, width: int, window: tuple[int, int, int]
) -> Work:
    kernel, stride, pool = window
    inner = torch.empty(width, shape[0] * kernel**2 + 1, device="meta", requires_grad=True)
    outer = torch.empty(width, _pools(shape, window) * outputs, device="meta", requires_grad=True)
    net = ConvNet(inner, outer, "relu", kernel, stride, pool, shape[0], outputs)
    x, y = torch.empty(n, *shape, device="meta"), torch.empty(n, outputs, device="meta")
    return counted(lambda: (net.output(x) - y).square().sum(1).mean().backward()).work


def embed(scale: Scale, wildcards: Wildcards) -> Cost:
    """Spectra of small networks, some of them in many digits."""
    return Cost(memory=BASE, start=START + PRECISE)


def certify(scale: Scale, wildcards: Wildcards) -> Cost:
    """Random networks, each with all its derivatives, and small searches: operations on a few numbers."""
    chosen = scale.config["embedding"]["certificate"]
    work = Work(calls=1_000 * chosen["trials"] + 20_000 * chosen["data_sets"])
    return Cost(measured=work, memory=BASE, start=START)


JOBS: dict[str, Job] = {
    "embedding_search": search,
    "embedding_embed": embed,
    "embedding_descend": descend,
    "embedding_reduce": reduce,
    "embedding_certify": certify,
}
