"""Augmentation of images whose pixels are permuted: cropped first, permuted then."""

import torch

from anarch.data.augmentation import take_windows
from anarch.data.pixels import permuted, pixel_order
from anarch.training.examples import Examples
from anarch.training.permuted import permuted_examples


def few(images: torch.Tensor) -> Examples:
    mean, std = torch.tensor([0.4, 0.5]), torch.tensor([0.2, 0.3])
    return Examples(images, torch.arange(len(images)) % 3, mean, std)


def test_a_permuted_batch_is_the_intact_one_of_the_same_windows_permuted():
    images = torch.randint(
        0, 256, (5, 2, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    order = pixel_order(3, 64)
    intact, shown = few(images), permuted_examples(few(permuted(images, order)), 3)
    draws = [torch.Generator().manual_seed(1) for _ in range(2)]
    windows = [
        examples.windows([5], "crop_flip", draw)[0]
        for examples, draw in zip((intact, shown), draws, strict=True)
    ]
    expected = permuted(intact.inputs(windows=windows[0]), order)
    assert torch.equal(shown.inputs(windows=windows[1]), expected)
    assert not torch.equal(shown.inputs(windows=windows[1]), shown.inputs())


def test_one_place_by_hand():
    """An image shifted by one pixel to the left (left corner 2 of a padding of 1), then permuted."""
    image = torch.arange(64, dtype=torch.uint8).view(1, 1, 8, 8)
    examples = Examples(image, torch.zeros(1, dtype=torch.int64), torch.zeros(1), torch.ones(1))
    shown = permuted_examples(examples, 0)
    corners = torch.tensor([1]), torch.tensor([2]), torch.tensor([False])
    seen = shown.augmented(permuted(image, shown.order), *corners)
    shifted = take_windows(image, *corners, padding=1)
    assert shifted[0, 0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 0]
    assert seen.flatten().tolist() == [int(shifted.flatten()[place]) for place in shown.order]
