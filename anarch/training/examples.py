"""Labelled images on the device: a batch is an index, normalisation and augmentation are tensor code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from anarch.data.augmentation import draw_windows, take_windows


@dataclass(frozen=True)
class Examples:
    """Raw images uint8 (N, C, H, W), labels int64 (N,), and pixel statistics (C,) of the training split."""

    images: Tensor
    labels: Tensor
    mean: Tensor
    std: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        return self.labels.device

    def to(self, device: torch.device) -> "Examples":
        names = ("images", "labels", "mean", "std")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    def head(self, number: int) -> "Examples":
        return replace(self, images=self.images[:number], labels=self.labels[:number])

    def raw(self, rows: Tensor | slice) -> Tensor:
        """Images uint8 (n, C, H, W) of ``rows``."""
        return self.images[rows]

    def windows(self, sizes: Sequence[int], augment: str, draws: torch.Generator) -> list[tuple[Tensor, ...]]:
        """What `inputs` augments batches of ``sizes`` with: drawn batch by batch, on the device as a whole.

        Nothing, an empty tuple a batch, for ``augment`` "none"; else "crop" or "crop_flip".
        """
        if augment == "none":
            return [()] * len(sizes)
        padding, flip = self._padding, augment == "crop_flip"
        drawn = (draw_windows(size, draws, padding=padding, flip=flip) for size in sizes)
        parts = zip(*drawn, strict=True)
        moved = (torch.cat(part).to(self.device).split(list(sizes)) for part in parts)
        return list(zip(*moved, strict=True))

    def inputs(self, rows: Tensor | slice = slice(None), windows: Sequence[Tensor] = ()) -> Tensor:
        """Normalised float32 images (n, C, H, W) of ``rows``, augmented by their ``windows``, if any.

        They lie channels last in memory, in which batch norm on a CPU is 2 to 4 times as fast.
        """
        images = self.raw(rows)
        if windows:
            images = self.augmented(images, *windows)
        scale = 1 / (255 * self.std)  # (pixel / 255 - mean) / std in one multiplication and one addition
        pixels = images.float().to(memory_format=torch.channels_last)
        return torch.addcmul((-self.mean / self.std)[:, None, None], pixels, scale[:, None, None])

    def augmented(self, images: Tensor, top: Tensor, left: Tensor, mirrored: Tensor) -> Tensor:
        """Raw ``images`` (n, C, H, W) through the windows that were drawn for them."""
        return take_windows(images, top, left, mirrored, self._padding)

    @property
    def _padding(self) -> int:
        return self.images.shape[-1] // 8  # 4 pixels at 32 x 32, as everywhere, as much of smaller images
