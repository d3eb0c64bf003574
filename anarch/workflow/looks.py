"""How many seeds each study has been granted beyond its config, by `snakemake decide`."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read(file: Path) -> dict[str, int]:
    """Study -> number of seeds, as far as granted.

    Raises:
        ValueError: the file is no such list.
    """
    try:
        granted = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"{file} is damaged ({error}): delete it, and decide again") from None
    if not (isinstance(granted, dict) and all(type(number) is int for number in granted.values())):
        raise ValueError(f"{file} must hold a number of seeds for each study: delete it, and decide again")
    return granted


def write(file: Path, granted: Mapping[str, int]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(granted, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(file)


def with_seeds(config: Mapping[str, Any], granted: Mapping[str, int]) -> dict[str, Any]:
    """``config`` with at least so many seeds in every list of seeds of a study; what has more keeps it."""
    return {
        section: _extended(value, granted[section]) if section in granted else value
        for section, value in config.items()
    }


def seeds_of(section: Any) -> int:
    """The seeds that all of a study's parts have."""
    return min((len(seeds) for seeds in _lists(section)), default=0)


def seconds(text: str) -> float:
    """``90m`` or ``2h`` as seconds.

    Raises:
        ValueError: another text.
    """
    number, unit = text[:-1], text[-1:]
    try:
        if unit in UNITS and float(number) > 0:
            return float(number) * UNITS[unit]
    except ValueError:
        pass
    raise ValueError(f"budget: {text!r} is no time; write 90m or 2h")


def _extended(section: Any, number: int) -> Any:
    if isinstance(section, Mapping):
        return {
            key: list(range(value[0], value[0] + max(number, len(value))))
            if _is_seeds(key, value)
            else _extended(value, number)
            for key, value in section.items()
        }
    return section


def _lists(section: Any) -> list[Sequence[int]]:
    if not isinstance(section, Mapping):
        return []
    return [
        found
        for key, value in section.items()
        for found in ([value] if _is_seeds(key, value) else _lists(value))
    ]


def _is_seeds(key: str, value: Any) -> bool:
    return key == "seeds" and isinstance(value, list) and bool(value)
