"""Numbers of seeds: at how many claims are looked at, and which seeds these are."""

from collections.abc import Iterator, Mapping
from typing import Any


def check_design(config: Mapping[str, Any]) -> None:
    """Raises ValueError where looks or seeds leave a choice that could be made once numbers are known."""
    looks = config["looks"]
    if looks != sorted(looks):
        raise ValueError(f"looks: {looks} must rise: numbers of seeds, the last of which is the cap")
    for key, seeds in _lists(config, "seeds"):
        if seeds != list(range(seeds[0], seeds[0] + len(seeds))):
            following = list(range(min(seeds), min(seeds) + len(seeds)))
            raise ValueError(f"{key}: {seeds} must be consecutive, as {following}: seeds are not chosen")


def _lists(section: Any, name: str, key: str = "") -> Iterator[tuple[str, list[int]]]:
    """Each list of this name anywhere in ``section``, after its key."""
    if isinstance(section, Mapping):
        for part, value in section.items():
            here = f"{key}.{part}" if key else str(part)
            if part == name and isinstance(value, list):
                yield here, value
            else:
                yield from _lists(value, name, here)
