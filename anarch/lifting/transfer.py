"""What else a convolution has than a kernel, for the layer lifted from it: ties, hooks, attributes."""

from collections.abc import Mapping

from torch import nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from anarch.lifting.layers import LiftedConv

_KEYS = {"weight", "bias"}
_OWN = set(vars(nn.Conv2d(1, 1, 1)))
_HOOKS = (
    "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called",
    "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs",
    "_backward_hooks", "_backward_pre_hooks", "_is_full_backward_hook",
)  # fmt: skip


def refuse_unliftable(model: nn.Module) -> None:
    """ValueError if ``model`` holds a convolution that is more than a ``Conv2d`` with its own parameters."""
    names = _names(model)
    for name, module in model.named_modules():
        if not isinstance(module, _ConvNd):
            continue
        what = f"cannot lift {_kind(module)} {name!r}"
        if parametrize.is_parametrized(module):
            raise ValueError(
                f"{what}: its weight is computed by a parametrisation such as weight norm, which would "
                "be lost; call torch.nn.utils.parametrize.remove_parametrizations(conv, 'weight') first"
            )
        if type(module) is not nn.Conv2d:
            raise ValueError(f"{what}; allowed: plain Conv2d")
        own = dict(module.named_parameters(recurse=False))
        if "weight" not in own:
            raise ValueError(f"{what}: its weight is computed; remove its weight norm first")
        if "forward" in vars(module):
            raise ValueError(f"{what}: its forward is replaced, which would be lost; lift the plain Conv2d")
        if [*module.children(), *module.buffers(recurse=False)] or own.keys() - _KEYS:
            raise ValueError(f"{what}: it holds more than weight and bias; allowed: plain Conv2d")
        for key, parameter in own.items():
            other = next((one for one in names[id(parameter)] if not _of_conv(model, one)), None)
            if other is not None:
                raise ValueError(f"{what}: its {key} is {other!r} too, which is not lifted; untie them first")


def tie_(lifted: Mapping[nn.Conv2d, LiftedConv], names: Mapping[nn.Conv2d, str]) -> None:
    """Parameters that several convolutions share become shared by the layers lifted from them.

    Raises:
        ValueError: they are on maps of different sizes, so that their lifted weights differ in meaning.
    """
    for key in ("weight", "bias"):
        first: dict[int, nn.Conv2d] = {}
        for conv in lifted:
            tied = first.setdefault(id(getattr(conv, key)), conv)
            if getattr(conv, key) is None or tied is conv:
                continue
            if lifted[conv].geometry != lifted[tied].geometry:
                raise ValueError(
                    f"cannot lift Conv2d {names[conv]!r}: it shares its {key} with {names[tied]!r}, but they "
                    "differ in their maps or strides; untie them first"
                )
            setattr(lifted[conv], key, getattr(lifted[tied], key))


def hand_over_(conv: nn.Conv2d, layer: LiftedConv) -> None:
    """Mode, ``requires_grad``, hooks and further attributes of ``conv``, which is given up, to ``layer``."""
    for key, parameter in layer.named_parameters(recurse=False):
        parameter.requires_grad_(getattr(conv, key).requires_grad)
    layer.training = conv.training
    for name in _HOOKS:
        setattr(layer, name, getattr(conv, name))
    for name in set(vars(conv)) - _OWN:
        setattr(layer, name, getattr(conv, name))


def _kind(module: nn.Module) -> str:
    return type(module).__name__.removeprefix("Parametrized")


def _names(model: nn.Module) -> dict[int, list[str]]:
    """Id of each parameter -> all its names."""
    names: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    return names


def _of_conv(model: nn.Module, name: str) -> bool:
    return isinstance(model.get_submodule(name.rpartition(".")[0]), nn.Conv2d)
