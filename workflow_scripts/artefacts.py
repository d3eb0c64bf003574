"""Reading and writing the workflow's artefacts; nothing half-written ever stands under a final name."""

import csv
import hashlib
import json
import os
import platform
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from anarch.training.examples import Examples
from anarch.workflow import paths
from anarch.workflow.specs import RunSpec, parse


@contextmanager
def complete(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` to write to; renamed to ``path`` once the block has ended well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with complete(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns in the order of their first appearance; None is an empty cell; numbers read back exactly."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with complete(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def save_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    with complete(path) as partial:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, partial)


def load_weights(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError:
        raise SystemExit(f"error: {path} is missing: make it by naming it as a target of snakemake") from None
    except Exception as error:  # safetensors raises its own, undocumented types
        raise SystemExit(f"error: {path} cannot be read ({error}): delete it and run again") from None


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / paths.MANIFEST).read_text(encoding="utf-8"))


def load_examples(folder: Path, device: torch.device) -> dict[str, Examples]:
    """The splits of a prepared dataset, after its checksum has been compared with the manifest's."""
    manifest, file = load_manifest(folder), folder / paths.DATA
    if file_digest(file) != manifest["sha256"]:
        raise SystemExit(f"error: {file} is corrupt (its sha256 is not the manifest's): delete it and run again")
    tensors = load_weights(file)
    mean, std = (torch.tensor(manifest[name], dtype=torch.float32) for name in ("mean", "std"))
    return {
        split: Examples(tensors[f"{split}_images"], tensors[f"{split}_labels"], mean, std).to(device)
        for split in manifest["splits"]
    }


def load_spec(run: Path) -> RunSpec:
    return parse(RunSpec, json.loads((run / paths.SPEC).read_text(encoding="utf-8")))


def versions(device: torch.device) -> dict[str, str]:
    """What a result depends on beside code, data and spec."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu {platform.machine()}",
        "threads": str(torch.get_num_threads()),
        "git": _git_state(),
    }


def _git_state() -> str:
    """Commit of the checkout that the script runs in, with a mark where it was edited; empty outside git."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return ""
