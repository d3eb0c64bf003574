"""Good and poisoned minima of blessing, of the swiss roll and of image sets alike, ready to be measured."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn

from shared.jobs import folder

Points = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Minimum:
    """A trained network in evaluation mode, with D_t and the test set as it sees them."""

    set: str
    seed: int
    beta: float
    network: nn.Module
    train: Points
    test: Points

    @property
    def names(self) -> dict[str, object]:
        return {"set": self.set, "seed": self.seed, "beta": self.beta}


def first(points: Points, number: int) -> Points:
    """The first ``number`` of the points; all, where it is 0."""
    x, y = points
    return (x[:number], y[:number]) if number else points


def add_minima(arguments: argparse.ArgumentParser) -> None:
    """The arguments by which `minima` finds them."""
    add = arguments.add_argument
    add("--source", choices=("swissroll_minima", "image_minima"), required=True, help="what they are")
    add("--networks", type=Path, help="swissroll_minima: what swissroll.py has written")
    add("--spec", help="swissroll_minima: what made it, as JSON")
    add("--seeds", type=int, nargs="+", default=[], help="swissroll_minima: whose networks to take")
    add("--runs", type=folder, help="image_minima: the study's runs/")
    add("--names", nargs="+", default=[], help="image_minima: runs on one dataset")
    add("--data", type=folder, help="image_minima: folder of their dataset")


def minima(args: argparse.Namespace, device: torch.device) -> Iterator[Minimum]:
    """Those that the arguments name, one at a time."""
    # Imported by name: an edit of the swiss roll must not make the costly tables of images stale.
    return import_module(f"shared.{args.source}").minima(args, device)
