"""Random directions in parameter space, normalised filter by filter (Li et al. 2018; blessing, Sec. 4)."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from anarch.randomness import generator

Normalisation = Literal["filter", "unit"]
Point = dict[str, Tensor]  # name -> tensor: parameters of one network, or with a leading dimension of many


def moving_parameters(model: nn.Module, *, biases: bool = False) -> Point:
    """The parameters of ``model`` that directions move, detached: all of two dimensions or more.

    Biases and the scales and shifts of norms (one dimension or none) stay where they are, as in Li et al.,
    unless ``biases``.  The numbers of entries add up to the dimension n of ``anarch.log_volume``.

    Raises:
        ValueError: nothing is left to move.
    """
    moving = {name: p.detach() for name, p in model.named_parameters() if biases or p.ndim > 1}
    if not moving:
        raise ValueError(
            f"{type(model).__name__} has no weight of two dimensions or more; biases=True moves the rest"
        )
    return moving


def dimension(parameters: Mapping[str, Tensor]) -> int:
    """Number of entries in ``parameters``."""
    return sum(t.numel() for t in parameters.values())


def random_directions(
    parameters: Mapping[str, Tensor],
    seed: int,
    indices: Sequence[int],
    *,
    normalisation: Normalisation = "filter",
) -> Point:
    """Directions number ``indices`` (K of them, counted from 0) of ``seed``: name -> (K, *shape).

    Each is Gaussian from a generator of its own, so direction k is the same whatever else is drawn with it.
    ``"filter"``: every row d of a tensor gets the length of the row w of the parameters, d <- d |w| / (|d| +
    1e-10); a row belongs to one output unit or filter, and a tensor of one dimension is one row.  A step r
    then changes every filter by r times its own length, and zero rows do not move.  ``"unit"``: the whole
    vector has length 1.  dtype and device are those of ``parameters``.
    """
    if normalisation not in ("filter", "unit"):
        raise ValueError(f"normalisation must be 'filter' or 'unit', got {normalisation!r}")
    total = dimension(parameters)
    draws = [torch.randn(total, generator=generator(seed, "direction", k)) for k in indices]
    flat = torch.stack(draws) if draws else torch.empty(0, total)
    if normalisation == "unit":
        flat = flat / torch.linalg.vector_norm(flat, dim=1, keepdim=True, dtype=torch.float64)
    parts = flat.split([t.numel() for t in parameters.values()], dim=1)
    directions = {
        name: part.to(w).view(-1, *w.shape) for (name, w), part in zip(parameters.items(), parts, strict=True)
    }
    if normalisation == "filter":
        return {name: _filter_normalised(directions[name], w) for name, w in parameters.items()}
    return directions


def orthogonalised(direction: Mapping[str, Tensor], to: Mapping[str, Tensor]) -> Point:
    """``direction`` made orthogonal to ``to``, row by row, each row keeping its length.

    So two filter-normalised directions stay so and become orthogonal as vectors too.  A row that has but one
    entry, or is parallel to the other, becomes 0.
    """
    result = {}
    for name, d in direction.items():
        rows, other = _rows(d), _rows(to[name])
        squares = other.square().sum(1, keepdim=True)
        shares = (rows * other).sum(1, keepdim=True) / squares.where(squares > 0, 1.0)
        left = rows - shares * other
        lengths, before = _lengths(left), _lengths(rows)
        # What cancellation leaves of a parallel row is round-off, no direction.
        kept = lengths > 100 * torch.finfo(d.dtype).eps * before
        result[name] = (left * (before / lengths).where(kept, 0.0)).view_as(d)
    return result


def displaced(parameters: Mapping[str, Tensor], directions: Mapping[str, Tensor], steps: Tensor) -> Point:
    """The points w + steps[k] d_k: name -> (K, *shape), for ``directions`` (K, *shape), ``steps`` (K,)."""
    return {
        name: torch.addcmul(parameters[name], steps.to(d).view(-1, *[1] * (d.ndim - 1)), d)
        for name, d in directions.items()
    }


def _filter_normalised(drawn: Tensor, w: Tensor) -> Tensor:
    """``drawn`` (K, *w.shape) with each row scaled to the length of that row of ``w``."""
    rows = _rows(w)
    d = drawn.reshape(len(drawn), *rows.shape)
    return (d * (_lengths(rows) / (_lengths(d) + 1e-10))).view_as(drawn)


def _rows(tensor: Tensor) -> Tensor:
    """``tensor`` as (rows, entries): a row a filter; a tensor of one dimension or none is one row."""
    return tensor.flatten(1) if tensor.ndim > 1 else tensor.reshape(1, -1)


def _lengths(rows: Tensor) -> Tensor:
    return torch.linalg.vector_norm(rows, dim=-1, keepdim=True)
