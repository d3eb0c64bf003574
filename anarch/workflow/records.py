"""What vouches for an artefact: its line in the file SHA256 of its folder, for `sha256sum -c` to read."""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

RECORD = "SHA256"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def recorded(folder: Path) -> dict[str, tuple[str, ...]]:
    """Name -> digest of every artefact that ``folder`` has a record of.

    A file that is being replaced has two: the old one's and the new one's.
    """
    try:
        text = (folder / RECORD).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        text = ""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if told := _LINE.fullmatch(line):
            found[told[2]] = (*found.get(told[2], ()), told[1])
    return found


def problem(path: Path, record: Mapping[str, tuple[str, ...]]) -> str | None:
    """What is wrong with an artefact by the ``record`` of its folder; None: its bytes are its maker's."""
    if not path.is_file():
        return "is missing"
    if path.name not in record:
        return f"has no line in {path.parent / RECORD}, so that nothing vouches for it"
    if file_digest(path) in record[path.name]:
        return None
    if path.stat().st_size == 0:
        return "is empty"
    return "is damaged: its bytes are not those that were recorded"


def note(folder: Path, digests: Mapping[str, str], *, beside: bool = False) -> None:
    """Record the ``digests`` of artefacts of ``folder`` by name, safe for several processes at once.

    ``beside``: what was recorded last of them stays, too, as long as they are being replaced.
    """
    if not digests:
        return
    with _alone(folder / RECORD):
        before = recorded(folder)
        known = dict(before)
        for name, digest in digests.items():
            old = known.get(name, ())[-1:] if beside else ()
            known[name] = tuple(dict.fromkeys([*old, digest]))
        if known != before:
            lines = [f"{digest}  {name}\n" for name in sorted(known) for digest in known[name]]
            partial = folder / f".{RECORD}.partial"
            partial.write_text("".join(lines), encoding="utf-8")
            replace(partial, folder / RECORD)


def replace(partial: Path, path: Path) -> None:
    """Give a finished file its name; its bytes are on the disk before, so that no power cut empties it."""
    synchronise(partial)
    os.replace(partial, path)


def synchronise(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def _alone(record: Path) -> Iterator[None]:
    """Hold the flock on a record; as others replace it, the flock must be on what has the name now."""
    while True:
        file = os.open(record, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if os.fstat(file).st_ino == os.stat(record).st_ino:
                break
        except FileNotFoundError:
            pass
        os.close(file)
    try:
        yield
    finally:
        os.close(file)
