"""`lift`: walk a network and put a lifted layer in the place of every convolution."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from anarch.foreign import retold
from anarch.lifting.layers import FullyConnected, LiftedConv, LocallyConnected
from anarch.lifting.memory import require_memory
from anarch.lifting.taps import Geometry
from anarch.lifting.transfer import hand_over_, refuse_unliftable, tie_
from anarch.modes import evaluation_mode

_LAYERS: dict[str, type[FullyConnected] | type[LocallyConnected]] = {
    "fully_connected": FullyConnected,
    "locally_connected": LocallyConnected,
}


def lift(model: nn.Module, input_shape: tuple[int, int, int], to: str = "fully_connected") -> nn.Module:
    """The same function of its input in a larger space of parameters: Phi of needle, Sec. 3.

    A copy of ``model`` in which every ``Conv2d`` is a `FullyConnected` (eFCN) or `LocallyConnected` (eLCN)
    layer; all other modules stay, and so do names, modes, ``requires_grad``, shared parameters, hooks and
    further attributes.  ``model`` is not touched.

    Args:
        model: any tree of modules that calls each of its Conv2d on maps of one shape.
        input_shape: (C, H, W) of one input.
        to: "fully_connected" or "locally_connected".

    Raises:
        ValueError: one line, where something cannot be lifted.
        MemoryError: the lifted weights are larger than the memory of the device; it tells their size.
    """
    if to not in _LAYERS:
        raise ValueError(f"cannot lift to {to!r}; allowed: {', '.join(_LAYERS)}")
    refuse_unliftable(model)
    copy = deepcopy(model)
    names = {module: name for name, module in copy.named_modules() if isinstance(module, nn.Conv2d)}
    shapes = _input_shapes(copy, names, tuple(input_shape))
    geometries = {conv: Geometry.of(conv, shape) for conv, shape in shapes.items()}
    require_memory(geometries, to, f"{type(model).__name__} at {tuple(input_shape)}")
    lifted: dict[nn.Conv2d, LiftedConv] = {}
    for conv, geometry in geometries.items():
        lifted[conv] = _LAYERS[to](geometry, conv.weight, conv.bias)
        hand_over_(conv, lifted[conv])
    tie_(lifted, names)
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
    lifted = {name: module for name, module in model.named_modules() if isinstance(module, LiftedConv)}
    if not lifted:
        raise ValueError(f"this {type(model).__name__} holds no lifted layer; make one with anarch.lift")
    return lifted


def _input_shapes(
    model: nn.Module, names: Mapping[nn.Conv2d, str], input_shape: tuple[int, ...]
) -> dict[nn.Conv2d, tuple[int, int, int]]:
    """(C, H, W) that each Conv2d of ``model`` is called on, learnt from zeros in evaluation mode."""
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
    refusal = f"the model cannot take inputs of shape {input_shape}"
    try:
        with torch.no_grad(), evaluation_mode(model), retold(refusal):
            model(zeros)
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
