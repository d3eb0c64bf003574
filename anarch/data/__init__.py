"""Datasets as tensors: one module per source in ``sources``, subsets and statistics, augmentation."""
