"""The one-step embedding T^alpha_{l,s}: a neuron, or a channel, becomes two and the output stays the same."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_POINTWISE = (
    nn.Tanh, nn.ReLU, nn.Sigmoid, nn.Softplus, nn.GELU, nn.SiLU, nn.ELU, nn.SELU, nn.LeakyReLU, nn.Softsign,
    nn.Identity, nn.LogSigmoid, nn.Tanhshrink, nn.Hardtanh, nn.ReLU6, nn.CELU, nn.Mish, nn.Hardswish,
)  # fmt: skip
_PER_CHANNEL = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.ZeroPad2d,
    nn.BatchNorm2d,
)


def split_neuron(model: nn.Module, layer: int, neuron: int, alpha: float) -> nn.Module:
    """T^alpha_{l,s} of embedding, definition 5: a new module one neuron wider; ``model`` is untouched.

    The last neuron of the widened layer has the weights and bias that lead into ``neuron``; of the weights
    that lead out of it, the copy gets the share ``alpha`` (any real number) and the original 1 - ``alpha``.

    Args:
        model: nn.Sequential of Linear layers and pointwise activations.
        layer: counts the Linear modules from 0, so that l of the paper is ``layer`` + 1.
        neuron: an output of that Linear, from 0.

    Raises:
        ValueError: an index out of range, the last layer (nothing leads out of it), a module of another kind.
    """
    places = _weight_layers(model, (nn.Linear,), _POINTWISE)
    return _split(model, places, layer, neuron, alpha, "neuron")


def split_evenly(model: nn.Module, layer: int, neuron: int, copies: int) -> nn.Module:
    """``neuron`` as ``copies`` equal neurons, each with 1/``copies`` of its output weights (Fig. 3).

    The composition of ``copies`` - 1 one-step embeddings of the original with alpha = 1/copies, then
    1/(copies - 1), ..., 1/2: what stays is always 1/copies of the beginning for each copy made.

    Raises:
        ValueError: as `split_neuron`; ``copies`` below 1.
    """
    if copies < 1:
        raise ValueError(f"a neuron can become 1 or more copies, got {copies}")
    wide = deepcopy(model)
    for remaining in range(copies, 1, -1):
        wide = split_neuron(wide, layer, neuron, 1 / remaining)
    return wide


def split_channel(model: nn.Module, layer: int, channel: int, alpha: float) -> nn.Module:
    """T^alpha for a CNN, by the feature splitting of embedding, Sec. 6: one channel more, the same output.

    The kernel of ``channel`` is copied with its bias and its batch norm; the kernels of the next convolution
    that read the channel, or the columns of the next Linear that read its positions, are divided into
    ``alpha`` and 1 - ``alpha``.  Criticality is preserved likewise; batch norms count as in evaluation mode.

    Args:
        model: nn.Sequential of Conv2d (groups = 1), pointwise activations, pools, zero padding, BatchNorm2d,
            and after one Flatten Linear layers.
        layer: counts Conv2d and Linear modules together from 0; a Linear's neurons split as `split_neuron`'s.
        channel: an output of that layer, from 0.

    Raises:
        ValueError: as `split_neuron`.
    """
    allowed = (*_POINTWISE, *_PER_CHANNEL, nn.Flatten)
    places = _weight_layers(model, (nn.Conv2d, nn.Linear), allowed)
    return _split(model, places, layer, channel, alpha, "channel")


def _weight_layers(model: nn.Module, weights: tuple[type, ...], others: tuple[type, ...]) -> list[int]:
    """Places of the weight layers in ``model``; ValueError where it holds what cannot be split through."""
    if not isinstance(model, nn.Sequential):
        raise ValueError(f"cannot split in a {type(model).__name__}; allowed: a flat nn.Sequential")
    for place, module in enumerate(model):
        if type(module) not in (*weights, *others):
            names = ", ".join(kind.__name__ for kind in (*weights, *others))
            raise ValueError(f"cannot split with module {place}, {type(module).__name__}; allowed: {names}")
        if isinstance(module, nn.Conv2d) and module.groups != 1:
            raise ValueError(
                f"cannot split with module {place}: groups = {module.groups}; allowed: groups = 1"
            )
        if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) != (1, -1):
            raise ValueError(f"cannot split with module {place}, {module}; allowed: nn.Flatten() as it comes")
    return [place for place, module in enumerate(model) if isinstance(module, weights)]


def _split(model: nn.Module, places: list[int], layer: int, unit: int, alpha: float, what: str) -> nn.Module:
    if not 0 <= layer < len(places) - 1:
        raise ValueError(
            f"layer must be 0..{len(places) - 2}, got {layer}: of {len(places)} weight layers the last has "
            "no outgoing weights to split"
        )
    wide: list[nn.Module] = list(deepcopy(model).children())
    here, there = places[layer], places[layer + 1]
    units = len(wide[here].get_parameter("weight"))
    if not 0 <= unit < units:
        raise ValueError(f"{what} must be 0..{units - 1} in layer {layer}, got {unit}")
    for place in range(here, there):
        wide[place] = _with_copied_output(wide[place], unit)
    wide[there] = _with_split_input(wide[there], unit, units, alpha)
    result = type(model)(*wide)
    result.training = model.training
    return result


def _with_copied_output(module: nn.Module, unit: int) -> nn.Module:
    """``module`` with output ``unit`` a second time, as the last: W <- [W; W_s], b <- [b; b_s]."""
    if isinstance(module, (nn.Conv2d, nn.Linear, _BatchNorm)):
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        for name, values in own:
            if values.ndim:  # a batch norm's counter of batches has no axis
                setattr(module, name, _like(values, torch.cat([values, values[unit : unit + 1]])))
    return _with_sizes(module, 1, ("out_channels", "out_features", "num_features"))


def _with_split_input(module: nn.Module, unit: int, units: int, alpha: float) -> nn.Module:
    """``module`` that reads ``unit`` twice: W <- [W, 0] + alpha [.., -W_s, .., W_s] (T + alpha V, def. 5)."""
    weight = module.get_parameter("weight")
    by_unit = weight.detach().unflatten(1, (units, -1))  # (out, units, positions or 1, ...)
    outgoing = by_unit[:, unit : unit + 1]
    wide = torch.cat([by_unit, alpha * outgoing], dim=1)
    wide[:, unit : unit + 1] *= 1 - alpha
    module.weight = nn.Parameter(wide.flatten(1, 2), requires_grad=weight.requires_grad)
    return _with_sizes(module, by_unit.shape[2], ("in_channels", "in_features"))


def _like(old: Tensor, values: Tensor) -> Tensor:
    if isinstance(old, nn.Parameter):
        return nn.Parameter(values.detach().clone(), requires_grad=old.requires_grad)
    return values.clone()


def _with_sizes(module: nn.Module, more: int, names: tuple[str, ...]) -> nn.Module:
    for name in names:
        if hasattr(module, name):
            setattr(module, name, getattr(module, name) + more)
    return module
