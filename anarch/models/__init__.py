"""Architectures: one module per family, with a function of the same name that builds it and draws nothing."""

import inspect
import pkgutil
from collections.abc import Callable
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

    A name with dots is one's own: the class or function "package.module.Name", called as ours are, with
    (input_shape, classes, **options).  Nothing is drawn from any generator: see `initialise_`.

    Raises:
        ValueError: the name or an option is unknown, or the input is too small for the architecture.
    """
    family = _own(name) if "." in name else _ours(name)
    parameters = list(inspect.signature(family).parameters.values())[2:]
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        known = [parameter.name for parameter in parameters]
        for option in options:
            if option not in known:
                raise ValueError(f"{name} has no option {option!r}; it has {', '.join(known) or 'none'}")
    network: nn.Module = family(tuple(input_shape), classes, **options)
    return network


def _ours(name: str) -> Callable[..., nn.Module]:
    if name not in architectures():
        raise ValueError(
            f"no architecture {name!r}; anarch/models has {', '.join(architectures())}; "
            "one of your own has a name with dots, package.module.Name"
        )
    found: Callable[..., nn.Module] = getattr(import_module(f"{__name__}.{name}"), name)
    return found


def _own(name: str) -> Callable[..., nn.Module]:
    module, _, family = name.rpartition(".")
    found: Callable[..., nn.Module] | None = getattr(import_module(module), family, None)
    if found is None:
        raise ValueError(f"no architecture {name!r}: the module {module} has no {family}")
    return found
