"""CIFAR-100: 50,000 + 10,000 colour photographs (3, 32, 32) of 100 fine classes, in torchvision's layout."""

from pathlib import Path

from torchvision.datasets import CIFAR100

from anarch.data.dataset import Dataset
from anarch.data.sources._torchvision import load_cifar


def load(root: Path | None, path: str, *, download: bool) -> Dataset:
    """The whole set from ``root/path/cifar-100-python/``."""
    return load_cifar("cifar100", CIFAR100, root, path, download=download)
