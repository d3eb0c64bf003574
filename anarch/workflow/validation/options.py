"""Types of the free-form options of a function, as its signature annotates them."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from anarch.workflow.schema import quoted

_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "null"}


def check_types(key: str, function: Callable[..., Any] | None, options: Mapping[str, Any]) -> None:
    """Raises ValueError where an option is not of its annotated type, if that is one of a config's."""
    parameters = {} if function is None else inspect.signature(function).parameters
    for name in options.keys() & parameters.keys():
        value, hint = options[name], parameters[name].annotation
        if not _fits(value, hint):
            raise ValueError(f"{key}.options.{name}: must be {_words(hint)}, got {quoted(value)}")


def _fits(value: Any, hint: Any) -> bool:
    if isinstance(hint, UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if get_origin(hint) in (Sequence, list, tuple):
        return isinstance(value, list | tuple) and all(_fits(entry, get_args(hint)[0]) for entry in value)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return isinstance(value, hint) if hint in _WORDS else True


def _words(hint: Any) -> str:
    if isinstance(hint, UnionType):
        return " or ".join(map(_words, get_args(hint)))
    if get_origin(hint) is not None:
        return f"a list, each entry {_words(get_args(hint)[0])}"
    return _WORDS.get(hint, str(hint))
