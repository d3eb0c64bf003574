"""Random shifts and mirror images of a whole batch at once."""

import torch
import torch.nn.functional as F
from torch import Tensor


def crop_and_flip(
    images: Tensor, generator: torch.Generator, *, padding: int = 4, flip: bool = True
) -> Tensor:
    """Each of ``images`` (N, C, H, W) shifted by up to ``padding`` pixels and mirrored with chance 1/2.

    What a random H x W crop of the image with ``padding`` zeros around it shows, so zero has to mean what the
    border shall look like: black before normalisation, the mean colour after it.  Any dtype; a new tensor.
    """
    if padding < 0:
        raise ValueError(f"padding must be 0 or more pixels, got {padding}")
    top, left, mirrored = draw_windows(len(images), generator, padding=padding, flip=flip)
    on = images.device
    return take_windows(images, top.to(on), left.to(on), mirrored.to(on), padding)


def draw_windows(
    n: int, generator: torch.Generator, *, padding: int, flip: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Top and left corner of each crop in the padded image, int64 (n,), and which are mirrored, bool (n,)."""
    device = generator.device
    corners = torch.randint(0, 2 * padding + 1, (2, n), generator=generator, device=device)
    mirrored = torch.rand(n, generator=generator, device=device) < (0.5 if flip else 0.0)
    return corners[0], corners[1], mirrored


def take_windows(images: Tensor, top: Tensor, left: Tensor, mirrored: Tensor, padding: int) -> Tensor:
    """``images`` (n, C, H, W) as seen through the windows of `draw_windows`, all on one device."""
    n, channels, height, width = images.shape
    device = images.device
    top, left, mirrored = (part.view(n, 1, 1) for part in (top, left, mirrored))
    across = torch.arange(width, device=device)
    rows = top + torch.arange(height, device=device).view(-1, 1)
    columns = left + torch.where(mirrored, across.flip(0), across)
    pixels = ((width + 2 * padding) * rows + columns).view(n, 1, -1).expand(n, channels, -1)
    return F.pad(images, (padding,) * 4).flatten(2).gather(2, pixels).view(images.shape)
