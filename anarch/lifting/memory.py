"""How much memory the weights of a lifted network take, told before they are made."""

import os
from collections.abc import Mapping
from math import prod

import torch
from torch import nn

from anarch.lifting.taps import Geometry


def require_memory(geometries: Mapping[nn.Conv2d, Geometry], to: str, what: str) -> None:
    """MemoryError if the weights that ``geometries`` lift to are more than their device has in all."""
    weight = next(iter(geometries)).weight
    if weight.is_meta:
        return
    needed = sum(_entries(geometry, to) for geometry in geometries.values()) * weight.element_size()
    present = _memory(weight.device)
    if needed > present:
        raise MemoryError(
            f"lifting this {what} to {to} takes {_words(needed)} for weights, and this machine has "
            f"{_words(present)}: take smaller images, fewer channels, or the meta device to count parameters"
        )


def _entries(geometry: Geometry, to: str) -> int:
    if to == "fully_connected":
        return prod(geometry.dense_shape)
    return geometry.positions * prod(geometry.kernel_shape)  # a bound: taps on padding have no weight


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _words(size: int) -> str:
    return f"{size / 1e12:.3g} TB" if size >= 1e12 else f"{size / 1e9:.3g} GB"
