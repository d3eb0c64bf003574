"""A dataset as uint8 tensors with its provenance, and the numbers about it that go into its manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod, sqrt
from typing import Any

import torch
from torch import Tensor

SPLITS = ("train", "test", "extra")


@dataclass(frozen=True)
class Dataset:
    """Images uint8 (N, C, H, W) in 0..255 and labels int64 (N,) in 0..classes-1, by split.

    "train" and "test" are always there, "extra" is a pool disjoint from both.  ``origin`` says in one line
    what the images are and how they were found or made; ``checksums`` maps raw files to sha256 (empty if
    generated).
    """

    images: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]
    classes: int
    origin: str
    licence: str
    checksums: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = set(self.images)
        if names != set(self.labels) or not {"train", "test"} <= names <= set(SPLITS):
            raise ValueError(
                f"{self.origin}: splits must be train, test and at most extra, for images and labels alike; "
                f"got {sorted(self.images)} and {sorted(self.labels)}"
            )
        for split in self.images:
            self._check(split)

    def _check(self, split: str) -> None:
        x, y = self.images[split], self.labels[split]
        expected = self.images["train"].shape[1:]
        if x.dtype != torch.uint8 or x.ndim != 4 or x.shape[1:] != expected or not x.numel():
            raise ValueError(
                f"{self.origin}: images of {split} must be uint8 (N, C, H, W), none 0, one size "
                f"in all splits; got {x.dtype} {tuple(x.shape)}, train has {tuple(expected)}"
            )
        if y.dtype != torch.int64 or y.shape != x.shape[:1]:
            raise ValueError(
                f"{self.origin}: labels of {split} must be int64 ({len(x)},), got {y.dtype} {tuple(y.shape)}"
            )
        if int(y.min()) < 0 or int(y.max()) >= self.classes:
            raise ValueError(
                f"{self.origin}: labels of {split} must lie in 0..{self.classes - 1}, "
                f"got {int(y.min())}..{int(y.max())}"
            )


def drawn_by(split: str, draw: int) -> tuple[str | int, ...]:
    """What the images of ``split`` are drawn by, beside a seed: those of the test split are in every draw."""
    return (split, draw) if draw and split != "test" else (split,)


def statistics(dataset: Dataset) -> dict[str, Any]:
    """Plain data for a manifest: sizes and class balance by split, shape, classes, mean and std per channel.

    ``mean`` and ``std`` are of pixel / 255 over all of train (std with 1/N, so a constant channel has exactly
    0).  The sums are integers, hence the same on every machine and for every order of the images.
    """
    train = dataset.images["train"]
    moments = [_mean_and_std(train[:, channel]) for channel in range(train.shape[1])]
    return {
        "splits": {
            split: {"size": len(y), "class_balance": torch.bincount(y, minlength=dataset.classes).tolist()}
            for split, y in dataset.labels.items()
        },
        "shape": list(train.shape[1:]),
        "classes": dataset.classes,
        "mean": [mean for mean, _ in moments],
        "std": [std for _, std in moments],
    }


def _mean_and_std(pixels: Tensor) -> tuple[float, float]:
    """Of uint8 ``pixels`` / 255, by integer sums; in blocks, since wide types take 8 times the room."""
    blocks = pixels.split(4096)
    n = prod(pixels.shape)
    first = sum(int(block.sum(dtype=torch.int64)) for block in blocks)
    second = sum(int(block.to(torch.int32).square().sum(dtype=torch.int64)) for block in blocks)
    return first / n / 255, sqrt(n * second - first * first) / n / 255
