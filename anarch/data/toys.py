"""Toy sets in the plane: points float32 (n, 2) and labels int64 (n,) in {0, 1}, as many as asked.

Each set is a distribution: train, test and extra data are draws from generators of their own, such as
``generator(seed, "train")`` and ``generator(seed, "extra", step)``.  Labels alternate, so that any part of a
draw from its first point on is balanced to within one point (the rings, whose sizes differ, are in blocks).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Points = tuple[Tensor, Tensor]


def two_spirals(
    n: int, draws: torch.Generator, *, degrees: float = 600.0, scale: float = 1.5, noise: float = 0.5
) -> Points:
    """The swiss roll of blessing (Figs. 3, 5, 6), as in the authors' generator.

    Class 0 lies at scale * t * (-cos t, sin t) + noise * N(0, 1) with t = sqrt(U(0, 1)) * ``degrees``, so
    that points are spread evenly along the arm; class 1 is its reflection at the origin.
    """
    labels = _alternating(n)
    t = torch.rand(n, generator=draws).sqrt() * math.radians(degrees)
    arm = torch.stack((-t.cos(), t.sin()), 1) * (scale * t).unsqueeze(1)
    return _arm_side(labels) * arm + noise * torch.randn(n, 2, generator=draws), labels


def minefield_spirals(n: int, draws: torch.Generator, *, turns: float = 1.5) -> Points:
    """The spirals of the minefield (blessing, Fig. 1): r = 5 sqrt(t), no noise, t in radians.

    Class 0 lies at -r (cos t, sin t), class 1 at its reflection.  t is uniform in [0, ``turns`` * 2 pi); the
    authors space it evenly instead and split one set of 400 points, whose two arms share the point 0.
    """
    labels = _alternating(n)
    t = torch.rand(n, generator=draws) * (2 * math.pi * turns)
    arm = -5 * torch.stack((t.cos(), t.sin()), 1) * t.sqrt().unsqueeze(1)
    return _arm_side(labels) * arm, labels


def concentric_rings(
    gap: float, *, sizes: Sequence[int] = (40, 80, 10), draws: torch.Generator | None = None
) -> Points:
    """The rings of blessing, Sec. 6 and Fig. 8: class 0 at radius 0.4 + ``gap``, class 1 at 0.95 and 0.4.

    ``sizes`` are the points on these three rings.  ``gap`` is the margin inside: 0.001 pinches it (b), about
    0.2 leaves it wide (a).  Angles are evenly spaced, those of the innermost ring turned by pi / 40, as in
    the authors' code; with ``draws`` they are uniform, for further data of the same distribution.

    Raises:
        ValueError: the middle ring would not lie between the other two.
    """
    if not 0 < gap < 0.55:
        raise ValueError(f"gap must be more than 0 and less than 0.55, where the rings meet; got {gap}")
    rings = []
    for size, radius, turned in zip(sizes, (0.4 + gap, 0.95, 0.4), (0.0, 0.0, math.pi / 40), strict=True):
        part = torch.arange(size) / size if draws is None else torch.rand(size, generator=draws)
        angle = 2 * math.pi * part + turned
        rings.append(radius * torch.stack((angle.sin(), angle.cos()), 1))
    labels = torch.tensor([0] * sizes[0] + [1] * (sizes[1] + sizes[2]), dtype=torch.int64)
    return torch.cat(rings), labels


def two_gaussians(
    n_per_class: int, draws: torch.Generator, *, centre: tuple[float, float] = (2.0, 0.0), std: float = 0.5
) -> Points:
    """Two well-separated Gaussians, N(-centre, std^2) for class 0 and N(centre, std^2) for class 1.

    The toy of bad_minima, Fig. 1 (50 points each); the paper states neither means nor spread.
    """
    labels = _alternating(2 * n_per_class)
    middle = -_arm_side(labels) * torch.tensor(centre)
    return middle + std * torch.randn(2 * n_per_class, 2, generator=draws), labels


def random_labels(n: int, draws: torch.Generator) -> Tensor:
    """Fair labels (n,) in {0, 1}, drawn anew until both are present; n is 2 or more."""
    labels = torch.zeros(n, dtype=torch.int64)
    while len(labels.unique()) < 2:
        labels = torch.randint(0, 2, (n,), generator=draws)
    return labels


def _alternating(n: int) -> Tensor:
    if n < 1:
        raise ValueError(f"the number of points must be 1 or more, got {n}")
    return torch.arange(n) % 2


def _arm_side(labels: Tensor) -> Tensor:
    """1 for class 0 and -1 for class 1, as a column (n, 1)."""
    return (1 - 2 * labels).unsqueeze(1)
