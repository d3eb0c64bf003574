"""Random directions in parameter space, normalised unit by unit (Li et al. 2018; blessing, Sec. 4)."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from anarch.landscape.units import WHOLE, Units, parameter_units, unit_lengths, unit_sums
from anarch.randomness import generator

Normalisation = Literal["filter", "unit"]
Point = dict[str, Tensor]  # name -> tensor: parameters of one network, or with a leading dimension of many


def moving_parameters(model: nn.Module, *, biases: bool = False) -> Point:
    """The parameters of ``model`` that directions move, detached: its weights.

    Biases and the scales and shifts of norms stay where they are, as in Li et al., unless ``biases``;
    `anarch.landscape.units` tells which these are.  The numbers of entries add up to the dimension n of
    ``anarch.log_volume``.

    Raises:
        ValueError: nothing is left to move.
    """
    units = moving_units(model, biases=biases)
    return {name: p.detach() for name, p in model.named_parameters() if name in units}


def moving_units(model: nn.Module, *, biases: bool = False) -> dict[str, Units]:
    """Units of the `moving_parameters`, by name; a bias, scale or shift that moves is one unit as a whole."""
    every = parameter_units(model)
    if not biases:
        units = {name: one for name, one in every.items() if one is not None}
    else:
        units = {name: WHOLE if one is None else one for name, one in every.items()}
    if not units:
        raise ValueError(
            f"{type(model).__name__} has no weight of two dimensions or more; biases=True moves the rest"
        )
    return units


def unit_scales(model: nn.Module, *, biases: bool = False) -> Point:
    """Of every entry of the `moving_parameters` the length of its unit: name -> tensor of its shape.

    Coordinates z with w = unit_scales * z do not see a ReLU network being rescaled unit by unit.
    """
    units = moving_units(model, biases=biases)
    return {
        name: unit_lengths(w[None], units[name])[0].expand(w.shape)
        for name, w in moving_parameters(model, biases=biases).items()
    }


def number_of_units(model: nn.Module, *, biases: bool = False) -> int:
    """How many units the `moving_parameters` have: the squared length of a filter-normalised direction in the
    coordinates of `unit_scales`, where no unit is 0."""
    units, count = moving_units(model, biases=biases), 0.0
    for name, w in moving_parameters(model, biases=biases).items():
        sizes = unit_sums(torch.ones_like(w)[None], units[name])
        count += (1 / sizes).expand(1, *w.shape).sum().item()
    return round(count)


def dimension(parameters: Mapping[str, Tensor]) -> int:
    """Number of entries in ``parameters``."""
    return sum(t.numel() for t in parameters.values())


def random_directions(
    model: nn.Module,
    seed: int,
    indices: Sequence[int],
    *,
    normalisation: Normalisation = "filter",
    biases: bool = False,
) -> Point:
    """Directions number ``indices`` (K of them, counted from 0) of ``seed``: name -> (K, *shape).

    They move the `moving_parameters` of ``model``, whose dtype and device they have.
    Each is Gaussian from a generator of its own, so direction k is the same whatever else is drawn with it.
    ``"filter"``: every unit d of a direction gets the length of that unit w of the parameters, d <- d |w| /
    (|d| + 1e-10).  What a unit is, a filter or the weights into a neuron, each layer tells by itself: see
    `anarch.landscape.units`.  A step r then changes every unit by r times its own length, and units of zeros
    do not move.  ``"unit"``: the whole vector has length 1.

    Raises:
        ValueError: an unknown normalisation; nothing is there to move.
    """
    if normalisation not in ("filter", "unit"):
        raise ValueError(f"normalisation must be 'filter' or 'unit', got {normalisation!r}")
    parameters = moving_parameters(model, biases=biases)
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
        units = moving_units(model, biases=biases)
        return {name: _filter_normalised(directions[name], w, units[name]) for name, w in parameters.items()}
    return directions


def orthogonalised(
    direction: Mapping[str, Tensor], to: Mapping[str, Tensor], units: Mapping[str, Units]
) -> Point:
    """``direction`` made orthogonal to ``to``, unit by unit, each unit keeping its length.

    So two filter-normalised directions stay so and become orthogonal as vectors too.  A unit that has but one
    entry, or is parallel to the other, becomes 0.
    """
    result = {}
    for name, d in direction.items():
        one, other, own = d[None], to[name][None], units[name]
        squares = unit_sums(other.square(), own)
        left = one - unit_sums(one * other, own) / squares.where(squares > 0, 1.0) * other
        lengths, before = unit_lengths(left, own), unit_lengths(one, own)
        # What cancellation leaves of a parallel unit is round-off, no direction.
        kept = lengths > 100 * torch.finfo(d.dtype).eps * before
        result[name] = (left * (before / lengths).where(kept, 0.0))[0]
    return result


def displaced(parameters: Mapping[str, Tensor], directions: Mapping[str, Tensor], steps: Tensor) -> Point:
    """The points w + steps[k] d_k: name -> (K, *shape), for ``directions`` (K, *shape), ``steps`` (K,)."""
    return {
        name: torch.addcmul(parameters[name], steps.to(d).view(-1, *[1] * (d.ndim - 1)), d)
        for name, d in directions.items()
    }


def _filter_normalised(drawn: Tensor, w: Tensor, units: Units) -> Tensor:
    """``drawn`` (K, *w.shape) with each unit scaled to the length of that unit of ``w``."""
    return drawn * (unit_lengths(w[None], units) / (unit_lengths(drawn, units) + 1e-10))
