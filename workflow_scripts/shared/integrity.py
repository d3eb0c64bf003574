"""Nothing damaged is used: every reader of an artefact asks its folder's record first."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from anarch.workflow import records

_good: set[tuple[Path, int, int, int]] = set()  # what this process has looked at


def verified(path: Path) -> Path:
    """``path``, once its bytes have proved to be its maker's; SystemExit says what is wrong and what to do.

    A file without a line in the record is somebody's own and taken as it is; among results Snakemake has made
    sure before that there is none.
    """
    try:
        seen = os.stat(path)
    except FileNotFoundError:
        raise refusal(path, "is missing") from None
    state = (path, seen.st_ino, seen.st_size, seen.st_ctime_ns)
    if state not in _good:
        record = records.recorded(path.parent)
        if path.name in record and (wrong := records.problem(path, record)):
            raise refusal(path, wrong)
        _good.add(state)
    return path


def refusal(path: Path, wrong: str) -> SystemExit:
    """One line: the file, what is wrong, the command that makes it again."""
    return SystemExit(f"error: {path} {wrong}; make it again: {command(path)}")


def command(path: Path) -> str:
    """The Snakefile tells its jobs how its scale is asked for."""
    return f"{os.environ.get('ANARCH_COMMAND', 'snakemake --cores 1 --')} {path}"


def verified_json(path: Path) -> Any:
    try:
        return json.loads(verified(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise refusal(path, f"is damaged: no JSON ({error})") from None


def resumable(work: Path, state: str) -> bool:
    """Whether ``work`` holds a stopped job's ``state`` and all in there is whole; else it is emptied."""
    folders = {file.parent for file in work.rglob(records.RECORD)}
    for folder in sorted(folders):
        record = records.recorded(folder)
        for name in record:
            if wrong := records.problem(folder / name, record):
                print(f"{folder / name} {wrong}: the job begins anew", flush=True)
                shutil.rmtree(work)
                return False
    return work in folders and (work / state).exists()
