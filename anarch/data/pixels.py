"""One permutation of the pixels of all images of a dataset."""

import torch
from torch import Tensor

from anarch.randomness import generator


def pixel_order(seed: int, pixels: int) -> Tensor:
    """The permutation int64 (pixels,) of ``permute: seed``: place i shows what was on place order[i]."""
    return torch.randperm(pixels, generator=generator(seed, "pixels"))


def permuted(images: Tensor, order: Tensor) -> Tensor:
    """``images`` (N, C, H, W) with the pixels of every image and channel in one ``order`` (H * W,).

    ``order.argsort()`` puts them back.
    """
    return images.flatten(2)[..., order].view(images.shape)
