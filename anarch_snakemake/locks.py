"""Locks that a killed snakemake left: found by an ``flock``, which dies with its process, and cleared.

A running snakemake shares the flock on ``.snakemake/anarch.alive``.  Who can have that flock alone knows
that no snakemake with this plugin lives here, so lock files in ``.snakemake/locks`` are a dead one's.  A
snakemake without the plugin is looked for in /proc, and the file tells on which machine the last one ran,
for not every network file system carries an flock from machine to machine.  In any doubt the lock files
stay, and Snakemake says what to do.
"""

import os
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from anarch_snakemake.arguments import (
    is_spawned,
    names_snakefile,
    snakemake_arguments,
    takes_locks,
    working_directory,
)
from anarch_snakemake.orphans import end_orphans

try:
    import fcntl
except ImportError:  # Windows: locks stay as Snakemake left them
    fcntl = None  # type: ignore[assignment]

_SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")
_LOCK_FILE = re.compile(r"\d+\.(input|output)\.lock")
_PROCESSES = Path("/proc")


def claim(directory: Path) -> int | None:
    """Say that a snakemake lives in ``directory``, until this process ends, and clear a dead one's locks.

    Returns the open file that carries the flock (it must never be closed: the system does that at the end
    of the process, however that comes), or None where there is no flock to have.
    """
    if fcntl is None:
        return None
    folder = directory / ".snakemake"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Close-on-exec, as all that os.open makes: a job that outlives snakemake must not keep the flock.
        file = os.open(folder / "anarch.alive", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:  # a directory of somebody else
        return None
    try:
        if _flock(file, fcntl.LOCK_EX):
            end_orphans(directory)
            _clear(directory, file)
        # Not atomic, but who slips in between finds no lock of this snakemake: it has yet to take them.
        if _flock(file, fcntl.LOCK_SH, attempts=20):
            return file
    except OSError as error:
        print(f"anarch: old locks in {folder / 'locks'} are not looked at: {error}", file=sys.stderr)
    os.close(file)
    return None


def has_snakefile(arguments: list[str]) -> bool:
    """Whether there is a workflow to run, so that a mistaken call leaves no ``.snakemake`` behind."""
    return names_snakefile(arguments) or any(map(os.path.exists, _SNAKEFILES))


def live_snakemake(directory: Path) -> int | None:
    """Number of another process of this user that runs a workflow in ``directory``, as far as /proc shows."""
    here = os.path.realpath(directory)
    for number in _process_numbers():
        process = _PROCESSES / str(number)
        try:
            if number == os.getpid() or process.stat().st_uid != os.getuid():
                continue
            command = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            arguments = snakemake_arguments(command)
            if arguments is None or not (takes_locks(arguments) or is_spawned(arguments)):
                continue
            its_directory = Path(os.readlink(process / "cwd"))
        except OSError:  # it ended while we looked
            continue
        # Soon after its start it has not yet changed to its --directory.
        if here in (str(its_directory), os.path.realpath(its_directory / working_directory(arguments))):
            return number
    return None


def _process_numbers() -> Iterable[int]:
    try:
        return sorted(int(name) for name in os.listdir(_PROCESSES) if name.isdecimal())
    except OSError:
        return []


def _flock(file: int, kind: int, attempts: int = 1) -> bool:
    """Whether the flock of ``kind`` could be had.  Attempts are 50 ms apart: it is held alone for moments."""
    for attempt in range(attempts):
        if attempt:
            time.sleep(0.05)
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def _clear(directory: Path, file: int) -> None:
    """Remove the lock files in ``directory`` and note this machine in ``file``, unless there is a doubt."""
    folder = directory / ".snakemake" / "locks"
    locks = [path for path in folder.glob("*.lock") if _LOCK_FILE.fullmatch(path.name)]
    machine = os.uname().nodename
    if locks:
        doubt = _doubt(directory, locks, os.pread(file, 1000, 0).decode(errors="replace").strip(), machine)
        if doubt:
            print(f"anarch: {len(locks)} lock files stay in {folder}: {doubt}", file=sys.stderr)
            return
        for path in locks:
            path.unlink(missing_ok=True)
        print(f"anarch: removed {len(locks)} lock files of a killed snakemake from {folder}", file=sys.stderr)
    os.ftruncate(file, 0)
    os.pwrite(file, f"{machine}\n".encode(), 0)


def _doubt(directory: Path, locks: list[Path], noted: str, machine: str) -> str | None:
    """Why the ``locks`` might belong to a living snakemake; ``noted`` is the machine of the last one."""
    if noted != machine:
        return f"the last snakemake ran on {noted}, not here" if noted else "no note tells who made them"
    if any(path.stat().st_uid != os.getuid() for path in locks):
        return "they are another user's"
    number = live_snakemake(directory)
    return f"snakemake process {number} still runs here" if number is not None else None
