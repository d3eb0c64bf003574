"""Which pairs of networks of a group tell anything, and what two networks differ in."""

import json
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

OUTCOME = "test_accuracy"
LEAST = 3  # networks of a group, seeds, and groups of a pooled interval: with two nothing can vary
NOISE = 2.0  # standard errors of a difference that two accuracies must be apart by
MATCHED = 1.1  # sizes whose ratio is below this were matched on purpose: they tell nothing of size


def signs(values: pd.Series) -> np.ndarray:
    """Signs of the differences (n, n) of ``values``; infinite ones are equal to themselves."""
    ranks = rankdata(values.to_numpy(float), "dense").astype(float)  # infinities have no difference
    return np.asarray(np.sign(np.subtract.outer(ranks, ranks)))


def comparable(part: pd.DataFrame, measure: str) -> np.ndarray:
    """Pairs whose accuracies differ by more than the chance of their test images allows: bool (n, n).

    By `NOISE` standard errors of the difference of two binomial shares, as if the images were drawn anew for
    either network.  Of ``parameters`` the sizes must differ, too.
    """
    accuracy, images = part[OUTCOME].to_numpy(float), part["test_images"].to_numpy(float)
    variance = accuracy * (1 - accuracy) / images
    apart = np.abs(np.subtract.outer(accuracy, accuracy))
    pairs = (apart > NOISE * np.sqrt(np.add.outer(variance, variance))) & (apart > 0)
    if measure == "parameters":
        sizes = np.log(part[measure].to_numpy(float))
        pairs &= np.abs(np.subtract.outer(sizes, sizes)) > np.log(MATCHED)
    return np.asarray(pairs)


def settings_apart(part: pd.DataFrame, pairs: np.ndarray) -> dict[str, np.ndarray]:
    """Setting -> the ``pairs`` of one seed whose networks differ in it and in nothing else."""
    told: list[dict[str, Any]] = [json.loads(text) for text in part.settings]
    seeds = part.seed.to_numpy()
    found: dict[str, np.ndarray] = {}
    for i, j in zip(*np.nonzero(np.triu(pairs)), strict=True):
        if seeds[i] == seeds[j]:
            one, other = told[i], told[j]
            apart = [key for key in sorted(one.keys() | other.keys()) if one.get(key) != other.get(key)]
            if len(apart) == 1:
                of_setting = found.setdefault(apart[0], np.zeros(pairs.shape, bool))
                of_setting[i, j] = of_setting[j, i] = True
    return found
