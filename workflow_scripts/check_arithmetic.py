"""Check that this machine computes every architecture and its liftings as float64 does, and trains them.

By hand:  make check

A process per network: where a kernel of the processor's library kills it, the others are still checked.
"""

import multiprocessing
import signal
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from anarch.arithmetic import ROUNDING, TOLERANCE, rounding_errors
from anarch.models import architectures
from anarch.randomness import generator
from anarch.training.examples import Examples
from anarch.training.loop import Training
from anarch.training.network import fresh_network
from anarch.workflow.specs import LIFTS, Model, Recipe
from shared.artefacts import write_csv
from shared.jobs import parser, run_script, start

Row = dict[str, Any]

# Widths as small as the smoke scale's, so that kernels meet fewer channels than their blocks, and the image
# side; an architecture that stands not here is checked as it comes, at 32 pixels.
SMALL: dict[str, tuple[dict[str, Any], int]] = {
    "alexnet": ({"channels": 2}, 32),
    "d_conv": ({"alpha": 2}, 16),
    "densenet": ({"channels": 2, "depth": 10}, 16),
    "mlp": ({"hidden": [8, 8]}, 16),
    "quadratic_features": ({}, 16),
    "resnet": ({"channels": 2}, 16),
    "resnet_v2": ({"channels": 2, "depth": 8}, 16),
    "s_conv": ({"alpha": 2}, 16),
    "vanilla_cnn": ({"channels": 2}, 32),
    "vgg": ({"channels": 2, "depth": 11}, 16),
}
UNLIFTED = ("mlp", "quadratic_features")  # hold no convolution
IMAGES, CLASSES = 20, 10
LINE = "{network:32} {precision}  off by {error:5.2f} round-offs at most ({layer})"
FAULT = "{layer} is off by {error:.2g} times the round-off of {precision}"
CURE = (
    "What this machine trains cannot be trusted.  Try another version of torch, or hold its kernels to those "
    "of an older processor: ONEDNN_MAX_CPU_ISA=SSE41 in the environment"
)
PATIENCE = 120.0  # seconds for one network, of which each takes about one; a faulty kernel may hang


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--only", nargs="+", help="architectures to check (default: all)")
    arguments.add_argument("--out", type=Path, help="CSV to write: a row per network and precision")
    args = arguments.parse_args(argv)
    rows, faults = [], []
    for architecture in args.only or architectures():
        options, side = SMALL.get(architecture, ({}, 32))
        for lift in LIFTS[:1] if architecture in UNLIFTED else LIFTS:
            name = architecture if lift == "none" else f"{architecture}, {lift.replace('_', ' ')}"
            model = Model(architecture=architecture, options=options, lift=lift)
            found, fault = in_own_process(partial(checked, model, side, args))
            for row in found:
                print(LINE.format(network=name, **row), flush=True)
                if not row["error"] <= TOLERANCE:
                    faults.append(f"{name}: {FAULT.format(**row)}")
            rows += [{"network": name, **row} for row in found]
            faults += [f"{name}: {fault}"] if fault else []
    if faults:
        raise SystemExit("\n".join([*(f"error: {fault}" for fault in faults), CURE]))
    if args.out is not None:
        write_csv(args.out, rows)


def checked(model: Model, side: int, args: Namespace) -> Iterator[Row]:
    """A row per precision of this machine: the layer of largest error, and how large.  Trains first."""
    device = start(args)  # here, for a process that has seen a GPU cannot be forked
    draws = generator(0, "check")
    images = torch.randint(0, 256, (IMAGES, 3, side, side), generator=draws, dtype=torch.uint8)
    labels = torch.randint(0, CLASSES, (IMAGES,), generator=draws)
    examples = Examples(images, labels, torch.full((3,), 0.5), torch.full((3,), 0.25)).to(device)
    network = fresh_network(model, (3, side, side), CLASSES, 0).to(device)
    recipe = Recipe(epochs=1, batch_size=IMAGES // 2, lr=0.01, momentum=0.9)
    Training(network, examples, examples, recipe, 0).run()
    network = fresh_network(model, (3, side, side), CLASSES, 0).to(device)
    for precision in ROUNDING if device.type == "cuda" else ("fp32", "bf16"):
        errors = rounding_errors(network, examples.inputs(), examples.labels, precision)
        layer = max(errors, key=lambda name: (errors[name] != errors[name], errors[name]))  # NaN is worst
        yield {"precision": precision, "layer": layer, "error": errors[layer]}


def in_own_process(rows: Callable[[], Iterable[Row]]) -> tuple[list[Row], str]:
    """The ``rows`` that a process of their own yields, and what ended it too early; "" if nothing did."""
    # Forked, so that torch is imported once; this process itself must use neither CUDA nor threads.
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(rows, theirs))
    process.start()
    theirs.close()
    found: list[Row] = []
    fault = ""
    with suppress(EOFError):
        while not fault:
            if ours.poll(PATIENCE):
                row = ours.recv()
                found += [row] if isinstance(row, dict) else []
                fault = row if isinstance(row, str) else ""
            else:
                fault = f"hangs: no answer for {PATIENCE:.0f} seconds"
                process.kill()
    process.join()
    if not fault and process.exitcode:
        fault = (
            f"its process was ended by signal {-process.exitcode} ({signal.Signals(-process.exitcode).name})"
        )
    return found, fault


def _send(rows: Callable[[], Iterable[Row]], to: Connection) -> None:
    try:
        for row in rows():
            to.send(row)
    except Exception as error:
        to.send(f"{type(error).__name__}: {error}")
    to.close()


if __name__ == "__main__":
    run_script(main)
