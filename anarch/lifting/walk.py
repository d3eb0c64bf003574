"""`lift`: walk a network and put a lifted layer in the place of every convolution."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from anarch.lifting.layers import FullyConnected, LiftedConv, LocallyConnected
from anarch.lifting.taps import Geometry

_LAYERS: dict[str, type[FullyConnected] | type[LocallyConnected]] = {
    "fully_connected": FullyConnected,
    "locally_connected": LocallyConnected,
}


def lift(model: nn.Module, input_shape: tuple[int, int, int], to: str = "fully_connected") -> nn.Module:
    """The same function of its input in a larger space of parameters: Phi of needle, Sec. 3.

    A copy of ``model`` in which every ``Conv2d`` is a `FullyConnected` (eFCN) or `LocallyConnected` (eLCN)
    layer; all other modules stay, and so do names, modes and ``requires_grad``.  ``model`` is not touched.

    Args:
        model: any tree of modules that calls each of its Conv2d on maps of one shape.
        input_shape: (C, H, W) of one input.
        to: "fully_connected" or "locally_connected".

    Raises:
        ValueError: one line, where something cannot be lifted.
    """
    if to not in _LAYERS:
        raise ValueError(f"cannot lift to {to!r}; allowed: {', '.join(_LAYERS)}")
    for name, module in model.named_modules():
        _refuse_unliftable(name, module)
    copy = deepcopy(model)
    shapes = _input_shapes(copy, tuple(input_shape))
    lifted = {conv: _lifted_layer(conv, shape, to) for conv, shape in shapes.items()}
    if isinstance(copy, nn.Conv2d):
        return lifted[copy]
    for name, module in list(copy.named_modules(remove_duplicate=False)):
        if isinstance(module, nn.Conv2d):
            parent, _, child = name.rpartition(".")
            setattr(copy.get_submodule(parent), child, lifted[module])
    return copy


def lifted_layers(model: nn.Module) -> dict[str, LiftedConv]:
    """The lifted layers of ``model`` by name, in the order of its modules.

    Raises:
        ValueError: there is none.
    """
    found = {name: module for name, module in model.named_modules() if isinstance(module, LiftedConv)}
    if not found:
        raise ValueError(f"this {type(model).__name__} holds no lifted layer; make one with anarch.lift")
    return found


@contextmanager
def evaluation_mode(*models: nn.Module) -> Iterator[None]:
    """Every module in evaluation mode inside, each as it was afterwards."""
    modes = [(module, module.training) for model in models for module in model.modules()]
    try:
        for model in models:
            model.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training


def _refuse_unliftable(name: str, module: nn.Module) -> None:
    if isinstance(module, _ConvNd) and type(module) is not nn.Conv2d:
        raise ValueError(f"cannot lift {type(module).__name__} {name!r}; allowed: plain Conv2d")
    if isinstance(module, nn.Conv2d) and "weight" not in dict(module.named_parameters(recurse=False)):
        raise ValueError(f"cannot lift Conv2d {name!r}: its weight is computed; remove its weight norm first")


def _input_shapes(model: nn.Module, input_shape: tuple[int, ...]) -> dict[nn.Conv2d, tuple[int, int, int]]:
    """(C, H, W) that each Conv2d of ``model`` is called on, learnt from zeros in evaluation mode."""
    names = {module: name for name, module in model.named_modules() if isinstance(module, nn.Conv2d)}
    if not names:
        raise ValueError(f"there is nothing to lift: this {type(model).__name__} holds no Conv2d")
    seen: dict[nn.Conv2d, set[tuple[int, ...]]] = {conv: set() for conv in names}

    def note(conv: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        maps = args[0] if args else kwargs["input"]
        seen[conv].add(tuple(maps.shape[1:]))

    handles = [conv.register_forward_pre_hook(note, with_kwargs=True) for conv in names]
    weight = next(iter(names)).weight
    # Two images, since some norms refuse to take statistics of one.
    zeros = torch.zeros(2, *input_shape, dtype=weight.dtype, device=weight.device)
    try:
        with torch.no_grad(), evaluation_mode(model):
            model(zeros)
    except (RuntimeError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"the model cannot take inputs of shape {input_shape}: {reason}") from error
    finally:
        for handle in handles:
            handle.remove()
    return {conv: _only_shape(names[conv], shapes) for conv, shapes in seen.items()}


def _only_shape(name: str, shapes: set[tuple[int, ...]]) -> tuple[int, int, int]:
    if len(shapes) != 1:
        called = f"on maps of shapes {sorted(shapes)}" if shapes else "never"
        raise ValueError(f"cannot lift Conv2d {name!r}: it is called {called}; allowed: maps of one shape")
    (shape,) = shapes
    if len(shape) != 3:
        raise ValueError(f"cannot lift Conv2d {name!r}: its input has no batch; allowed: (N, C, H, W)")
    return shape[0], shape[1], shape[2]


def _lifted_layer(conv: nn.Conv2d, inputs: tuple[int, int, int], to: str) -> LiftedConv:
    layer = _LAYERS[to](Geometry.of(conv, inputs), conv.weight, conv.bias)
    layer.weight.requires_grad_(conv.weight.requires_grad)
    if layer.bias is not None and conv.bias is not None:
        layer.bias.requires_grad_(conv.bias.requires_grad)
    layer.training = conv.training
    return layer
