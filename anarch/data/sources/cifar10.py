"""CIFAR-10: 50,000 + 10,000 colour photographs (3, 32, 32) of 10 classes, in torchvision's layout."""

from pathlib import Path

from torchvision.datasets import CIFAR10

from anarch.data.dataset import Dataset
from anarch.data.sources._torchvision import load_cifar


def load(root: Path | None, path: str, *, download: bool) -> Dataset:
    """The whole set from ``root/path/cifar-10-batches-py/``."""
    return load_cifar("cifar10", CIFAR10, root, path, download=download)
