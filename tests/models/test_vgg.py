import pytest
import torch
import torch.nn.functional as F
from family import assert_refused, count, random_network
from torch import Tensor, nn
from torch.func import functional_call
from torch.fx import symbolic_trace
from torch.testing import assert_close

from anarch.models import build


def reference(network: nn.Module, x: Tensor, blocks: tuple[int, ...], unpooled: int | None) -> Tensor:
    """Simonyan and Zisserman 2015, table 1, written out in evaluation mode; statistics are 0 and 1."""
    convolutions = iter([m for m in network.modules() if isinstance(m, nn.Conv2d)])
    norms = iter([m for m in network.modules() if isinstance(m, nn.BatchNorm2d)])
    for block, number in enumerate(blocks):
        for _ in range(number):
            convolution, norm = next(convolutions), next(norms)
            x = F.conv2d(x, convolution.weight, convolution.bias, padding=1) / (1 + 1e-5) ** 0.5
            x = (norm.weight.view(-1, 1, 1) * x + norm.bias.view(-1, 1, 1)).relu()
        if block != unpooled:
            x = F.max_pool2d(x, 2)
    assert next(convolutions, None) is None
    return F.linear(x.flatten(1), network[-1].weight, network[-1].bias)


@pytest.mark.parametrize(
    "depth, classes, parameters",
    [
        (11, 10, 9_231_114),
        (13, 10, 9_416_010),
        (16, 10, 14_728_266),
        (16, 100, 14_728_266 + 90 * 513),
        (19, 10, 20_040_522),
    ],
)
def test_full_width_has_the_published_number_of_parameters(depth: int, classes: int, parameters: int) -> None:
    assert count(build("vgg", (3, 32, 32), classes, depth=depth)) == parameters


@pytest.mark.parametrize("side", [16, 32])
@pytest.mark.parametrize("c, colours", [(4, 3), (5, 1)])
def test_parameters_follow_the_width(c: int, colours: int, side: int) -> None:
    network = build("vgg", (colours, side, side), 7, channels=c)
    assert count(network) == 9 * colours * c + 3591 * c**2 + 198 * c + 7 * (8 * c + 1)


@pytest.mark.parametrize(
    "depth, size, blocks, unpooled",
    [
        (11, (32, 37), (1, 1, 2, 2, 2), None),
        (16, (32, 64), (2, 2, 3, 3, 3), None),
        (13, (16, 21), (2, 2, 2, 2, 2), 3),
        (19, (31, 64), (2, 2, 4, 4, 4), 3),
    ],
)
def test_it_is_the_network_of_the_paper_and_so_are_its_gradients(
    depth: int, size: tuple[int, int], blocks: tuple[int, ...], unpooled: int | None
) -> None:
    network = random_network("vgg", (2, *size), depth=depth, channels=2).eval()
    x = torch.randn(3, 2, *size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = reference(network, x, blocks, unpooled)
    weights = dict(network.named_parameters())
    blank = build("vgg", (2, *size), 5, depth=depth, channels=2).double().eval()
    for actual in (network(x), symbolic_trace(network)(x), functional_call(blank, weights, (x,))):
        assert_close(actual, expected)
    true = torch.autograd.grad(expected.square().sum(), list(weights.values()))
    ours = torch.autograd.grad(network(x).square().sum(), list(weights.values()))
    assert_close(ours, true)
    assert all(gradient.any() for gradient in ours)


@pytest.mark.parametrize("side", [16, 32])
def test_every_tap_of_every_kernel_sees_the_image(side: int) -> None:
    """Maps are 2 x 2 or more: of 16 x 16 images too, since these are not pooled after block 4."""
    network = build("vgg", (1, side, side), 2, channels=1).eval()
    x = torch.zeros(1, 1, side, side)
    for layer in network[:-2]:
        if isinstance(layer, nn.Conv2d):
            assert min(x.shape[2:]) >= 2
        x = layer(x)
    assert x.shape == (1, 8, 1, 1)


def test_batch_norm_makes_the_biases_of_convolutions_idle_in_training() -> None:
    network = random_network("vgg", (3, 16, 16), channels=2)
    x = torch.randn(4, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    before = network(x)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.bias += 3.0
    assert_close(network(x), before)


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((3, 32, 32), {"depth": 12}, "depth of a VGG must be 11, 13, 16 or 19, got 12"),
        ((3, 32, 32), {"channels": 0}, "channels must be 1 or more, got 0"),
        ((3, 15, 32), {}, r"shape \(3, 15, 32\) is too small: 16 x 16 pixels are the least"),
    ],
)
def test_what_cannot_be_built_is_told(
    shape: tuple[int, int, int], options: dict[str, int], message: str
) -> None:
    assert_refused("vgg", shape, options, message)
