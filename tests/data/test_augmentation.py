"""Batched shifts and mirror images against the loop that spells them out."""

import pytest
import torch

from anarch.data.augmentation import crop_and_flip, draw_windows


def slowly(images, top, left, mirrored, padding):
    """One image, one pixel at a time; whatever lies outside is 0."""
    n, channels, height, width = images.shape
    result = torch.zeros_like(images)
    for i in range(n):
        for c in range(channels):
            for y in range(height):
                for x in range(width):
                    row, column = y + int(top[i]) - padding, x + int(left[i]) - padding
                    if 0 <= row < height and 0 <= column < width:
                        result[i, c, y, width - 1 - x if mirrored[i] else x] = images[i, c, row, column]
    return result


@pytest.mark.parametrize("padding, flip", [(0, True), (1, False), (3, True), (9, True)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float64])
def test_equals_the_slow_loop_with_the_same_draws(padding, flip, dtype):
    images = torch.arange(1, 1 + 9 * 2 * 5 * 4).remainder(256).view(9, 2, 5, 4).to(dtype)
    drawn = draw_windows(9, torch.Generator().manual_seed(4), padding=padding, flip=flip)
    result = crop_and_flip(images, torch.Generator().manual_seed(4), padding=padding, flip=flip)
    assert result.dtype == dtype
    assert torch.equal(result, slowly(images, *drawn, padding))


def test_neither_shift_nor_flip_is_the_identity_and_a_copy():
    images = torch.rand(3, 1, 4, 6)
    result = crop_and_flip(images, torch.Generator(), padding=0, flip=False)
    assert torch.equal(result, images) and result.data_ptr() != images.data_ptr()


def test_takes_images_that_are_not_contiguous():
    images = torch.rand(4, 5, 6, 2).permute(0, 3, 1, 2)
    a, b = (
        crop_and_flip(x, torch.Generator().manual_seed(1), padding=2) for x in (images, images.contiguous())
    )
    assert torch.equal(a, b)


def test_leaves_the_images_and_the_global_generator_alone():
    images = torch.rand(4, 3, 6, 5)
    before, state = images.clone(), torch.get_rng_state()
    crop_and_flip(images, torch.Generator().manual_seed(0))
    assert torch.equal(images, before) and torch.equal(torch.get_rng_state(), state)


def test_draws_cover_all_shifts_evenly_and_mirror_half():
    """9 x 9 places, 81,000 draws: each count within 6 standard deviations of 1000, sqrt(1000) each."""
    n = 81_000
    top, left, mirrored = draw_windows(n, torch.Generator().manual_seed(0), padding=4, flip=True)
    counts = torch.bincount(9 * top + left, minlength=81)
    assert len(counts) == 81 and (counts - 1000).abs().max() < 6 * 1000**0.5
    assert abs(int(mirrored.sum()) - n / 2) < 6 * (n / 4) ** 0.5
    assert not draw_windows(n, torch.Generator(), padding=4, flip=False)[2].any()


def test_a_negative_padding_is_refused():
    with pytest.raises(ValueError, match="padding must be 0 or more pixels, got -1"):
        crop_and_flip(torch.rand(1, 1, 2, 2), torch.Generator(), padding=-1)
