"""How local a first layer's filters are: a number beside the pictures of scratch, Figs. 4 and 7-9."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from anarch.foreign import retold
from anarch.tensors import require_finite, require_tensor


@torch.no_grad()
def first_layer_filters(layer: nn.Module, input_shape: tuple[int, int, int]) -> Tensor:
    """What each unit of ``layer`` sees of an input (C, H, W): (units, C, H, W).

    ``layer`` is affine in its input: a convolution, a linear or a lifted layer.  Its matrix is found by
    applying it to unit vectors, so that tied, untied and dense layers come out alike; a weight that is not
    there is an exact zero.

    Raises:
        ValueError: the layer cannot take inputs of that shape.
    """
    weight = next(layer.parameters())
    size = torch.Size(input_shape).numel()
    units = torch.eye(size, dtype=weight.dtype, device=weight.device)
    if not isinstance(layer, nn.Linear):
        units = units.view(size, *input_shape)
    unbiased = {name: torch.zeros_like(p) for name, p in layer.named_parameters() if name == "bias"}
    with retold(f"{type(layer).__name__} cannot take inputs of shape {tuple(input_shape)}"):
        columns: Tensor = functional_call(layer, unbiased, (units,))
    return columns.flatten(1).T.reshape(-1, *input_shape)


def choose_filters(filters: Tensor, count: int, generator: torch.Generator, *, least: int = 20) -> Tensor:
    """Rows, int64 (count,), drawn without repetition among filters with ``least`` non-zeros or more.

    As in scratch, Figs. 7 to 9.  Where fewer than ``count`` qualify, all of them in random order.
    """
    rows = (filters.flatten(1).count_nonzero(1) >= least).nonzero().flatten().cpu()
    return rows[torch.randperm(len(rows), generator=generator)[:count]]


def filter_radii(filters: Tensor) -> Tensor:
    """Spread of each of ``filters`` (F, C, H, W) in pixels, float64 (F,).

    Root mean square distance of a pixel from the filter's centre of mass, each pixel weighted by the squared
    weights on it, summed over channels.  0 for one pixel; sqrt((H^2 + W^2 - 2) / 12) for a uniform filter, so
    6.5 on 16 x 16.  The plane has edges: opposite borders are far apart.  NaN for a filter of zeros.

    Raises:
        ValueError: ``filters`` has not four axes, or is not finite (all functions on filters here).
    """
    share, (rows, columns) = _energy_shares(filters), _places(filters)
    return (_variance(share.sum(2), rows) + _variance(share.sum(1), columns)).sqrt()


def shuffled_radii(filters: Tensor) -> Tensor:
    """Control of `filter_radii`: the same energies on pixels in random order, float64 (F,).

    In closed form, the root of the mean square over all orders.  With p_i the shares of energy on P pixels
    whose mean squared distance from the middle is M:  E r^2 = M (1 - sum p_i^2) P / (P - 1).
    """
    share, (rows, columns) = _energy_shares(filters), _places(filters)
    pixels = len(rows) * len(columns)
    spread = rows.var(correction=0) + columns.var(correction=0)
    scattered = 1 - share.square().sum((1, 2))
    return (spread * scattered.clamp(min=0) * pixels / max(pixels - 1, 1)).sqrt()


def locality(filters: Tensor) -> Tensor:
    """`filter_radii` over `shuffled_radii`, float64 (F,): about 1 without structure, below 1 where local.

    NaN for a filter of one pixel, which has no spread in any order, and for one of zeros.
    """
    return filter_radii(filters) / shuffled_radii(filters)


def _energy_shares(filters: Tensor) -> Tensor:
    """Share (F, H, W) of each pixel in a filter's sum of squares."""
    require_tensor("filters", filters)
    if filters.ndim != 4:
        raise ValueError(f"filters must be (F, C, H, W), got {tuple(filters.shape)}")
    require_finite("filters", filters)
    energy = torch.linalg.vector_norm(filters.detach(), dim=1, dtype=torch.float64).square()
    return energy / energy.sum((1, 2), keepdim=True)


def _places(filters: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates (H,) of the rows and (W,) of the columns, in pixels."""
    rows, columns = (
        torch.arange(size, dtype=torch.float64, device=filters.device) for size in filters.shape[2:]
    )
    return rows, columns


def _variance(share: Tensor, place: Tensor) -> Tensor:
    """Variance (F,) of ``place`` (S,) under the weights ``share`` (F, S), which sum to 1."""
    centre = share @ place
    # About the centre, not about the origin: a difference of moments would lose the small radii that matter.
    return (share * (place - centre.unsqueeze(1)).square()).sum(1)
