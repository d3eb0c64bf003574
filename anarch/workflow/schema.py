"""A YAML file and its schema: the first mistake in one line."""

import math
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import best_match


class ConfigError(ValueError):
    """A file of the user's cannot be run; the message names the key, the value and what is allowed."""


def _whole(checker: Any, value: Any) -> bool:
    """JSON takes 3.0 for an integer; a run's name, which holds a seed or an epoch, does not."""
    return isinstance(value, int) and not isinstance(value, bool)


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole),
)


@cache
def load(path: Path) -> Any:
    """A YAML file, by the parser in C where there is one: these files are long, and every job reads them."""
    return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def mistake(content: Any, schema: Path) -> tuple[list[Any], str] | None:
    """The path of keys to the first mistake in ``told``, and what is wrong; None if there is none."""
    for path, problem in _impossible(content):
        return path, problem
    error = best_match(_Validator(load(schema)).iter_errors(content))
    return None if error is None else (list(error.absolute_path), _sentence(error))


def key(path: Sequence[Any]) -> str:
    return ".".join(map(str, path)) or "(top level)"


def quoted(value: Any) -> str:
    """``value`` in a message."""
    hint = ""
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+[eE][-+]?\d+", value):
        hint = " (text: in YAML a number with an e has a point too, as in 1.0e-3)"
    return f"{value!r}{hint}"


def _impossible(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[list[Any], str]]:
    """What no schema can tell: numbers that are none, wherever they stand, and keys that are no text."""
    if isinstance(value, float) and not math.isfinite(value):
        yield list(path), f"must be a finite number, got {value}"
    elif isinstance(value, dict):
        for name, entry in value.items():
            if not isinstance(name, str):
                yield list(path), f"the key {name!r} is no text; put it in quotes or take another name"
            yield from _impossible(entry, (*path, name))
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from _impossible(entry, (*path, place))


def _sentence(error: jsonschema.ValidationError) -> str:
    if error.validator == "additionalProperties":
        known = ", ".join(sorted(error.schema.get("properties", {})))
        return f"{error.message.split(' (')[-1].rstrip(')')}; known keys: {known}"
    if error.validator == "type":
        return f"{quoted(error.instance)} is not of type {error.validator_value!r}"
    if len(error.message) > 160:  # jsonschema quotes the whole offending value
        return f"{error.message[:70]} ... {error.message[-70:]}"
    return str(error.message)
