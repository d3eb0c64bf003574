"""Jobs that outlive a killed snakemake: found by what they have in their environment, and ended.

The Snakefile puts its own process into the environment of its jobs.  One whose snakemake is dead would go on
beside those that the next snakemake starts, so it gets a TERM, upon which a training saves its state, and is
waited for.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path

VARIABLE = "ANARCH_SNAKEMAKE"
PATIENCE = 20.0  # seconds; a training leaves after ten, whatever it is at
_PROCESSES = Path("/proc")


def mark(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let processes that are started from now on tell whose they are."""
    environment[VARIABLE] = f"{os.getpid()}:{_began(os.getpid())}"


def end_orphans(directory: Path, send: Callable[[int, int], None] = os.kill) -> None:
    """End what dead snakemakes left running in ``directory``, and say so."""
    found = orphans(directory)
    if not found:
        return
    told = f"{len(found)} process{'es' * (len(found) != 1)} of a killed snakemake"
    print(f"anarch: {told} still ran here: ended, trainings once their state is saved", file=sys.stderr)
    # Those that run a job pass it on; what waits for them, a shell or a server of jobs, ends with them.
    runners = [number for number in found if "job.py" in _command(number)] or found
    _send(runners, signal.SIGTERM, send)
    given_up = time.monotonic() + PATIENCE
    while (left := orphans(directory)) and time.monotonic() < given_up:
        time.sleep(0.1)
    if left:
        print(f"anarch: {len(left)} of them did not end and were killed", file=sys.stderr)
        _send(left, signal.SIGKILL, send)


def orphans(directory: Path) -> list[int]:
    """Processes of this user in ``directory`` whose snakemake is dead."""
    here = os.path.realpath(directory)
    found = []
    for name in os.listdir(_PROCESSES) if _PROCESSES.is_dir() else ():
        process = _PROCESSES / name
        try:
            if not name.isdecimal() or process.stat().st_uid != os.getuid():
                continue
            if os.readlink(process / "cwd") == here and _is_dead(_owner(process)):
                found.append(int(name))
        except OSError:  # it ended while we looked
            continue
    return sorted(found)


def _owner(process: Path) -> str:
    start = f"{VARIABLE}=".encode()
    words = (process / "environ").read_bytes().split(b"\0")
    return next((word.removeprefix(start).decode() for word in words if word.startswith(start)), "")


def _is_dead(owner: str) -> bool:
    number, _, began = owner.partition(":")
    return number.isdecimal() and _began(int(number)) != began


def _began(number: int) -> str:
    """When a process began, in ticks since the machine did: numbers of processes are used again."""
    try:
        return (_PROCESSES / str(number) / "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _command(number: int) -> str:
    try:
        words = (_PROCESSES / str(number) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return os.path.basename(words[1].decode(errors="replace")) if len(words) > 1 else ""


def _send(processes: list[int], number: int, send: Callable[[int, int], None]) -> None:
    for process in processes:
        try:
            send(process, number)
        except ProcessLookupError:
            continue
