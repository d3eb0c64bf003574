"""The linear model on pixels and products of pixels of blessing, Sec. 2 and Fig. 2 (left)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from anarch.models.stack import at_least_one, large_enough


class QuadraticFeatures(nn.Module):
    """Logits W f(x) + b with f(x) = all pixels x, then u_i u_j for i <= j, u = x averaged over blocks.

    ``weight`` (classes, features) and ``bias`` (classes,), as ``nn.Linear`` on f would have; but f(x) is
    never formed.  The products of class c are the quadratic form u^T A_c u, A_c upper triangular with the
    weights of the products row by row: memory of classes * len(u) ** 2, whatever the number of images.
    """

    def __init__(self, input_shape: tuple[int, int, int], classes: int, block: int):
        super().__init__()
        channels, *size = input_shape
        self.block = block
        self.pixels = math.prod(input_shape)
        self.coarse = channels * math.prod(side // block for side in size)
        features = self.pixels + self.coarse * (self.coarse + 1) // 2
        self.weight = nn.Parameter(torch.empty(classes, features))
        self.bias = nn.Parameter(torch.empty(classes))
        rows, columns = torch.triu_indices(self.coarse, self.coarse)
        self.register_buffer("places", rows * self.coarse + columns, persistent=False)

    @property
    def fan_in(self) -> int:
        return self.weight.shape[1]

    def forward(self, x: Tensor) -> Tensor:
        u = F.avg_pool2d(x, self.block).flatten(1)
        classes = len(self.bias)
        linear, products = self.weight.split([self.pixels, self.fan_in - self.pixels], 1)
        forms = products.new_zeros(classes, self.coarse**2).index_copy(1, self.places, products)
        images = F.linear(u, forms.view(classes * self.coarse, self.coarse)).view(
            len(u), classes, self.coarse
        )
        quadratic = torch.einsum("nci,ni->nc", images, u)
        return F.linear(x.flatten(1), linear, self.bias) + quadratic


def quadratic_features(
    input_shape: tuple[int, int, int], classes: int, *, block: int = 2
) -> QuadraticFeatures:
    """Linear in the pixels and their pairwise products: (N, *input_shape) -> logits (N, classes).

    For the products images are first averaged over ``block`` x ``block`` pixels (Sec. 2, footnote 1).  At
    (3, 32, 32): 3,072 pixels and 768 * 769 / 2 = 295,296 products, so 298,368 weights a class and its bias;
    with 10 classes 2,983,690 parameters.  The paper gives 298,369, which is one class.

    Raises:
        ValueError: a number below 1, or an image smaller than a block.
    """
    at_least_one(classes=classes, block=block)
    large_enough(input_shape, block)
    return QuadraticFeatures(input_shape, classes, block)
