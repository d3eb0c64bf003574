"""Regression sets of the study `embedding`, float64: points on a line, Iris, images and labels as floats."""

from collections.abc import Sequence

import torch
from sklearn.datasets import load_iris
from torch import Tensor
from torch.nn import functional as F


def tanh_steps(
    points: int,
    half_width: float,
    centres: Sequence[float],
    slopes: Sequence[float],
    heights: Sequence[float],
) -> tuple[Tensor, Tensor]:
    """x (n, 1), equally spaced on +-``half_width``, and y = sum_k h_k tanh(s_k (x - c_k)) (n, 1)."""
    if not len(centres) == len(slopes) == len(heights) >= 1:
        raise ValueError(
            f"centres, slopes and heights must be of one length, got "
            f"{len(centres)}, {len(slopes)}, {len(heights)}"
        )
    if points < 2 or not half_width > 0:
        raise ValueError(
            f"2 points or more and a positive half_width are needed, got {points} and {half_width}"
        )
    x = torch.linspace(-half_width, half_width, points, dtype=torch.float64).unsqueeze(1)
    c, s, h = (torch.tensor(values, dtype=torch.float64) for values in (centres, slopes, heights))
    return x, (torch.tanh(s * (x - c)) * h).sum(1, keepdim=True)


def iris() -> tuple[Tensor, Tensor]:
    """Fisher's Iris: x (150, 4), each feature with mean 0 and variance 1 (1/N), and y one-hot (150, 3)."""
    bunch = load_iris()
    x = torch.from_numpy(bunch.data).double()
    return (x - x.mean(0)) / x.std(0, correction=0), one_hot(torch.from_numpy(bunch.target), 3)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """``labels`` int (n,) as regression targets (n, classes), float64."""
    return F.one_hot(labels.long(), classes).double()


def flat_images(images: Tensor) -> Tensor:
    """uint8 ``images`` (n, C, H, W) as inputs (n, C * H * W) in 0..1, float64."""
    return images.flatten(1).double() / 255
