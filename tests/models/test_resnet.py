import pytest
import torch
import torch.nn.functional as F
from family import assert_logits_in_both_modes, assert_refused, count, random_network
from torch import Tensor, nn
from torch.func import functional_call
from torch.fx import symbolic_trace
from torch.testing import assert_close

from anarch.models import build
from anarch.models.resnet import resnet


def reference(network: nn.Module, x: Tensor, blocks: tuple[int, ...], bottleneck: bool) -> Tensor:
    """He et al. 2016, Sec. 3, written out: weights taken in the order of use, a block's shortcut last."""
    convolutions = iter([m for m in network.modules() if isinstance(m, nn.Conv2d)])
    norms = iter([m for m in network.modules() if isinstance(m, nn.BatchNorm2d)])

    def normed(x: Tensor, stride: int = 1) -> Tensor:
        weight, norm = next(convolutions).weight, next(norms)
        x = F.conv2d(x, weight, None, stride, weight.shape[-1] // 2)
        return F.batch_norm(x, None, None, norm.weight, norm.bias, training=True)

    x = normed(x).relu()
    for stage, number in enumerate(blocks):
        for block in range(number):
            stride = 2 if stage > 0 and block == 0 else 1
            if bottleneck:
                y = normed(normed(normed(x).relu(), stride).relu())
            else:
                y = normed(normed(x, stride).relu())
            x = (y + (normed(x, stride) if y.shape != x.shape else x)).relu()
    assert next(convolutions, None) is None
    return F.linear(x.mean((2, 3)), network[-1].weight, network[-1].bias)


@pytest.mark.parametrize(
    "depth, classes, parameters",
    [
        (18, 10, 11_173_962),
        (18, 100, 11_173_962 + 90 * 513),
        (34, 10, 21_282_122),
        (50, 10, 23_520_842),
        (50, 100, 23_520_842 + 90 * 2049),
    ],
)
def test_full_width_has_the_published_number_of_parameters(depth: int, classes: int, parameters: int) -> None:
    assert count(build("resnet", (3, 32, 32), classes, depth=depth)) == parameters


@pytest.mark.parametrize("c, k, colours", [(4, 3, 3), (8, 5, 1), (3, 9, 2), (2, 1, 1)])
def test_parameters_follow_width_and_kernel(c: int, k: int, colours: int) -> None:
    convolutions = colours * k**2 * c + (298 * k**2 + 42) * c**2  # 42 c^2 of them are 1 x 1 shortcuts
    network = build("resnet", (colours, 16, 16), 7, channels=c, kernel=k)
    assert count(network) == convolutions + 2 * 75 * c + 7 * (8 * c + 1)


@pytest.mark.parametrize(
    "depth, kernel, blocks",
    [(18, 3, (2, 2, 2, 2)), (18, 7, (2, 2, 2, 2)), (34, 3, (3, 4, 6, 3)), (50, 3, (3, 4, 6, 3))],
)
def test_it_is_the_network_of_the_paper_and_so_are_its_gradients(
    depth: int, kernel: int, blocks: tuple[int, ...]
) -> None:
    network = random_network("resnet", (2, 11, 14), depth=depth, channels=2, kernel=kernel)
    x = torch.randn(3, 2, 11, 14, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = reference(network, x, blocks, bottleneck=depth == 50)
    weights = dict(network.named_parameters())
    blank = build("resnet", (2, 11, 14), 5, depth=depth, channels=2, kernel=kernel).double()
    for actual in (network(x), symbolic_trace(network)(x), functional_call(blank, weights, (x,))):
        assert_close(actual, expected)
    true = torch.autograd.grad(expected.square().sum(), list(weights.values()))
    ours = torch.autograd.grad(network(x).square().sum(), list(weights.values()))
    assert_close(ours, true)
    assert all(gradient.any() for gradient in ours)


@pytest.mark.parametrize("depth", [18, 50])
def test_traced_convolutions_are_followed_by_their_norm_alone(depth: int) -> None:
    """So that a norm can be folded into the convolution before it."""
    traced = symbolic_trace(build("resnet", (3, 16, 16), 10, depth=depth, channels=2))
    modules = dict(traced.named_modules())
    followers = [
        [type(modules[user.target]) for user in node.users]
        for node in traced.graph.nodes
        if node.op == "call_module" and isinstance(modules[node.target], nn.Conv2d)
    ]
    assert followers and all(types == [nn.BatchNorm2d] for types in followers)


@pytest.mark.parametrize("kernel", [3, 5, 9])
def test_kernels_keep_the_maps(kernel: int) -> None:
    """32 -> 16 -> 8 -> 4 for every kernel; without poolings at the start (scratch, App. A.1)."""
    network = build("resnet", (3, 32, 32), 10, channels=1, kernel=kernel).eval()
    x, sizes = torch.zeros(1, 3, 32, 32), []
    for layer in network[:-3]:
        x = layer(x)
        sizes.append(x.shape[-1])
    assert sizes == [32] * 7 + [16] * 4 + [8] * 4 + [4] * 4


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 16), (2, 17, 64)])
def test_any_size_gives_logits_in_training_and_evaluation(shape: tuple[int, int, int]) -> None:
    network = random_network("resnet", shape, channels=2).float()
    assert_logits_in_both_modes(network, shape)


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((3, 32, 32), {"depth": 20}, "depth of a ResNet must be 18, 34 or 50, got 20"),
        ((3, 32, 32), {"kernel": 4}, "kernel must be odd, got 4"),
        ((3, 32, 32), {"kernel": 0}, "kernel must be 1 or more, got 0"),
        ((3, 32, 32), {"channels": 0}, "channels must be 1 or more, got 0"),
        ((3, 32, 7), {}, r"shape \(3, 32, 7\) is too small: 8 x 8 pixels are the least"),
    ],
)
def test_what_cannot_be_built_is_told(
    shape: tuple[int, int, int], options: dict[str, int], message: str
) -> None:
    assert_refused("resnet", shape, options, message)


def test_dropout_comes_before_the_linear_layer():
    with_dropout, without = (resnet((3, 8, 8), 10, channels=1, dropout=share) for share in (0.5, 0.0))
    assert [type(m).__name__ for m in with_dropout][-3:] == ["Flatten", "Dropout", "Linear"]
    assert not any(isinstance(m, nn.Dropout) for m in without.modules())
