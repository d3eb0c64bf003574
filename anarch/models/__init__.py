"""Architectures: one module a family, with a function of the same name that builds it and draws nothing."""

import inspect
import pkgutil
from importlib import import_module
from typing import Any

from torch import nn

from anarch.models.initialise import initialise_

__all__ = ["architectures", "build", "initialise_"]

_SHARED = {
    "all_convolutional",
    "flat",
    "initialise",
    "stack",
}  # modules of this folder that are no architecture


def architectures() -> list[str]:
    """The names that `build` knows."""
    return sorted({module.name for module in pkgutil.iter_modules(__path__)} - _SHARED)


def build(name: str, input_shape: tuple[int, int, int], classes: int, **options: Any) -> nn.Module:
    """The architecture ``name``: (N, *input_shape) -> logits (N, classes), its weights yet to be filled in.

    Nothing is drawn from any generator: see `initialise_`.

    Raises:
        ValueError: the name or an option is unknown, or the input is too small for the architecture.
    """
    if name not in architectures():
        raise ValueError(f"no architecture {name!r}; anarch/models has {', '.join(architectures())}")
    family = getattr(import_module(f"{__name__}.{name}"), name)
    known = list(inspect.signature(family).parameters)[2:]
    for option in options:
        if option not in known:
            raise ValueError(f"{name} has no option {option!r}; it has {', '.join(known) or 'none'}")
    network: nn.Module = family(tuple(input_shape), classes, **options)
    return network
