"""What a pass through a network takes: the real network and its real derivatives, on the meta device."""

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from anarch.cost.counting import Count, Counter, counted
from anarch.cost.work import Work
from anarch.lifting.layers import FullyConnected, LiftedConv
from anarch.models import build
from anarch.workflow.specs import Model, canonical_json, parse

FLOAT = 4  # bytes


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    parameters: int
    tensors: int  # in which the parameters lie
    stored: int  # bytes of its weights and buffers in a file

    @property
    def bytes(self) -> int:
        """Of its parameters, and so of a gradient."""
        return FLOAT * self.parameters


@dataclass(frozen=True)
class Step:
    """Loss and gradient of a batch in training mode; bytes are beside the weights, the batch counted."""

    forward: Work  # of the forward pass alone
    work: Work
    activations: float  # bytes that the forward pass leaves for the backward pass
    widest: float  # bytes of maps that one operation of the forward pass reads and writes, at most
    peak: float  # bytes at once, the new gradient with all its parts included
    plain_peak: float  # the same where each part is used and dropped as it comes, as by `PlainSGD`


@dataclass(frozen=True)
class Network:
    """An architecture in the space that it is trained in, on images of one shape, so many at once."""

    model: str  # canonical JSON of a `Model`
    shape: tuple[int, int, int]
    classes: int
    batch: int

    @classmethod
    def of(cls, model: Model, shape: tuple[int, int, int], classes: int, batch: int) -> "Network":
        """Dropout is left out: its masks are small beside the activations."""
        options = {name: value for name, value in model.options.items() if name != "dropout"}
        return cls(canonical_json(replace(model, options=options)), shape, classes, batch)

    @property
    def size(self) -> Size:
        return _size(replace(self, batch=1))

    @property
    def step(self) -> Step:
        return _step(self)

    def curvature(self, images: int) -> Count:
        """A Hessian-vector product over ``images`` at once, as in `anarch.landscape.hessian`."""
        return _curvature(replace(self, batch=images))


@cache
def on_meta(network: Network) -> nn.Module:
    """The network without memory for weights: a thousand million of them are as cheap as ten.

    Raises:
        ValueError: the architecture does not take these images.
    """
    model = parse(Model, json.loads(network.model))
    narrow = build(model.architecture, network.shape, network.classes, **model.options).to("meta")
    if model.lift == "none":
        return narrow
    lifted: nn.Module = import_module("anarch.lifting.walk").lift(narrow, network.shape, to=model.lift)
    return lifted


@cache
def _size(network: Network) -> Size:
    module = on_meta(network)
    parameters = list(module.parameters())
    stored = sum(t.numel() * t.element_size() for t in module.state_dict().values())
    return Size(sum(p.numel() for p in parameters), len(parameters), stored)


@cache
def _step(network: Network) -> Step:
    module, (images, labels) = on_meta(replace(network, batch=1)).train(), _batch(network)
    with Counter() as counter:

        def drop(parameter: Tensor) -> None:
            if parameter.grad is not None:
                counter.keep(parameter.grad)
                parameter.grad = None

        handles = [p.register_post_accumulate_grad_hook(drop) for p in module.parameters()]
        loss = F.cross_entropy(module(images), labels)
        forward = counter.count()
        loss.backward()
        end = counter.count()
    for handle in handles:
        handle.remove()
    share, held = _padded_share(module, forward.work.flops / len(images)), images.numel() * FLOAT
    return Step(
        replace(forward.work, padded=share * forward.work.flops),
        replace(end.work, padded=share * end.work.flops),
        forward.alive + held,
        forward.widest + held,
        end.peak_kept + held,
        end.peak + held,
    )


@cache
def _curvature(network: Network) -> Count:
    module, (images, labels) = on_meta(replace(network, batch=1)).eval(), _batch(network)
    parameters = list(module.parameters())

    def product() -> tuple[Tensor, ...]:
        loss = F.cross_entropy(module(images), labels)
        slopes = torch.autograd.grad(loss, parameters, create_graph=True)
        outputs = [slope for slope in slopes if slope.requires_grad]
        along = [torch.empty_like(slope) for slope in outputs]
        return torch.autograd.grad(outputs, parameters, grad_outputs=along, materialize_grads=True)

    count = counted(product)
    looked = counted(lambda: module(images))
    share = _padded_share(module, looked.work.flops / len(images))
    return replace(count, work=replace(count.work, padded=share * count.work.flops))


def _batch(network: Network) -> tuple[Tensor, Tensor]:
    images = torch.empty(network.batch, *network.shape, device="meta")
    return images, torch.empty(network.batch, dtype=torch.int64, device="meta")


def _padded_share(module: nn.Module, flops: float) -> float:
    """What the products would be, over what they are, if lifted layers were as the authors' (`Work.padded`).

    ``flops``: of one image's forward pass.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, LiftedConv)]
    return 1 + sum(2 * (padded_products(layer) - products(layer)) for layer in layers) / flops


def products(layer: LiftedConv) -> int:
    """Multiplications of one image's forward pass."""
    rows, columns = layer.geometry.dense_shape
    return rows * (columns if isinstance(layer, FullyConnected) else layer.fan_in)


def padded_products(layer: LiftedConv) -> int:
    """The same for a dense matrix with a column for each pixel of the padded map, as in the authors' code."""
    shape = layer.geometry
    return shape.dense_shape[0] * shape.inputs[0] * shape.padded_pixels
