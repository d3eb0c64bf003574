"""Reading and writing networks' weights and prepared images."""

import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from anarch.training.examples import Examples
from anarch.workflow import paths
from anarch.workflow.records import file_digest
from shared.artefacts import kept
from shared.descriptions import load_manifest
from shared.integrity import refusal, verified


def save_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    with kept(path) as partial:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, partial)


def load_weights(path: Path) -> dict[str, Tensor]:
    verified(path)
    try:
        return load_file(path)
    except Exception as error:  # safetensors raises its own, undocumented types
        raise refusal(path, f"cannot be read ({error})") from None


def load_examples(folder: Path, device: torch.device) -> dict[str, Examples]:
    """The splits of a prepared dataset, after its checksum has been compared with the manifest's."""
    manifest, file = load_manifest(folder), folder / paths.DATA
    if file_digest(verified(file)) != manifest["sha256"]:
        raise refusal(file, "is damaged: its sha256 is not the manifest's")
    tensors = load_weights(file)
    mean, std = (torch.tensor(manifest[name], dtype=torch.float32) for name in ("mean", "std"))
    std = std.where(std > 0, 1.0)  # a constant channel is 0 once centred, whatever it is divided by
    return {
        split: Examples(tensors[f"{split}_images"], tensors[f"{split}_labels"], mean, std).to(device)
        for split in manifest["splits"]
    }


def versions(device: torch.device) -> dict[str, str]:
    """What a result depends on beside code, data and spec."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"cpu {platform.machine()}",
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
