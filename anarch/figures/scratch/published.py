"""What the paper prints: accuracies of Tables 1 and 2 (test, per cent) and formulas of Tables 3 and 4."""

import re

DATASETS = ("cifar10", "cifar100", "svhn")
NAMES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "svhn": "SVHN"}
EPOCHS = (400, 4000)

# Table 1: weights in millions, then test accuracy after 400 and 4000 epochs on each of DATASETS.
MILLIONS = {
    "D-CONV": 1.45,
    "D-LOCAL": 3.42,  # an error of the paper: its own architecture has 11.7
    "D-FC": 256,
    "S-CONV": 138,
    "S-LOCAL": 147,
    "S-FC": 256,
    "3-FC": 256,
}
ACCURACIES: dict[str, tuple[tuple[float, float], ...]] = {
    "D-CONV": ((88.84, 89.79), (63.73, 62.26), (95.65, 95.86)),
    "D-LOCAL": ((86.13, 86.07), (58.58, 55.71), (95.71, 95.85)),
    "D-FC": ((64.78, 63.62), (36.61, 35.51), (92.52, 90.97)),
    "S-CONV": ((84.14, 87.05), (59.48, 62.51), (92.34, 93.38)),
    "S-LOCAL": ((81.52, 85.86), (56.64, 62.03), (92.51, 93.98)),
    "S-FC": ((72.77, 78.63), (47.72, 51.43), (88.64, 91.80)),
    "3-FC": ((69.19, 75.12), (44.95, 50.75), (85.98, 86.02)),
}

# Table 2: network, how it was trained, test accuracy after 4000 epochs on each of DATASETS.
Row = tuple[float | None, float | None, float | None]
LITERATURE: dict[tuple[str, str], Row] = {
    ("Neyshabur 2019", "SGD, no augmentation"): (58.1, None, 84.3),
    ("Mukkamala 2017", "Adam/RMSProp"): (72.2, 39.3, None),
    ("Mocanu 2018", "sparse evolutionary training"): (74.84, None, None),
    ("Urban 2017", "deep convolutional teacher"): (74.3, None, None),
    ("Lin 2016", "unsupervised pretraining with ZAE"): (78.62, None, None),
}
METHODS: dict[tuple[str, str], Row] = {
    ("S-CONV", "SGD"): (87.05, 62.51, 93.38),
    ("S-LOCAL", "SGD"): (85.86, 62.03, 93.98),
    ("3-FC", "SGD"): (75.12, 50.75, 86.02),
    ("S-FC", "SGD"): (78.63, 51.43, 91.80),
    ("S-FC", "beta = 0"): (82.45, 55.58, 93.80),
    ("S-FC", "beta = 1"): (82.52, 55.96, 93.66),
    ("S-FC", "beta = 50"): (85.19, 59.56, 94.07),
}


def data(dataset: str) -> str:
    """The paper's name of ``dataset``: "CIFAR-10" is its ``cifar10``."""
    return re.sub("[^a-z0-9]", "", dataset.lower())


def kin(dataset: str) -> str | None:
    """The paper's data set that ``dataset`` is made from: "CIFAR-10 at 16x16" from ``cifar10``."""
    first = data(dataset.split()[0]) if dataset.strip() else ""
    return first if first in DATASETS else None


# What the architectures of Table 1 have: alpha = 15 (D-) and 150 (S-), 10 classes; 3-FC's width is not told.
TRUE_WEIGHTS = {
    "D-CONV": 1_445_955,
    "D-LOCAL": 11_713_920,
    "D-FC": 282_203_520,
    "S-CONV": 138_312_450,
    "S-LOCAL": 147_607_200,
    "S-FC": 256_240_800,
}
