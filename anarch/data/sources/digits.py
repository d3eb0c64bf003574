"""scikit-learn's digits as they are: 1,797 images of 8 x 8, 17 grey levels; needs no download."""

from pathlib import Path

import torch
from sklearn.datasets import load_digits

from anarch.data.dataset import Dataset
from anarch.randomness import generator

LICENCE = "CC BY 4.0 (Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI repository)"
TRAIN = 1000  # of the 1,797; the rest is the test set


def load(root: Path | None, path: str, *, download: bool) -> Dataset:
    """All of them, (N, 1, 8, 8), in one random division into 1,000 and 797; reads no file below ``root``."""
    raw = load_digits()
    images = torch.from_numpy(raw.images * (255 / 16)).round().to(torch.uint8).unsqueeze(1)
    labels = torch.from_numpy(raw.target).long()
    order = torch.randperm(len(labels), generator=generator(0, "digits", "split"))
    rows = {"train": order[:TRAIN], "test": order[TRAIN:]}
    return Dataset(
        images={split: images[which] for split, which in rows.items()},
        labels={split: labels[which] for split, which in rows.items()},
        classes=10,
        origin=f"scikit-learn's load_digits, {TRAIN} of them for training",
        licence=LICENCE,
    )
