import pytest
import torch
import torch.nn.functional as F
from family import assert_logits_in_both_modes, assert_refused, count
from torch import Tensor, nn
from torch.func import functional_call
from torch.fx import symbolic_trace
from torch.testing import assert_close

from anarch.models import build, initialise_


def reference(network: nn.Module, x: Tensor, units: int) -> Tensor:
    """A pre-activation ResNet written out, weights taken in the order of use."""
    convolutions = iter([m for m in network.modules() if isinstance(m, nn.Conv2d)])
    norms = iter([m for m in network.modules() if isinstance(m, nn.BatchNorm2d)])

    def convolved(x: Tensor, stride: int = 1) -> Tensor:
        return F.conv2d(x, next(convolutions).weight, None, stride, 1)

    def active(x: Tensor) -> Tensor:
        norm = next(norms)
        return F.leaky_relu(F.batch_norm(x, None, None, norm.weight, norm.bias, training=True, eps=1e-3), 0.1)

    x = convolved(x)
    for stage in range(3):
        for unit in range(units):
            halved = stage > 0 and unit == 0
            y = active(x)
            shortcut = y if stage == unit == 0 else x
            y = convolved(active(convolved(y, 2 if halved else 1)))
            if halved:
                shortcut = F.avg_pool2d(shortcut, 2)
                zeros = torch.zeros_like(shortcut[:, : shortcut.shape[1] // 2])
                shortcut = torch.cat((zeros, shortcut, zeros), 1)
            x = y + shortcut
    assert next(convolutions, None) is None
    return F.linear(active(x).mean((2, 3)), network[-1].weight, network[-1].bias)


def test_it_has_the_269_722_parameters_of_the_paper() -> None:
    assert count(build("resnet_v2", (3, 32, 32), 10)) == 269_722


@pytest.mark.parametrize("c, colours", [(16, 3), (5, 1), (8, 2)])
def test_parameters_follow_the_width(c: int, colours: int) -> None:
    network = build("resnet_v2", (colours, 16, 16), 7, channels=c)
    assert count(network) == 9 * colours * c + 1044 * c**2 + 86 * c + 7 * (4 * c + 1)


@pytest.mark.parametrize("depth, units", [(8, 1), (20, 3)])
def test_it_is_the_formula_and_so_are_its_gradients(depth: int, units: int) -> None:
    generator = torch.Generator().manual_seed(7)
    network = initialise_(build("resnet_v2", (2, 12, 8), 5, depth=depth, channels=2), generator).double()
    with torch.no_grad():
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.weight.uniform_(0.5, 1.5, generator=generator)
                norm.bias.uniform_(-0.5, 0.5, generator=generator)
    x = torch.randn(3, 2, 12, 8, dtype=torch.float64, generator=generator)
    expected = reference(network, x, units)
    weights = dict(network.named_parameters())
    blank = build("resnet_v2", (2, 12, 8), 5, depth=depth, channels=2).double()
    for actual in (network(x), symbolic_trace(network)(x), functional_call(blank, weights, (x,))):
        assert_close(actual, expected)
    true = torch.autograd.grad(expected.square().sum(), list(weights.values()))
    ours = torch.autograd.grad(network(x).square().sum(), list(weights.values()))
    assert_close(ours, true)
    assert all(gradient.any() for gradient in ours)


def test_a_halving_shortcut_averages_and_pads_with_zero_channels() -> None:
    """Sizes and widths that do not divide by 2: the odd row, column and channel are kept."""
    network = build("resnet_v2", (1, 7, 6), 2, depth=8, channels=3)
    shortcut = network[4].shortcut
    x = torch.arange(3 * 7 * 6.0).view(1, 3, 7, 6)
    y = shortcut(x)
    assert y.shape == (1, 6, 4, 3) == network[4].body(x).shape
    assert_close(y[0, 1:4, :3], F.avg_pool2d(x, 2)[0])
    assert_close(y[0, 1:4, 3], x[0, :, 6].view(3, 3, 2).mean(-1))
    assert not y[0, [0, 4, 5]].any()


def test_running_statistics_keep_nine_tenths_a_step() -> None:
    network = build("resnet_v2", (3, 16, 16), 10, channels=2)
    norm, x = network[1], torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(0)) + 5
    norm(x)
    assert_close(norm.running_mean, 0.1 * x.mean((0, 2, 3)))
    assert all(m.eps == 1e-3 for m in network.modules() if isinstance(m, nn.BatchNorm2d))


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 16, 16), (2, 17, 31)])
def test_any_size_gives_logits_in_training_and_evaluation(shape: tuple[int, int, int]) -> None:
    network = build("resnet_v2", shape, 5, channels=2)
    initialise_(network, torch.Generator().manual_seed(0))
    assert_logits_in_both_modes(network, shape)


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((3, 32, 32), {"depth": 18}, r"depth of a ResNet-v2 must be 6 n \+ 2 with n of 1 or more, got 18"),
        ((3, 32, 32), {"depth": 2}, r"6 n \+ 2 with n of 1 or more, got 2"),
        ((3, 32, 32), {"channels": 0}, "channels must be 1 or more, got 0"),
        ((3, 3, 32), {}, r"shape \(3, 3, 32\) is too small: 4 x 4 pixels are the least"),
    ],
)
def test_what_cannot_be_built_is_told(
    shape: tuple[int, int, int], options: dict[str, int], message: str
) -> None:
    assert_refused("resnet_v2", shape, options, message)
