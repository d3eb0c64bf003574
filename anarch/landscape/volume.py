"""Volume of a basin from its radii in random directions (blessing, Sec. 5)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class BasinVolume:
    """Natural logarithms of a volume in n dimensions, and how far to trust them.

    r^n grows so fast that for large n the mean of K directions is their largest: ``log_mean`` then is about
    log omega_n + n log r_max - log K, which grows with K.  An interval by resampling would tell only how the
    largest of these K could have been another one, so there is none; ``effective`` near 1 says that it is so.
    ``log_median`` depends on no single direction, but is no volume either: where a basin is an ellipsoid of
    curvatures h, both follow their mean, 1 / r^2 ~ tr(H) / n, and the volume follows their geometric mean,
    det(H).  A twentieth of stiff directions hides so some 20,000 orders of magnitude in 10,000 dimensions.
    Directions that follow the basin's shape see more of it: `anarch.landscape.preconditioned`.
    """

    log_mean: float  # log omega_n + log mean(r^n): the paper's estimate
    effective: float  # effective sample size (sum w)^2 / sum w^2 of the weights w = r^n: 1 to K
    log_median: float  # log omega_n + n log(median r)
    censored: int  # directions that never reached the cutoff


def log_unit_ball(dimension: int) -> float:
    """log omega_n, omega_n = pi^(n/2) / Gamma(1 + n/2) the volume of the unit ball in n = ``dimension``."""
    if dimension < 1:
        raise ValueError(f"dimension must be 1 or more, got {dimension}")
    return dimension / 2 * math.log(math.pi) - math.lgamma(1 + dimension / 2)


def log_volume(radii: Tensor, dimension: int) -> float:
    """log V = log omega_n + log E[r^n], natural logarithm (blessing, Sec. 5).

    ``radii``: (K,), 0 or more, in the unit of length whose n-th power is that of V; ``dimension``: n, the
    number of coordinates that the directions span (``directions.dimension``).  Zero radii count in the mean;
    all zero give -inf, and one infinite (censored) radius gives inf.  For large n the largest radius rules:
    see ``BasinVolume``.

    >>> import torch
    >>> round(log_volume(torch.tensor([1.0, 1.0]), 2), 6)  # a disc: log pi
    1.14473

    Raises:
        ValueError: no radii, or one that is negative or not a number; a dimension below 1.
    """
    return log_unit_ball(dimension) + _log_mean_exp(_log_weights(radii, dimension)).item()


def basin_volume(radii: Tensor, dimension: int, *, largest: float | None = None) -> BasinVolume:
    """``log_volume`` with its effective sample size, and the estimate from the median radius.

    Infinite radii are directions that never reached the cutoff.  They make the mean infinite, unless
    ``largest`` is given: the radius up to which they were followed, put in for them; then log_mean is a lower
    bound.  The median of an even number of radii is the geometric mean of the middle two.

    Raises:
        ValueError: as ``log_volume``; ``largest`` below a finite radius.
    """
    weights = _log_weights(radii, dimension)  # before anything is put in: refuses what is no radius
    endless = radii.isinf()
    if largest is not None:
        reached = radii[~endless]
        if len(reached) and not largest >= reached.max():
            raise ValueError(
                f"largest must be no less than the finite radii, got {largest} < {reached.max()}"
            )
        weights = _log_weights(torch.where(endless, largest, radii), dimension)
    ball, ordered = log_unit_ball(dimension), weights.sort().values
    middle = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return BasinVolume(
        log_mean=ball + _log_mean_exp(weights).item(),
        effective=_effective_size(weights),
        log_median=ball + (middle[0] + middle[1]).item() / 2,
        censored=int(endless.sum()),
    )


def log10(natural: float) -> float:
    """``natural`` logarithm -> decimal: orders of magnitude."""
    return natural / math.log(10)


def _log_weights(radii: Tensor, dimension: int) -> Tensor:
    """n log r, float64 (K,), on the CPU."""
    if dimension < 1:
        raise ValueError(f"dimension must be 1 or more, got {dimension}")
    if radii.ndim != 1 or len(radii) == 0:
        raise ValueError(f"radii must be (K,) with K >= 1, got {tuple(radii.shape)}")
    if not (radii >= 0).all():
        raise ValueError(f"radii must be 0 or more, got {radii[~(radii >= 0)][0]}")
    return dimension * radii.double().cpu().log()


def _log_mean_exp(weights: Tensor) -> Tensor:
    return torch.logsumexp(weights, 0) - math.log(len(weights))


def _effective_size(weights: Tensor) -> float:
    """(sum w)^2 / sum w^2 from log w; the number of infinite weights if there are any; 0 if all are 0."""
    top = weights.max()
    if top == torch.inf:
        return float((weights == torch.inf).sum())
    if top == -torch.inf:
        return 0.0
    shares = (weights - top).exp()
    return (shares.sum().square() / shares.square().sum()).item()
