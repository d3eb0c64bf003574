"""PyTorch's default initial weights, drawn from a generator of one's own."""

import math

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

_NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)


@torch.no_grad()
def initialise_(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Fill ``model`` with PyTorch's default start and return it.

    Weights and biases are U(-b, b) with b = 1 / sqrt(fan_in), norms 1 and 0.  Numbers are drawn in the order
    of ``model.modules()``, weight before bias, on the generator's own device: a CPU generator gives one start
    for every device.  Lifted layers are drawn like any other: the standard FCN of needle, Sec. 4, step 5.

    Raises:
        ValueError: a module holds parameters and no rule for them is known.
    """
    for name, module in model.named_modules():
        bound = uniform_bound(module, name)
        if isinstance(module, _NORMS):
            module.reset_parameters()
        if bound is None:
            continue
        for parameter in (module.weight, module.bias):
            if isinstance(parameter, nn.Parameter):
                _draw_(parameter, bound, generator)
    return model


def uniform_bound(module: nn.Module, name: str = "") -> float | None:
    """b of ``module``'s own parameters, which start as U(-b, b); None where nothing is drawn.

    Raises:
        ValueError: ``module``, called ``name``, holds parameters and no rule for them is known.
    """
    own = {key for key, _ in module.named_parameters(recurse=False)}
    if not own or isinstance(module, _NORMS):
        return None
    fan_in = getattr(module, "fan_in", None)
    if fan_in is None and isinstance(module, (_ConvNd, nn.Linear)):
        fan_in = module.weight[0].numel()
    if fan_in is None or not own <= {"weight", "bias"}:
        raise ValueError(
            f"no default start is known for {type(module).__name__} {name!r} with {', '.join(sorted(own))}; "
            "give its class a property `fan_in` and no parameters but weight and bias, or fill it yourself"
        )
    return 1 / math.sqrt(fan_in)


def _draw_(parameter: nn.Parameter, bound: float, generator: torch.Generator) -> None:
    if parameter.device == generator.device:
        parameter.uniform_(-bound, bound, generator=generator)
    else:
        drawn = torch.empty(parameter.shape, dtype=parameter.dtype, device=generator.device)
        parameter.copy_(drawn.uniform_(-bound, bound, generator=generator))
