"""Reading and writing the workflow's small artefacts; nothing half-written ever stands under a final name.

Free of torch, so that jobs on tables start at once; ``tensors.py`` has the networks and images.
"""

import csv
import errno
import glob
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from anarch.workflow.records import file_digest, note, replace, synchronise
from shared.integrity import refusal, verified

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ROOM = 1 << 16  # bytes; a disk with less is full, whatever an error says
# Finished files, by their final names, whose naming waits for the end of `together`.
_waiting: ContextVar[dict[Path, Path] | None] = ContextVar("waiting", default=None)


@contextmanager
def complete(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` to write to; renamed to ``path`` once the block has ended well."""
    with _partial(path) as partial:
        yield partial
        replace(partial, path)


@contextmanager
def kept(path: Path) -> Iterator[Path]:
    """As `complete`, for an artefact: the record of its folder vouches for it from then on."""
    waiting = _waiting.get()
    if waiting is None:
        with together(), kept(path) as partial:
            yield partial
    else:
        with _partial(path, waiting) as partial:
            yield partial


@contextmanager
def together() -> Iterator[None]:
    """All artefacts that the block writes get their names at its end, in its order, or none does."""
    waiting: dict[Path, Path] = {}
    token = _waiting.set(waiting)
    try:
        yield
        _name(waiting)
    finally:
        _waiting.reset(token)
        for partial in waiting.values():
            partial.unlink(missing_ok=True)


def _name(waiting: Mapping[Path, Path]) -> None:
    digests: dict[Path, dict[str, str]] = {}
    for path, partial in waiting.items():
        digests.setdefault(path.parent, {})[path.name] = file_digest(partial)
    with _told_of_a_full_disk(next(iter(waiting), Path())):
        for folder, new in digests.items():  # a kill from here on leaves old or new; both are vouched for
            note(folder, {name: new[name] for name in new if (folder / name).exists()}, beside=True)
        for path, partial in waiting.items():
            replace(partial, path)
        for folder, new in digests.items():
            note(folder, new)
            synchronise(folder)


@contextmanager
def _partial(path: Path, waiting: dict[Path, Path] | None = None) -> Iterator[Path]:
    """A new temporary name; those that a killed process left of the same file go."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        with _told_of_a_full_disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
                left.unlink(missing_ok=True)
            yield partial
        if waiting is not None:
            waiting[path] = partial
    finally:
        if waiting is None or path not in waiting:
            partial.unlink(missing_ok=True)


@contextmanager
def _told_of_a_full_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Libraries in other languages raise errors of their own, some with the system's words in them.
        told = any(os.strerror(number) in str(error) for number in _FULL)
        if told or shutil.disk_usage(path.parent).free < _ROOM:
            raise SystemExit(
                f"error: {path} cannot be written: the disk is full; make room and give the command again"
            ) from None
        raise


def write_text(path: Path, text: str) -> None:
    with kept(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json_text(content))


def json_text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns in the order of their first appearance; None is an empty cell; numbers read back exactly."""
    with kept(path) as partial:
        write_rows(partial, rows)


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    heads, rows = read_rows(path)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of a table; one that was cut short is refused, also where no record vouches for it."""
    with verified(path).open(newline="", encoding="utf-8") as file:
        try:
            heads, *rows = list(csv.reader(file))
        except (ValueError, csv.Error) as error:  # undecodable bytes, or not even a line of heads
            raise refusal(path, "is empty" if path.stat().st_size == 0 else f"is damaged ({error})") from None
    for number, row in enumerate(rows, 2):
        if len(row) != len(heads):
            raise refusal(path, f"is damaged: line {number} has {len(row)} of {len(heads)} cells")
    if not path.read_bytes().endswith(b"\n"):
        raise refusal(path, "is damaged: its last line has no end")
    return heads, rows


def column(text: str) -> tuple[str, str]:
    """A command-line argument NAME=VALUE."""
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return name, value
