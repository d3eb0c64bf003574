r"""Train one network: spec in, history, snapshots and final weights out.

By hand:  python workflow_scripts/train.py --spec "$(cat RUN/spec.json)" \
              --data results/laptop/data/cluttered_digits --out /tmp/run

A stopped training goes on where it was: what it needs for that lies in a hidden folder of --out until the
run is complete, named by a digest of spec, code, data and start, so that no other training picks it up.
"""

import json
import os
import shutil
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from anarch.training.loop import Diverged, Training
from anarch.training.network import fresh_network, relaxed_network
from anarch.training.permuted import permuted_examples
from anarch.workflow import paths
from anarch.workflow.digests import text_digest
from anarch.workflow.specs import RunSpec, canonical_json, parse
from shared.artefacts import file_digest, kept, together, write_csv, write_json, write_text
from shared.descriptions import load_manifest
from shared.integrity import resumable, verified, verified_json
from shared.jobs import folder, parser, progress, run_script, start
from shared.stopping import heed_signals, leave, told_to_stop
from shared.tensors import load_examples, load_weights, save_weights, versions


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--spec", required=True, help="the run as JSON (see spec.json of any finished run)"
    )
    arguments.add_argument("--data", type=folder, required=True, help="folder of a prepared dataset")
    arguments.add_argument("--start", type=Path, nargs="?", help="snapshot of an earlier run to start from")
    arguments.add_argument("--out", type=Path, required=True, help="folder of the run")
    arguments.add_argument(
        "--save-every", type=float, default=30.0, help="seconds between saves of the state (default 30)"
    )
    args = arguments.parse_args(argv)
    spec = parse(RunSpec, json.loads(args.spec))
    if (spec.start is None) != (args.start is None):
        raise SystemExit("error: --start is needed exactly where the spec has a start")
    args.out.mkdir(parents=True, exist_ok=True)
    with only_trainer_of(args.out):
        begun = "" if args.start is None else file_digest(verified(args.start))
        # The manifest holds the digest of the images and the statistics that they are normalised by.
        data = file_digest(verified(args.data / paths.MANIFEST))
        key = text_digest(canonical_json(spec) + args.code + data + begun)
        if is_finished(args.out, spec, key):
            sweep(args.out)
            print(f"{args.out} is finished already: nothing to do")
            return
        device = start(args, precision=spec.recipe.precision)
        train(spec, args, key, device)


def train(spec: RunSpec, args: Namespace, key: str, device: torch.device) -> None:
    data, manifest = load_examples(args.data, device), load_manifest(args.data)
    channels, height, width = data["train"].images.shape[1:]
    shape = (channels, height, width)
    if args.start is None:
        network = fresh_network(spec.model, shape, manifest["classes"], spec.seed)
    else:
        network = relaxed_network(spec.model, shape, manifest["classes"], load_weights(args.start))
    images = data["train"]
    if spec.corruption is not None:
        # Imported by name: no other training must become stale when the corruption is edited.
        corrupted = import_module("anarch.training.corrupted").corrupted
        images = corrupted(images, spec.corruption, classes=manifest["classes"], seed=spec.seed)
    if spec.recipe.augment != "none" and manifest["spec"].get("permute") is not None:
        images = permuted_examples(images, manifest["spec"]["permute"])
    parts = (network.to(device), images, data["test"], spec.recipe, spec.seed)
    if spec.poison is None:
        training = Training(*parts)
    elif "extra" not in data:
        raise SystemExit(
            f"error: {args.data} has no split extra to poison with: give its dataset `extra` or `held_out`"
        )
    else:
        poisoned = import_module("anarch.training.poisoned").PoisonedTraining
        training = poisoned(*parts, extra=data["extra"], poison=spec.poison)
    work = args.out / f".resume-{key}"
    state = work / "state.pt"
    if resumable(work, state.name):
        training.load_state_dict(torch.load(state, map_location="cpu", weights_only=True))
        print(f"going on after epoch {training.epoch}")
    saved = time.monotonic()

    def after_epoch(at: Training) -> None:
        nonlocal saved
        progress(at.epoch, spec.recipe.epochs, "epoch", loss=at.history[-1]["train_loss"])
        if at.epoch in spec.snapshots:
            save_weights(work / paths.snapshot_name(at.epoch), at.model.state_dict())
        if (told_to_stop() or time.monotonic() - saved >= args.save_every) and not at.settled():
            save_state(state, at)
            saved = time.monotonic()
            if told_to_stop():
                leave()

    heed_signals()
    try:
        training.run(after_epoch)
    except Diverged as error:
        history = args.out / "diverged.csv"
        write_csv(history, training.history)
        raise SystemExit(f"error: {args.out}: {error}; its history is in {history}") from None
    publish(
        args.out,
        work,
        training,
        spec,
        key,
        {**versions(device), "code": args.code, "data": manifest["sha256"]},
    )


@contextmanager
def only_trainer_of(out: Path) -> Iterator[None]:
    """Holds the lock of a run folder: an orphan of a killed snakemake may still be writing there."""
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting: another process is training {out}", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def is_finished(out: Path, spec: RunSpec, key: str) -> bool:
    """Whether the very same training is complete there (another process was waited for)."""
    names = [paths.SPEC, paths.HISTORY, paths.FINAL, *map(paths.snapshot_name, spec.snapshots)]
    try:
        return verified_json(out / paths.PROVENANCE).get("key") == key and all(
            verified(out / name) for name in names
        )
    except SystemExit:  # one is missing or damaged
        return False


def save_state(state: Path, training: Training) -> None:
    with kept(state) as partial:
        torch.save(training.state_dict(), partial)


def publish(
    out: Path, work: Path, training: Training, spec: RunSpec, key: str, provenance: dict[str, str]
) -> None:
    """Give every artefact its final name, the provenance last, and drop what only a resume would need."""
    with together():
        for epoch in spec.snapshots:
            name = paths.snapshot_name(epoch)
            with kept(out / name) as partial:  # a copy: after a kill here the next try still finds its own
                shutil.copyfile(verified(work / name), partial)
        save_weights(out / paths.FINAL, training.model.state_dict())
        write_csv(out / paths.HISTORY, training.history)
        write_text(out / paths.SPEC, canonical_json(spec) + "\n")
        write_json(out / paths.PROVENANCE, {**provenance, "key": key})
    sweep(out)


def sweep(out: Path) -> None:
    """Remove what only an unfinished run needs; one that was killed right after its last artefact left it."""
    (out / "diverged.csv").unlink(missing_ok=True)
    for leftover in out.glob(".resume-*"):
        state = leftover / "state.pt"
        if state.exists():
            os.remove(state)  # first: a state without its snapshots must never be resumed
        shutil.rmtree(leftover)


if __name__ == "__main__":
    run_script(main)
