"""Reading and writing the workflow's small artefacts; nothing half-written ever stands under a final name.

Free of torch, so that jobs on tables start at once; ``tensors.py`` has the networks and images.
"""

import csv
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anarch.workflow import paths
from anarch.workflow.specs import RunSpec, parse


@contextmanager
def complete(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` to write to; renamed to ``path`` once the block has ended well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with complete(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns in the order of their first appearance; None is an empty cell; numbers read back exactly."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with complete(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(text: str) -> tuple[str, str]:
    """A command-line argument NAME=VALUE."""
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return name, value


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / paths.MANIFEST).read_text(encoding="utf-8"))


def load_spec(run: Path) -> RunSpec:
    return parse(RunSpec, json.loads((run / paths.SPEC).read_text(encoding="utf-8")))
