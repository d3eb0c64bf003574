"""Which config file is of which scale."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anarch.workflow.config import ConfigError

DEFAULT = "config/config.yaml"


def scales(root: Path) -> dict[str, str]:
    """Scale -> its config file, relative to ``root``, of all configs in config/."""
    found: dict[str, str] = {}
    for file in sorted((root / "config").glob("*.yaml")):
        line = re.search(r"^scale: *[\"']?(\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        if line is not None:
            found.setdefault(line[1], str(file.relative_to(root)))
    return found


def config_file(scale: str | None, given: Sequence[Any], root: Path) -> str | None:
    """The config that lies below what was typed: ``--config scale=cifar`` means the one of that scale.

    ``scale``: as known so far; ``given``: files of ``--configfile``.  One of these that has a
    scale stands alone: None.

    Raises:
        ConfigError: no config has this scale; the message names those that there are.
    """
    if scale is None:
        return DEFAULT
    if given:
        return None
    known = scales(root)
    if scale not in known:
        choices = ", ".join(f"{name} ({file})" for name, file in known.items())
        raise ConfigError(f"config key scale: no file in config/ has the scale {scale!r}; there is {choices}")
    return known[scale]
