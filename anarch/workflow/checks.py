"""What the studies check alike of their sections of the config."""

from collections.abc import Iterable


def known_dataset(key: str, name: str, datasets: Iterable[str]) -> None:
    """Raises ValueError, naming ``key``, where the config has no dataset ``name``."""
    if name not in datasets:
        raise ValueError(f"{key}: {name!r} is not among datasets ({', '.join(datasets)})")
