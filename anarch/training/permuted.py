"""Images whose pixels are permuted, augmented as the images that they were (scratch, Sec. 4.1)."""

from dataclasses import dataclass

from torch import Tensor

from anarch.data.pixels import permuted, pixel_order
from anarch.training.examples import Examples


@dataclass(frozen=True)
class PermutedExamples(Examples):
    """``order`` int64 (H * W,): place i of ``images`` shows what was on place order[i]."""

    order: Tensor

    def augmented(self, images: Tensor, top: Tensor, left: Tensor, mirrored: Tensor) -> Tensor:
        """Cropped first and then permuted: a shift of permuted pixels would be no shift of the image."""
        intact = permuted(images, self.order.argsort())
        return permuted(super().augmented(intact, top, left, mirrored), self.order)


def permuted_examples(examples: Examples, seed: int) -> PermutedExamples:
    """``examples`` whose dataset has ``permute: seed``."""
    order = pixel_order(seed, examples.images.shape[2:].numel()).to(examples.device)
    return PermutedExamples(examples.images, examples.labels, examples.mean, examples.std, order)
