"""Whether this machine computes a network as float64 does: its outputs, and the gradient of every layer."""

from collections.abc import Mapping
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from anarch.onednn import guarded
from anarch.training.loop import arithmetic, use_precision

ROUNDING = {"fp32": 2**-24, "tf32": 2**-11, "bf16": 2**-8}  # unit round-off of a product's factors
TOLERANCE = 100.0  # of `rounding_errors`: sound kernels stay below 15 in every precision


def rounding_errors(network: nn.Module, x: Tensor, y: Tensor, precision: str) -> dict[str, float]:
    """How far logits, called "output", and the loss's slope by each parameter are off, in units of round-off.

    A unit is the change of the exact value where every parameter and input is off by one round-off u of
    ``precision``, with a sign drawn at random, and u times the value besides: no algorithm can be expected to
    do better, whatever the depth (backward error: Higham 2002, Sec. 1.5).  A wrong kernel is off by far more.

    Computed on the device of ``x`` (N, C, H, W) as a training step does it, but without dropout; the exact
    value in float64 on the CPU.  ``y`` int64 (N,); ``network`` stays as it is.
    """
    use_precision(precision)
    roundoff = ROUNDING[precision]
    computed = _logits_and_slopes(deepcopy(network), x, y, precision)
    wide, images, labels = deepcopy(network).double().cpu(), x.double().cpu(), y.cpu()
    exact = _logits_and_slopes(deepcopy(wide), images, labels, "fp32")
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in (images, *wide.parameters()):
            tensor *= 1 + roundoff * torch.randint(-1, 2, tensor.shape, generator=draws)
    moved = _logits_and_slopes(wide, images, labels, "fp32")
    whole = _norm({name: slope for name, slope in exact.items() if name != "output"})
    return {
        name: (
            (computed[name].double().cpu() - value).norm()
            / ((moved[name] - value).norm() + roundoff * (value.norm() + whole))
        ).item()
        for name, value in exact.items()
    }


def _logits_and_slopes(network: nn.Module, x: Tensor, y: Tensor, precision: str) -> dict[str, Tensor]:
    network.train()
    for module in network.modules():
        if isinstance(module, _DropoutNd):
            module.eval()
    with arithmetic(precision, x.device), guarded(network):
        logits = network(x)
    if x.dtype != torch.float64:
        logits = logits.float()
    F.cross_entropy(logits, y).backward()
    slopes = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    return {"output": logits.detach(), **slopes}


def _norm(tensors: Mapping[str, Tensor]) -> Tensor:
    return torch.stack([tensor.norm() for tensor in tensors.values()]).norm()
