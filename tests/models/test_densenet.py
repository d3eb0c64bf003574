import pytest
import torch
import torch.nn.functional as F
from family import assert_logits_in_both_modes, assert_refused, count
from torch import Tensor, nn
from torch.func import functional_call
from torch.fx import symbolic_trace
from torch.testing import assert_close

from anarch.models import build, initialise_


def reference(network: nn.Module, x: Tensor, units: int, bottleneck: bool) -> Tensor:
    """Huang et al. 2017, eq. 2, written out: each unit sees the list of all maps before it in its block."""
    convolutions = iter([m for m in network.modules() if isinstance(m, nn.Conv2d)])
    norms = iter([m for m in network.modules() if isinstance(m, nn.BatchNorm2d)])

    def active(x: Tensor) -> Tensor:
        norm = next(norms)
        return F.batch_norm(x, None, None, norm.weight, norm.bias, training=True).relu()

    def convolved(x: Tensor, padding: int) -> Tensor:
        return F.conv2d(x, next(convolutions).weight, None, 1, padding)

    x = convolved(x, 1)
    for block in range(3):
        maps = [x]
        for _ in range(units):
            y = active(torch.cat(maps, 1))
            maps.append(convolved(active(convolved(y, 0)), 1) if bottleneck else convolved(y, 1))
        x = torch.cat(maps, 1)
        if block < 2:
            x = F.avg_pool2d(convolved(active(x), 0), 2)
    assert next(convolutions, None) is None
    return F.linear(active(x).mean((2, 3)), network[-1].weight, network[-1].bias)


@pytest.mark.parametrize(
    "classes, options, parameters",
    [
        (10, {}, 176_122),
        (100, {}, 188_092),
        (10, {"channels": 24}, 690_346),
        (10, {"channels": 36}, 1_542_682),
        (10, {"depth": 100}, 769_162),
        (10, {"bottleneck": False}, 1_019_722),
    ],
)
def test_it_has_the_published_number_of_parameters(
    classes: int, options: dict[str, int], parameters: int
) -> None:
    assert count(build("densenet", (3, 32, 32), classes, **options)) == parameters


@pytest.mark.parametrize("k, colours", [(12, 3), (4, 1), (5, 2)])
def test_parameters_follow_the_growth_rate(k: int, colours: int) -> None:
    expected, seen = 9 * colours * 2 * k, 2 * k
    for block in range(3):
        for _ in range(6):  # a norm and a 1 x 1 to 4 k, a norm and a 3 x 3 to k
            expected += 2 * seen + 4 * k * seen + 2 * 4 * k + 9 * 4 * k * k
            seen += k
        expected += 2 * seen
        if block < 2:
            expected += seen * (seen // 2)
            seen //= 2
    assert count(build("densenet", (colours, 16, 16), 7, channels=k)) == expected + 7 * (seen + 1)


@pytest.mark.parametrize("bottleneck, depth, units", [(True, 16, 2), (False, 10, 2)])
def test_it_is_the_network_of_the_paper_and_so_are_its_gradients(
    bottleneck: bool, depth: int, units: int
) -> None:
    generator = torch.Generator().manual_seed(7)
    network = build("densenet", (2, 9, 7), 5, depth=depth, channels=3, bottleneck=bottleneck)
    initialise_(network.double(), generator)
    with torch.no_grad():
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.weight.uniform_(0.5, 1.5, generator=generator)
                norm.bias.uniform_(-0.5, 0.5, generator=generator)
    x = torch.randn(3, 2, 9, 7, dtype=torch.float64, generator=generator)
    expected = reference(network, x, units, bottleneck)
    weights = dict(network.named_parameters())
    blank = build("densenet", (2, 9, 7), 5, depth=depth, channels=3, bottleneck=bottleneck).double()
    for actual in (network(x), symbolic_trace(network)(x), functional_call(blank, weights, (x,))):
        assert_close(actual, expected)
    true = torch.autograd.grad(expected.square().sum(), list(weights.values()))
    ours = torch.autograd.grad(network(x).square().sum(), list(weights.values()))
    assert_close(ours, true)
    assert all(gradient.any() for gradient in ours)


def test_a_unit_leaves_what_it_was_given_and_adds_the_growth_rate() -> None:
    network = build("densenet", (3, 16, 16), 10, channels=4)
    initialise_(network, torch.Generator().manual_seed(0))
    x = torch.randn(2, 8, 5, 5, generator=torch.Generator().manual_seed(1))
    before, y = x.clone(), network[1](x)
    assert y.shape == (2, 12, 5, 5)
    assert torch.equal(y[:, :8], before) and torch.equal(x, before)


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 16, 16), (2, 17, 31)])
def test_any_size_gives_logits_in_training_and_evaluation(shape: tuple[int, int, int]) -> None:
    network = build("densenet", shape, 5, channels=2)
    initialise_(network, torch.Generator().manual_seed(0))
    assert_logits_in_both_modes(network, shape)


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((3, 32, 32), {"depth": 41}, r"depth of this DenseNet must be 4 \+ 6 n with n of 1 or more, got 41"),
        ((3, 32, 32), {"depth": 4}, r"4 \+ 6 n with n of 1 or more, got 4"),
        ((3, 32, 32), {"depth": 41, "bottleneck": False}, r"4 \+ 3 n with n of 1 or more, got 41"),
        ((3, 32, 32), {"channels": 0}, "channels must be 1 or more, got 0"),
        ((3, 3, 32), {}, r"shape \(3, 3, 32\) is too small: 4 x 4 pixels are the least"),
    ],
)
def test_what_cannot_be_built_is_told(
    shape: tuple[int, int, int], options: dict[str, int], message: str
) -> None:
    assert_refused("densenet", shape, options, message)
