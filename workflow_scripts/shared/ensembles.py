"""Ensembles of toy networks that are trained in one job, stopped and resumed, and kept in one file."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import torch
from filelock import FileLock

from anarch.training.ensemble import Descent, Ensemble
from anarch.workflow.blessing_toys import Descending
from shared.artefacts import kept
from shared.integrity import resumable
from shared.jobs import progress
from shared.stopping import heed_signals, leave, told_to_stop

AT_ONCE = 50  # steps between looks at the clock


def descent(of: Descending) -> Descent:
    """What all networks of an ensemble share of ``of``; rate and weight decay are given to the ensemble."""
    shared = {name: value for name, value in asdict(of).items() if name not in ("lr", "weight_decay")}
    return Descent(**shared)


@contextmanager
def workshop(folder: Path, key: str) -> Iterator[Path]:
    """A hidden folder in ``folder`` for the states of trainings of digest ``key``, this process's alone.

    Where the block ends well it goes, with those of other digests; after a crash it waits for the next try.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        work = folder / f".resume-{key}"
        work.mkdir(exist_ok=True)
        yield work
        for leftover in folder.glob(".resume-*"):
            shutil.rmtree(leftover)


def run_saved(ensemble: Ensemble, state: Path, save_every: float) -> None:
    """Train to the end from where ``state``, if there is one, left off; it is saved every so many seconds."""
    if resumable(state.parent, state.name):
        ensemble.load_state_dict(
            torch.load(state, weights_only=True, map_location=ensemble.parameters.device)
        )
        print(f"{state.stem}: going on after step {ensemble.step}", flush=True)
    heed_signals()
    saved, last = time.monotonic(), ensemble.descent.steps
    while ensemble.step < last and len(ensemble.rows):
        ensemble.run(min(last, ensemble.step + AT_ONCE))
        progress(ensemble.step, last, "step")
        if ensemble.step == last or time.monotonic() - saved >= save_every or told_to_stop():
            with kept(state) as partial:
                torch.save(ensemble.state_dict(), partial)
            saved = time.monotonic()
        if told_to_stop():
            leave()
