"""Datasets as tensors: one module a source in ``sources``, subsets and statistics, augmentation."""

from anarch.data.dataset import Dataset, statistics
from anarch.data.prepare import prepare

__all__ = ["Dataset", "prepare", "statistics"]
