"""Leading principal plane of points in a huge space, from their inner products alone (needle, Fig. 1)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

CHUNK = 2**22  # float64 entries of all points at a time: 32 MiB


def gram_matrix(
    points: Sequence[Mapping[str, Tensor]], others: Sequence[Mapping[str, Tensor]] | None = None
) -> Tensor:
    """Inner products <points[i], points[j]>, or <points[i], others[j]>: float64 (K, K) or (K, L), on the CPU.

    ``points``, ``others``: name -> tensor, of equal names and shapes (ValueError).  Summed in float64 over
    chunks of at most ``CHUNK`` entries of all points, so tensors that are mapped from files need not fit in
    memory.
    """
    every = [*points, *(others or ())]
    shapes = [{name: tuple(t.shape) for name, t in point.items()} for point in every]
    odd = [i for i, shape in enumerate(shapes) if shape != shapes[0]]
    if not points or odd:
        raise ValueError(
            f"need one point or more, of equal names and shapes; got {len(points)}, odd ones: {odd}"
        )
    width = max(1, CHUNK // len(every))
    total = torch.zeros(len(points), len(points) if others is None else len(others), dtype=torch.float64)
    for name in points[0]:
        flat = [point[name].detach().reshape(-1) for point in every]
        for start in range(0, len(flat[0]), width):
            rows = torch.stack([t[start : start + width].double().cpu() for t in flat])
            total += rows @ rows.T if others is None else rows[: len(points)] @ rows[len(points) :].T
    return (total + total.T) / 2 if others is None else total


def principal_plane(gram: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates (K, 2) of K points along their two leading principal components, and explained shares (2,).

    ``gram``: float64 (K, K), K >= 2, of ``gram_matrix(points)``.  Coordinates are centred on the mean point
    and in units of the parameters; a share is a fraction (0 to 1) of the summed squared distance from the
    mean point.  Signs: along each axis the first point that lies at least half as far out as the farthest is
    on the positive side.  An axis along which the points do not differ beyond round-off has coordinates and
    share 0.
    """
    axes, lengths, total = _axes(gram)
    shares = lengths.square() / total if total > 0 else torch.zeros_like(lengths)
    return axes * lengths, shares


def project_on_plane(gram: Tensor, products: Tensor) -> Tensor:
    """Coordinates (L, 2) of further points in the plane of ``principal_plane(gram)``.

    ``products``: float64 (K, L), ``gram_matrix(points, further)``.  Each further point is projected
    orthogonally; a fitted point comes out at its own coordinates.
    """
    if products.ndim != 2 or len(products) != len(gram):
        raise ValueError(
            f"products must be ({len(gram)}, L), as gram has {len(gram)} points, got {tuple(products.shape)}"
        )
    axes, lengths, _ = _axes(gram)
    # <z - mean, x_i - mean>, up to what is the same for every i: the columns of ``axes`` sum to zero.
    centred = products.double() - gram.double().mean(1, keepdim=True)
    inverse = torch.where(lengths > 0, 1 / lengths, 0.0)
    return centred.T @ axes * inverse


def _axes(gram: Tensor) -> tuple[Tensor, Tensor, float]:
    """Unit vectors (K, 2) over the points, lengths (2,) = roots of their eigenvalues, and the trace."""
    count = len(gram)
    if gram.shape != (count, count) or count < 2:
        raise ValueError(f"gram must be (K, K) with K >= 2 points, got {tuple(gram.shape)}")
    gram = gram.double()
    centred = gram - gram.mean(0) - gram.mean(1, keepdim=True) + gram.mean()
    values, vectors = torch.linalg.eigh((centred + centred.T) / 2)
    values, axes = values[-2:].flip(0), vectors[:, -2:].flip(1)
    # Centring cancels inner products as large as the diagonal: what is left below their round-off is noise.
    noise = count * torch.finfo(torch.float64).eps * gram.diagonal().max()
    lengths = torch.where(values > noise, values, 0.0).sqrt()
    # The very largest entry may be a tie (two points are +-1/sqrt(2)) that round-off breaks either way.
    far = axes.abs() >= axes.abs().amax(0) / 2
    first = far.to(torch.uint8).argmax(0)
    signs = torch.where(axes[first, torch.arange(2)] < 0, -1.0, 1.0)
    return axes * signs, lengths, float(centred.trace().clamp(min=0))
