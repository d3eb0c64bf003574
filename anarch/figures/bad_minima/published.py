"""Numbers that the paper prints: Table 1 (mean distances of 5 runs) and Table 2 (per cent, mean and sd)."""

import re

# The paper's seven pairs, as deduced from their sizes: the header of Table 1 is damaged in our text.
PAIRS = {
    "d(W0R,WSR)": r"$d(W_0^R, W_S^R)$",
    "d(WSR,W0R)": r"$d(W_S^R, W_0^R)$",
    "d(WVR,W0R)": r"$d(W_V^R, W_0^R)$",
    "d(W0A,W0R)": r"$d(W_0^A, W_0^R)$",
    "d(WSA,W0R)": r"$d(W_S^A, W_0^R)$",
    "d(WVA,W0A)": r"$d(W_V^A, W_0^A)$",
    "d(WSA,W0A)": r"$d(W_S^A, W_0^A)$",
}
DISTANCES: dict[tuple[str, str], tuple[float, ...]] = {
    ("cifar10", "densenet40"): (0.810, 3.715, 0.946, 0.950, 3.715, 0.347, 28.669),
    ("cifar10", "resnet18"): (0.953, 3.917, 0.873, 0.879, 3.902, 0.207, 12.421),
    ("cifar10", "resnet50"): (0.894, 8.552, 0.919, 0.923, 8.608, 0.194, 36.311),
    ("cifar10", "vgg16"): (0.907, 3.464, 0.950, 0.953, 3.433, 0.264, 26.838),
    ("cifar100", "densenet40"): (0.917, 2.008, 0.946, 0.968, 1.980, 0.538, 13.290),
    ("cifar100", "resnet18"): (0.915, 2.609, 0.852, 0.862, 2.597, 0.210, 7.243),
    ("cifar100", "resnet50"): (0.917, 4.941, 0.925, 0.927, 4.882, 0.172, 24.598),
    ("cifar100", "vgg16"): (0.919, 2.029, 0.960, 0.962, 2.035, 0.253, 19.388),
    ("cinic10", "densenet40"): (0.917, 1.415, 0.955, 0.976, 1.440, 0.491, 12.102),
    ("cinic10", "resnet18"): (0.836, 1.565, 0.942, 0.951, 1.560, 0.212, 10.961),
    ("cinic10", "resnet50"): (0.837, 3.260, 0.952, 0.955, 3.274, 0.157, 24.940),
    ("cinic10", "vgg16"): (0.844, 1.406, 0.974, 0.977, 1.397, 0.241, 17.916),
    ("restrictedimagenet", "densenet40"): (0.940, 3.378, 0.966, 0.982, 3.377, 0.520, 39.314),
    ("restrictedimagenet", "resnet18"): (0.849, 3.154, 0.969, 0.973, 3.164, 0.163, 47.184),
    ("restrictedimagenet", "resnet50"): (0.883, 7.123, 0.913, 0.916, 7.139, 0.164, 30.841),
    ("restrictedimagenet", "vgg16"): (0.836, 2.885, 0.985, 0.986, 2.871, 0.172, 83.035),
}

# (mode, initialisation) -> train accuracy, its sd, test accuracy, its sd: ResNet18 on CIFAR-10.
HEURISTICS: dict[tuple[str, str], tuple[float, float, float, float]] = {
    ("vanilla", "random"): (100.0, 0.0, 84.838, 0.193),
    ("vanilla", "adversarial"): (100.0, 0.0, 56.024, 0.883),
    ("da", "random"): (100.0, 0.0, 93.370, 0.115),
    ("da", "adversarial"): (99.995, 0.003, 89.402, 0.175),
    ("l2", "random"): (100.0, 0.0, 87.352, 0.055),
    ("l2", "adversarial"): (100.0, 0.0, 83.172, 3.732),
    ("momentum", "random"): (100.0, 0.0, 89.200, 0.176),
    ("momentum", "adversarial"): (100.0, 0.0, 89.016, 0.142),
    ("da+l2", "random"): (100.0, 0.0, 94.680, 0.071),
    ("da+l2", "adversarial"): (100.0, 0.0, 94.192, 0.173),
    ("da+momentum", "random"): (100.0, 0.0, 93.448, 0.242),
    ("da+momentum", "adversarial"): (100.0, 0.001, 92.756, 0.347),
    ("l2+momentum", "random"): (100.0, 0.0, 89.050, 0.110),
    ("l2+momentum", "adversarial"): (100.0, 0.0, 88.932, 0.373),
    ("sota", "random"): (100.0, 0.0, 95.324, 0.086),
    ("sota", "adversarial"): (100.0, 0.001, 95.346, 0.098),
}


def _key(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def network(model: str) -> str:
    """The paper's name of ``model``: "ResNet18, 16 channels" is its ``resnet18``, whatever its width."""
    return _key(re.split(r"[\s,(/x]", model.strip(), maxsplit=1)[0])


def data(dataset: str) -> str:
    """The paper's name of ``dataset``: "CIFAR-10" is its ``cifar10``."""
    key = _key(dataset)
    return "restrictedimagenet" if key == "rimagenet" else key


def distances(dataset: str, model: str) -> tuple[str, tuple[float, ...]] | None:
    """Whose row of Table 1 stands beside ours, and the row: that of the data set, else CIFAR-10's."""
    for label, name in (("paper", data(dataset)), ("paper (CIFAR-10)", "cifar10")):
        if (name, network(model)) in DISTANCES:
            return label, DISTANCES[name, network(model)]
    return None
