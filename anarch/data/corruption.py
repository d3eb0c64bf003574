"""Randomly labelled copies of images with part of each blanked: Algorithm 1 of Liu et al. 2020 as data.

Row r of the N * R copies of N images is copy r // N of image r % N, whatever R is: the copies for a smaller R
are the first rows of those for a larger one.  Label and mask of a row are integer hashes of (seed, row), so
that any batch can be made on its own, with the same bits on every device.
"""

import numpy as np
import torch
from torch import Tensor

from anarch.randomness import derived_seed
from anarch.tensors import require_tensor

_BLOCK = 2**17  # keys made at a time, 512 KiB: four times as many leave the cache and take twice as long
_WEYL = 0x9E3779B97F4A7C15 - 2**64  # splitmix64's odd step from row to row, as a signed number
# Shift and factor of the rounds of a bijective hash: splitmix64 (Steele et al. 2014), lowbias32 (C. Wellons).
_ROUNDS = {
    torch.int64: ((30, 0xBF58476D1CE4E5B9 - 2**64), (27, 0x94D049BB133111EB - 2**64), (31, 1)),
    torch.int32: ((16, 0x7FEB352D), (15, 0x846CA68B - 2**32), (16, 1)),
}


def randomly_labelled(
    x: Tensor, y: Tensor, replicas: int, zero_out: float, classes: int, seed: int, *, unit: str = "value"
) -> tuple[Tensor, Tensor]:
    """R randomly labelled copies of every image: the set C of bad_minima, Algorithm 1, as one tensor.

    Args:
        x: images (N, C, H, W) of any dtype; what is blanked becomes 0, so pass raw ones, not normalised.
        y: the true labels (N,), which nothing depends on.
        replicas: R, copies of each image.
        zero_out: part (0 to 1) of each copy that is blanked: the paper's N %.
        classes: labels are uniform over 0..classes-1, independent of the image (and so true once in
            ``classes`` times, as in the authors' code) and of each other.
        unit: "value" blanks exactly int(C * H * W * zero_out) channel values of a copy (authors' code);
            "pixel" exactly int(H * W * zero_out) pixels in all channels (paper's wording).

    Returns:
        Copies (N * R, C, H, W) on the device of ``x``, labels int64 (N * R,) on that of ``y``.

    Raises:
        ValueError: an argument is out of its range, or ``x`` and ``y`` do not fit together.
    """
    require_tensor("x", x)
    require_tensor("y", y)
    if x.ndim != 4 or len(x) == 0 or y.shape != x.shape[:1]:
        raise ValueError(
            f"x must be images (N, C, H, W) and y labels (N,), N above 0; "
            f"got {tuple(x.shape)}, {tuple(y.shape)}"
        )
    if replicas < 1:
        raise ValueError(f"replicas must be 1 or more, got {replicas}")
    labels = random_labels(len(x) * replicas, classes, seed)
    copies = x.new_empty(len(labels), *x.shape[1:])
    rows = torch.arange(len(labels), device=x.device)
    for some, block in zip(rows.split(128), copies.split(128), strict=True):
        block.copy_(corrupted_batch(x, some, zero_out, seed, unit=unit))
    return copies, labels.to(y.device)


def corrupted_batch(
    images: Tensor, rows: Tensor, zero_out: float, seed: int, *, unit: str = "value"
) -> Tensor:
    """The ``rows`` (n,) int64 of `randomly_labelled`'s copies of ``images`` (N, C, H, W): (n, C, H, W).

    There is no R: row r is copy r // N of image r % N, and copies never end.

    Raises:
        ValueError: ``zero_out`` or ``unit`` is none.
    """
    if not 0 <= zero_out <= 1:
        raise ValueError(f"zero_out must be a part between 0 and 1, got {zero_out}")
    if unit not in ("value", "pixel"):
        raise ValueError(f"unit must be value or pixel, got {unit!r}")
    _, channels, height, width = images.shape
    channels = channels if unit == "value" else 1
    places = channels * height * width
    blank, key = int(places * zero_out), derived_seed(seed, "blanked")
    kept = torch.cat([_kept(some, places, blank, key) for some in rows.split(max(1, _BLOCK // places))])
    # A product, since masked_fill_ of uint8 takes 30 times as long.
    return images[rows % len(images)].mul_(kept.view(-1, channels, height, width))


def random_labels(count: int, classes: int, seed: int) -> Tensor:
    """Labels int64 (count,) of the first ``count`` copies, uniform over 0..classes-1 (bias below 1e-15).

    Raises:
        ValueError: ``classes`` is below 1.
    """
    if classes < 1:
        raise ValueError(f"classes must be 1 or more, got {classes}")
    return (_row_hash(torch.arange(count), derived_seed(seed, "labels")) & (2**63 - 1)) % classes


def _kept(rows: Tensor, places: int, blank: int, key: int) -> Tensor:
    """Bool (n, places), False at exactly ``blank`` random places of each of ``rows``: those of least keys.

    The keys of a row are a bijection of its places, so there are no ties and one threshold tells them apart.
    """
    if blank == 0:
        return torch.ones(len(rows), places, dtype=torch.bool, device=rows.device)
    flip, factor = _row_hash(rows, key).view(torch.int32).view(-1, 2, 1).unbind(1)
    place = _mixed(torch.arange(places, dtype=torch.int32, device=rows.device))
    keys = _mixed((place ^ flip) * (factor | 1))
    return keys > _smallest(keys, blank)


def _smallest(keys: Tensor, size: int) -> Tensor:
    """The ``size``-th smallest key of each row, (n, 1)."""
    if keys.device.type != "cpu":
        return keys.kthvalue(size, dim=1, keepdim=True).values
    # The same numbers from NumPy, which partitions with vector instructions: 15 to 20 times faster.
    return torch.from_numpy(np.partition(keys.numpy(), size - 1, axis=1)[:, size - 1 : size])


def _row_hash(rows: Tensor, key: int) -> Tensor:
    return _mixed(rows * _WEYL + key)


def _mixed(x: Tensor) -> Tensor:
    """A bijection of all 64-bit (or 32-bit) integers; products wrap around, shifts are logical."""
    bits = 8 * x.element_size()
    for shift, factor in _ROUNDS[x.dtype]:
        shifted = (x >> shift).bitwise_and_(2 ** (bits - shift) - 1)
        x = shifted.bitwise_xor_(x).mul_(factor)
    return x
