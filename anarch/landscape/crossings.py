"""First crossings of a level along many rays at once, by bracketing and interpolation."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]  # rays int64 (M,) and radii float64 (M,) -> losses float64 (M,)

FLOOR = 1e-12  # of the starting radius: a loss still above the cutoff there has no radius to be found


def first_crossings(
    loss: Loss,
    count: int,
    cutoffs: Sequence[float],
    *,
    start: float,
    ratio: float,
    largest: float,
    tolerance: float,
) -> Tensor:
    """Radii at which the rays 0 to ``count`` - 1 first reach each of ``cutoffs``: float64 (cutoffs, count).

    ``loss`` must be below every cutoff at radius 0, which is not evaluated.  It is computed at the radii of
    ``scan``; between the first of these that is above a cutoff and the one before it the crossing is
    enclosed to a relative width of ``tolerance``.  A rise and fall between two tested radii is not seen.  inf
    where all tested radii up to ``largest`` are below; 0 where the loss is above down to 1e-12 ``start``.
    """
    grid, table = scan(loss, count, (min(cutoffs), max(cutoffs)), start=start, ratio=ratio, largest=largest)
    levels = torch.tensor(cutoffs, dtype=torch.float64)[:, None]
    above = table >= levels[:, :, None]  # (cutoffs, count, grid); a loss not computed is not above
    crossed, first = above.any(2), above.to(torch.uint8).argmax(2)
    radii = torch.zeros(crossed.shape, dtype=torch.float64).masked_fill(~crossed, torch.inf)
    which, rays = torch.nonzero(crossed & (first > 0), as_tuple=True)
    at = first[which, rays]
    # The point before the bracket, where there is one, makes the first interpolation quadratic.
    corners = torch.stack((at - 1, at, at - 2))
    known = corners >= 0
    corners = corners.clamp(min=0)
    places, values = grid[corners].log(), (table[rays, corners] / levels[which, 0]).log()
    roots = _enclose(
        lambda pairs, x: (loss(rays[pairs], x.exp()) / levels[which[pairs], 0]).log(),
        places,
        torch.where(known, values, torch.nan),
        math.log1p(tolerance),
    )
    radii[which, rays] = roots.exp()
    return radii


def scan(
    loss: Loss, count: int, cutoffs: tuple[float, float], *, start: float, ratio: float, largest: float
) -> tuple[Tensor, Tensor]:
    """Losses on a geometric grid: ascending radii float64 (G,) and losses (count, G), nan if not computed.

    Every ray is evaluated at ``start``; outwards, by factors of ``ratio`` and at last at ``largest``, until
    it is above the upper of ``cutoffs``; inwards until it is below the lower one.
    """
    low, high = cutoffs
    everything = torch.arange(count)

    def column(alive: Tensor, radius: float) -> Tensor:
        values = torch.full((count,), torch.nan, dtype=torch.float64)
        losses = loss(everything[alive], torch.full((int(alive.sum()),), radius, dtype=torch.float64))
        values[alive] = losses.nan_to_num(nan=torch.inf, posinf=torch.inf)  # overflow is above any cutoff
        return values

    grid, table = [start], [column(everything >= 0, start)]
    while grid[-1] < largest and (alive := table[-1] < high).any():
        grid.append(min(grid[-1] * ratio, largest))
        table.append(column(alive, grid[-1]))
    while grid[0] > FLOOR * start and (alive := table[0] >= low).any():
        grid.insert(0, grid[0] / ratio)
        table.insert(0, column(alive, grid[0]))
    return torch.tensor(grid, dtype=torch.float64), torch.stack(table, 1)


def _enclose(function: Loss, x: Tensor, f: Tensor, width: float) -> Tensor:
    """Roots (M,) of ``function`` between x[0] and x[1], where f < 0 and f >= 0, to an interval of ``width``.

    ``x``, ``f``: float64 (3, M), the third an older point or nan.  Inverse quadratic interpolation where that
    is safe, else the middle (T. R. Chandrupatla, Adv. Eng. Softw. 28 (1997) 145); and in every fourth step.
    """
    x, f = x.clone(), f.clone()
    pending = torch.nonzero((x[1] - x[0]).abs() > width)[:, 0]
    step = 0
    while len(pending):
        step += 1
        a, b = x[0, pending], x[1, pending]
        share = torch.full_like(a, 0.5) if step % 4 == 0 else _interpolated(x[:, pending], f[:, pending])
        least = 0.5 * width / (b - a).abs()  # never nearer to an end, so that the other end moves too
        new = a + share.clamp(least, 1 - least) * (b - a)
        value = function(pending, new).nan_to_num(nan=torch.inf, posinf=torch.inf, neginf=-torch.inf)
        same = (value >= 0) == (f[0, pending] >= 0)
        # The new point replaces the end on its side, and is first; what it replaces is the older point.
        x[:, pending] = torch.where(same, torch.stack((new, b, a)), torch.stack((new, a, b)))
        fa, fb = f[0, pending], f[1, pending]
        f[:, pending] = torch.where(same, torch.stack((value, fb, fa)), torch.stack((value, fa, fb)))
        pending = pending[(x[1, pending] - x[0, pending]).abs() > width]
    share = f[0] / (f[0] - f[1])
    return x[0] + torch.where(share.isfinite(), share, 0.5) * (x[1] - x[0])


def _interpolated(x: Tensor, f: Tensor) -> Tensor:
    """Where between x[0] (0) and x[1] (1) inverse quadratic interpolation sees the root; 0.5 where unsafe."""
    (a, b, c), (fa, fb, fc) = x, f
    xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
    share = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    safe = (phi.square() < xi) & ((1 - phi).square() < 1 - xi) & share.isfinite()
    return torch.where(safe, share, 0.5)
