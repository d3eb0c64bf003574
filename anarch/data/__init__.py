"""Datasets as tensors: one module a source in ``sources``, subsets and statistics, augmentation."""
