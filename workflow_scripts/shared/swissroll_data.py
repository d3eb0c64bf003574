"""The swiss roll's sets of points as its networks see them, and the networks' widths."""

import torch

from anarch.data.toys import Points, two_spirals
from anarch.randomness import generator
from anarch.training.stacked import Widths
from anarch.workflow.blessing_toys import Swissroll


def widths(spec: Swissroll) -> Widths:
    return (2, *spec.hidden, 1)


def points(spec: Swissroll, n: int, draws: torch.Generator) -> Points:
    """As the networks see them: scaled points (n, 2) and labels (n,)."""
    x, y = two_spirals(n, draws)
    return spec.input_scale * x, y


def split(spec: Swissroll, name: str, seed: int) -> Points:
    """D_t ("train") or the test set ("test") of ``seed``."""
    return points(spec, spec.train if name == "train" else spec.test, generator(seed, "swissroll", name))
