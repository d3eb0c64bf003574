"""Labelled images on the device: a batch is an index, normalisation and augmentation are tensor code."""

from dataclasses import dataclass

import torch
from torch import Tensor

from anarch.data.augmentation import crop_and_flip


@dataclass(frozen=True)
class Examples:
    """Raw images uint8 (N, C, H, W), labels int64 (N,), and pixel statistics (C,) of the training split."""

    images: Tensor
    labels: Tensor
    mean: Tensor
    std: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device) -> "Examples":
        return Examples(*(t.to(device) for t in (self.images, self.labels, self.mean, self.std)))

    def head(self, number: int) -> "Examples":
        return Examples(self.images[:number], self.labels[:number], self.mean, self.std)

    def inputs(
        self,
        rows: Tensor | slice = slice(None),
        *,
        augment: str = "none",
        draws: torch.Generator | None = None,
    ) -> Tensor:
        """Normalised float32 images (n, C, H, W) of ``rows``; ``draws`` feeds the augmentation."""
        images = self.images[rows]
        if augment != "none":
            if draws is None:
                raise ValueError(f"augment={augment!r} needs a generator for its draws")
            images = crop_and_flip(images, draws, flip=augment == "crop_flip")
        scale = 1 / (255 * self.std)  # (pixel / 255 - mean) / std in one multiplication and one addition
        return torch.addcmul((-self.mean / self.std)[:, None, None], images.float(), scale[:, None, None])
