"""Runs of the scratch study and what the units of their first layers see."""

from pathlib import Path

import torch
from torch import Tensor, nn

from anarch.complexity.filters import first_layer_filters
from anarch.data.pixels import permuted, pixel_order
from shared.descriptions import load_spec
from shared.runs import Run, open_run


def open_scratch_run(runs: Path, name: str, datasets: Path, device: torch.device) -> Run:
    """A run with the manifest of its own dataset: intact and permuted ones are measured side by side."""
    return open_run(runs, name, datasets / load_spec(runs / name).dataset, device)


def image_filters(run: Run, network: nn.Module) -> Tensor:
    """First-layer filters (units, C, H, W) on the pixels of the image: a permutation of them is undone."""
    first = next(m for m in network.modules() if isinstance(getattr(m, "weight", None), nn.Parameter))
    filters = first_layer_filters(first, run.shape)
    seed = run.manifest["spec"].get("permute")
    if seed is None:
        return filters
    # Place i showed pixel order[i], so the weight for pixel p stands on the place that order has p at.
    return permuted(filters, pixel_order(seed, filters.shape[2:].numel()).argsort().to(filters.device))
