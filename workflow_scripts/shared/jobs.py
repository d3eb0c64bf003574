"""What every job that computes with torch has in common: its arguments, its threads and its device."""

import argparse
import inspect
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from anarch.training.loop import use_precision
from anarch.workflow.gpu import lock_folder, take_device

_told = [float("-inf")]  # when the last line of progress was written
_held: list[Any] = []  # device locks of this process; the operating system frees them at its end


def parser(doc: str | None) -> argparse.ArgumentParser:
    """An argument parser with the options that the rules give to each such job."""
    result = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--threads", type=int, default=1, help="threads of this process (default 1)")
    result.add_argument(
        "--gpus", type=int, default=1, help="1: take a free GPU if there is one; 0: stay on the CPU"
    )
    result.add_argument("--code", default="", help="digest of the code, kept in the provenance")
    return result


def start(args: argparse.Namespace, *, precision: str = "fp32") -> torch.device:
    """Set this process up as its rule says, and give it a device of its own."""
    torch.set_num_threads(args.threads)
    _keep_the_compiler_out()
    use_precision(precision)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS is not deterministic
    chosen, lock = take_device(args.gpus, os.environ, lock_folder())
    _held.append(lock)
    os.environ["CUDA_VISIBLE_DEVICES"] = chosen
    if not (chosen and torch.cuda.is_available()):
        return torch.device("cpu")  # whose kernels are deterministic without asking, which costs a second
    torch.use_deterministic_algorithms(True, warn_only=True)
    # A debugging aid that costs a pass over each new buffer.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return torch.device("cuda")


def _keep_the_compiler_out() -> None:
    """Let torch.optim run without torch._dynamo, whose import takes as long as torch's own, 2.5 CPU-seconds.

    Its optimisers call it only to tell a compiler where to break a graph, and no job here compiles anything.
    They compute the same; where torch is built otherwise than 2.14, a job merely starts more slowly.
    """
    for method in vars(torch.optim.Optimizer).values():
        if inner := getattr(method, "__wrapped__", None):
            inner.__dynamo_disable = inner
    for kind in vars(torch.optim).values():
        if isinstance(kind, type) and "step" in vars(kind):
            kind.step = torch.no_grad()(inspect.unwrap(kind.step))  # type: ignore[attr-defined]


def progress(done: int, total: int, unit: str, **numbers: float) -> None:
    """One line, at most one a second, for the logger plugin's progress display, which reads the job's log."""
    if done < total and time.monotonic() - _told[0] < 1:
        return
    _told[0] = time.monotonic()
    print("anarch-progress", json.dumps({"done": done, "total": total, "unit": unit, **numbers}), flush=True)


def run_script(main: Callable[[], None]) -> None:
    """Run a script's ``main`` and leave at once: taking torch apart costs near a second and saves nothing."""
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def folder(text: str) -> Path:
    """An argument that must be an existing folder."""
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path
