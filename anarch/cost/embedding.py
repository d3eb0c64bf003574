"""Costs of the jobs of study embedding: small networks, full batch, most of it in float64 on a CPU."""

import warnings
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from anarch.cost.counting import counted
from anarch.cost.scale import Job, Scale, Wildcards, small
from anarch.cost.training import START
from anarch.cost.work import BASE, Cost, Work
from anarch.critical.channels import gaussian_cnn
from anarch.critical.descent import TwoLayer, gaussian
from anarch.critical.networks import gradient, hessian
from anarch.models.flat import Network
from anarch.workflow import embedding

DOUBLE = 8  # bytes
IRIS = (150, 4, 3)  # samples, features, classes
POLISHED = 60  # iterations of a polish, on average over points; at most 100
RUNGS = 9  # trial steps of an iteration
COPIES = 7  # of all features of all points, by a tangent a parameter, while a Hessian is computed
EIGEN = 4  # calls that take as long as the eigenvalues of one small matrix
SMALLER = 0.4  # of a wide network's neurons, that are left after its reduction
META = torch.device("meta")


def search(scale: Scale, wildcards: Wildcards) -> Cost:
    """Descents from all starts at once, then Levenberg-Marquardt from two points of each."""
    spec = embedding.searches(scale.config["embedding"])[wildcards["search"]]
    n, d, outputs = (spec["data"]["points"], 1, 1) if spec["case"] == "line" else IRIS
    network = Network((d, spec["width"], outputs), spec["activation"], spec["output_bias"])
    path = spec["steps"] * _counted(gradient, network, spec["starts"], n)
    points = 2 * spec["starts"]
    iteration = _counted(hessian, network, points, n) + _counted(gradient, network, (1 + RUNGS) * points, n)
    polish = POLISHED * (iteration + Work(calls=EIGEN * points))
    memory = COPIES * DOUBLE * points * n * sum(network.widths) * network.parameters
    return Cost(trained=path, measured=polish, trainings=spec["starts"], memory=BASE + memory, start=START)


@cache
def _counted(function: Callable[..., Tensor], network: Network, count: int, n: int) -> Work:
    """``function`` of the loss at ``count`` points."""
    kind = {"dtype": torch.float64, "device": META}
    theta = torch.empty(count, network.parameters, **kind)  # type: ignore[call-overload]
    x, y = (torch.empty(n, network.widths[end], **kind) for end in (0, -1))  # type: ignore[call-overload]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated")  # PyTorch's own forward mode
        return counted(lambda: function(network, theta, x, y)).work


def step(net: TwoLayer, shape: tuple[int, ...], n: int, outputs: int) -> Work:
    """One step of a training on ``n`` samples of ``shape``, but for the update, which is small beside it."""
    net = net.to(META)
    x = net.inputs(torch.empty(n, *shape, dtype=net.inner.dtype, device=META))
    y = torch.empty(n, outputs, dtype=net.inner.dtype, device=META)
    return counted(lambda: net.slopes(x, y)).work


def descend(scale: Scale, wildcards: Wildcards) -> Cost:
    spec = embedding.descents(scale.config["embedding"])[wildcards["descent"]]
    n, width = spec["line"]["points"], spec["width"]
    work = spec["steps"] * step(gaussian(1, width, 1, 1.0, torch.Generator()), (1,), n, 1)
    kept = spec["steps"] / spec["record_every"] * 3 * DOUBLE * width
    return Cost(trained=work, trainings=1, memory=BASE + kept + 10 * DOUBLE * n * width, start=START)


def reduce(scale: Scale, wildcards: Wildcards) -> Cost:
    """One training of a wide network, and one of a narrow one from each of its points, by every step."""
    spec = embedding.reductions(scale.config["embedding"])[wildcards["network"]]
    images, draws = scale.images[spec["dataset"]], torch.Generator()
    n, outputs = images.sizes["train"], images.classes

    def network(width: int) -> TwoLayer:
        if spec["model"] == "two_layer":
            return gaussian(images.values, width, outputs, 1.0, draws, activation="relu", dtype=torch.float32)
        geometry = {name: spec[name] for name in ("kernel", "stride", "pool")}
        return gaussian_cnn(images.shape, width, outputs, 1.0, draws, **geometry, dtype=torch.float32)

    flat = spec["model"] == "two_layer"
    shape = (images.values,) if flat else images.shape
    wide, narrow = network(spec["width"]), network(max(1, round(SMALLER * spec["width"])))
    retrained = len(spec["points"]) * spec["retrain_steps"]
    work = spec["steps"] * step(wide, shape, n, outputs) + retrained * step(narrow, shape, n, outputs)
    looks = spec["steps"] / spec["record_every"]
    kept = 4 * sum(
        count * (net.inner.numel() + net.outer.numel())
        for net, count in ((wide, looks), (narrow, spec["retrain_steps"]))
    )
    held = 4 * n * (images.values + 8 * spec["width"] * (1 if flat else images.values))
    return Cost(
        trained=work,
        trainings=1 + len(spec["points"]),
        memory=BASE + images.stored + kept + held,
        start=START,
    )


JOBS: dict[str, Job] = {
    "embedding_search": search,
    "embedding_descend": descend,
    "embedding_reduce": reduce,
    **dict.fromkeys(("embedding_embed", "embedding_certify"), small),
}
