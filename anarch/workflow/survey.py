"""Which artefacts below a folder are damaged: all are read, or only those that changed since the last look.

Looks are kept in a file, a line `digest size ctime path` each: nobody can set the time of a file's last
change of any kind (ctime), so that one of the same size and ctime has the same bytes, whatever else it says.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from anarch.workflow.records import RECORD, file_digest, note, problem, recorded

SEEN = Path(".snakemake/anarch.seen")
_TELL_OF_JOBS = ("logs", "timings")  # folders of a scale without artefacts


class Look(NamedTuple):
    """``digest`` of the bytes that a file had when it was of this ``size`` and ``ctime`` (ns)."""

    digest: str
    size: int
    ctime: int


def damaged(top: Path, seen: Path = SEEN) -> dict[str, str]:
    """Artefact below ``top`` -> what is wrong with it; what is as it was ``seen`` last is not read."""
    known = _read(seen)
    good = {path: look for path, look in known.items() if not path.startswith(f"{top}/")}
    wrong: dict[str, str] = {}
    for folder, found in _folders(top):
        if all(path in known and known[path][1:] == state for path, state in found.items()):
            good.update((path, known[path]) for path in found)
            continue
        record = recorded(folder)
        for path, state in found.items():
            file = Path(path)
            if file.name == RECORD:
                good[path] = Look("-", *state)
                continue
            last = known.get(path)
            digest = last.digest if last is not None and last[1:] == state else file_digest(file)
            if digest in record.get(file.name, ()):
                good[path] = Look(digest, *state)
            else:
                wrong[path] = problem(file, record) or "changed while it was looked at"
    if good != known:
        _write(seen, good)
    return wrong


def all_damaged(top: Path) -> tuple[int, dict[str, str]]:
    """How many artefacts there are below ``top``, and what is wrong with which: missing ones, too."""
    wrong: dict[str, str] = {}
    number = 0
    for folder, found in _folders(top):
        record = recorded(folder)
        names = {Path(path).name for path in found} - {RECORD}
        for name in sorted(names | record.keys()):
            number += 1
            if told := problem(folder / name, record):
                wrong[str(folder / name)] = told
    return number, wrong


def made(files: Iterable[str], *, seen: Path = SEEN) -> None:
    """Take down that a job has just ended well with these ``files``: the next look need not read them."""
    accept(files)
    lines = []
    with suppress(OSError):  # a full disk: the next look reads them
        for file in map(Path, files):
            status = file.stat()
            digest = recorded(file.parent)[file.name][-1]
            lines.append(_line(str(file), Look(digest, status.st_size, status.st_ctime_ns)))
        seen.parent.mkdir(exist_ok=True)
        with seen.open("a", encoding="utf-8") as told:
            told.write("".join(lines))


def accept(files: Iterable[str]) -> None:
    """Record those of the ``files`` of which there is no record: of a maker that keeps none, or of old."""
    for file in map(Path, files):
        if file.name not in recorded(file.parent):
            note(file.parent, {file.name: file_digest(file)})


def _folders(top: Path) -> Iterator[tuple[Path, dict[str, tuple[int, int]]]]:
    """Folders with files that are neither hidden nor about jobs; path -> size and ctime of each."""
    for place, folders, files in os.walk(top):
        left_out = _TELL_OF_JOBS if place == str(top) else ()
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in left_out)
        found = {}
        for name in files:
            if not name.startswith("."):
                status = os.stat(f"{place}/{name}")
                found[f"{place}/{name}"] = (status.st_size, status.st_ctime_ns)
        if found:
            yield Path(place), found


def _read(seen: Path) -> dict[str, Look]:
    found = {}
    with suppress(OSError):
        for line in seen.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):  # a line cut by a kill
                digest, size, ctime, path = line.split(" ", 3)
                found[path] = Look(digest, int(size), int(ctime))
    return found


def _write(seen: Path, looks: Mapping[str, Look]) -> None:
    with suppress(OSError):  # somebody else's checkout
        seen.parent.mkdir(exist_ok=True)
        part = seen.with_suffix(f".{os.getpid()}.part")
        part.write_text("".join(_line(path, look) for path, look in looks.items()), encoding="utf-8")
        part.replace(seen)


def _line(path: str, look: Look) -> str:
    return f"{look.digest} {look.size} {look.ctime} {path}\n"
