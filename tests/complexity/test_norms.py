"""Path norms against the enumeration of all paths, invariances and unrolled sums; refusals."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from anarch.complexity.folding import folded
from anarch.complexity.norms import frobenius_norm, log10_path_norm, path_norm
from anarch.models.stack import Sum


def draw_(model: nn.Module, seed: int = 0) -> nn.Module:
    draws = torch.Generator().manual_seed(seed)
    for parameter in model.double().parameters():
        nn.init.normal_(parameter, generator=draws)
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean.normal_(generator=draws)
            module.running_var.uniform_(0.1, 3.0, generator=draws)
    return model.eval()


def jacobian(linear: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """The matrix (outputs, inputs) of an affine module, by its derivative: the weight of each single edge."""
    at = torch.zeros(1, *shape, dtype=torch.float64)
    return torch.autograd.functional.jacobian(linear, at).reshape(linear(at).numel(), -1)


def enumerated(matrices: list[Tensor], p: int) -> float:
    """The definition: every path, one edge of each matrix after the other, in a Python loop."""
    units = [range(matrices[0].shape[1]), *(range(len(matrix)) for matrix in matrices)]
    total = 0.0
    for path in itertools.product(*units):
        edges = zip(matrices, itertools.pairwise(path), strict=True)
        total += math.prod(abs(matrix[after, before].item()) ** p for matrix, (before, after) in edges)
    return total ** (1 / p)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.LeakyReLU(0.2)])
def test_mlp_equals_the_enumeration_of_its_paths(p, activation):
    model = draw_(nn.Sequential(nn.Linear(3, 4), activation, nn.Linear(4, 5), activation, nn.Linear(5, 2)))
    wanted = enumerated([layer.weight.detach() for layer in model if isinstance(layer, nn.Linear)], p)
    assert path_norm(model, (3,), p) == pytest.approx(wanted, rel=1e-12)
    assert log10_path_norm(model, (3,), p) == pytest.approx(math.log10(wanted), rel=1e-12)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize(
    "pool, shape",
    [
        (nn.AvgPool2d(2), (2, 1)),
        (nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False), (3, 2)),
        (nn.AvgPool2d((2, 1), 1, divisor_override=3), (3, 3)),
        (nn.AdaptiveAvgPool2d((3, None)), (3, 3)),
        (nn.AdaptiveAvgPool2d(1), (1, 1)),
    ],
)
def test_convolution_and_average_pooling_equal_the_enumeration(p, pool, shape):
    """(1, 3, 2) -conv-> (2, 4, 3) -pool-> (2, *shape) -> 2: an average is a matrix of 1 / window."""
    conv = nn.Conv2d(1, 2, 2, 1, 1)
    model = draw_(nn.Sequential(conv, nn.ReLU(), pool, nn.Flatten(), nn.Linear(2 * math.prod(shape), 2)))
    matrices = [jacobian(conv, (1, 3, 2)), jacobian(pool, (2, 4, 3)), model[4].weight.detach()]
    assert path_norm(model, (1, 3, 2), p) == pytest.approx(enumerated(matrices, p), rel=1e-12)


@pytest.mark.parametrize("p", [1, 2])
def test_max_pooling_is_the_largest_over_all_routings(p):
    """Three windows of two units: eight networks in which each window lets one of its two inputs through."""
    model = draw_(nn.Sequential(nn.Conv2d(1, 1, (1, 2)), nn.MaxPool2d((1, 2)), nn.Flatten(), nn.Linear(3, 2)))
    conv = jacobian(model[0], (1, 1, 7))
    routings = []
    for chosen in itertools.product((0, 1), repeat=3):
        route = torch.zeros(3, 6, dtype=torch.float64)
        route[torch.arange(3), 2 * torch.arange(3) + torch.tensor(chosen)] = 1
        routings.append(enumerated([conv, route, model[3].weight.detach()], p))
    assert path_norm(model, (1, 1, 7), p) == pytest.approx(max(routings), rel=1e-12)


class Functional(nn.Module):
    """A residual block and two poolings without modules, as much code writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)
        self.norm, self.head = nn.BatchNorm2d(2), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x + self.norm(self.second(F.relu(self.first(x)))))
        x = F.adaptive_avg_pool2d(F.avg_pool2d(x, kernel_size=2), (1, 2))
        return self.head(x.view(x.size(0), -1))


@pytest.mark.parametrize("p", [1, 2])
def test_a_residual_network_is_its_unrolled_sum(p):
    """1^T |H|^p |A|^p (1 + |S C2|^p |C1|^p) 1: over the identity and over the body, batch norm as S."""
    model = draw_(Functional())
    size = (2, 4, 8)
    body = nn.Sequential(model.second, model.norm)
    pool = nn.Sequential(nn.AvgPool2d(2), nn.AdaptiveAvgPool2d((1, 2)))
    maps = [(jacobian(m, size).abs() ** p).detach() for m in (model.first, body)]
    halves = [jacobian(pool[0], size).abs() ** p, jacobian(pool[1], (2, 2, 4)).abs() ** p]
    through = torch.eye(64, dtype=torch.float64) + maps[1] @ maps[0]
    wanted = (model.head.weight.detach().abs() ** p @ halves[1] @ halves[0] @ through).sum() ** (1 / p)
    assert path_norm(model, size, p) == pytest.approx(wanted.item(), rel=1e-12)


class Doubled(nn.Module):
    """W x + W x, the larger of each two neighbours, the first two of these."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(x)
        x = F.dropout(F.leaky_relu(x + x), training=self.training)
        x = F.max_pool2d(x.reshape(x.shape[0], 1, 2, 4), (1, 2))
        return torch.flatten(x, 1)[:, :2]


@pytest.mark.parametrize("p", [1, 2])
def test_channels_of_zeros_are_on_no_path(p):
    """ResNet-v2's shortcut: an identity between two empty channels before and one after."""
    body, head = nn.Conv2d(2, 5, 3, padding=1), nn.Conv2d(5, 3, 2)
    identity = nn.Conv2d(2, 5, 1, bias=False)
    for layer in (body, head, identity):
        draw_(layer)
    with torch.no_grad():
        identity.weight.zero_()
        identity.weight[2, 0] = identity.weight[3, 1] = 1
    padded, whole = (
        path_norm(nn.Sequential(Sum(body, shortcut), head), (2, 4, 3), p)
        for shortcut in (nn.ZeroPad3d((0, 0, 0, 0, 2, 1)), identity)
    )
    assert padded == pytest.approx(whole, rel=1e-12)


def test_sums_selections_and_poolings_in_functional_form():
    model = draw_(Doubled())
    into = model.linear.weight.detach().abs().sum(1)
    wanted = 2 * (into[:2].max() + into[2:4].max())
    assert path_norm(model, (2,), 1) == pytest.approx(wanted.item(), rel=1e-12)


class Concatenated(nn.Module):
    """[x, conv(relu(BN(x)))] as in a DenseNet."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(2), nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.conv(torch.relu(self.norm(x)))), 1)


@pytest.mark.parametrize("p", [1, 2])
def test_concatenation_and_a_batch_norm_that_comes_first(p):
    """On one pixel: |head|^p [1; |C S|^p] summed, with S = gamma / sqrt(var + eps) a diagonal matrix."""
    model = draw_(nn.Sequential(Concatenated(), nn.Flatten(), nn.Linear(3, 2)))
    norm, head = model[0].norm, model[2].weight.detach().abs() ** p
    scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
    through = torch.cat((torch.eye(2), (model[0].conv.weight.detach().view(1, 2) * scale).abs() ** p))
    assert path_norm(model, (2, 1, 1), p) == pytest.approx(
        (head @ through).sum().item() ** (1 / p), rel=1e-12
    )


@pytest.mark.parametrize("p", [1, 2])
def test_rescaling_a_relu_and_moving_a_scale_into_batch_norm_change_nothing(p):
    model = draw_(nn.Sequential(nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 2)))
    before = path_norm(model, (2, 4, 5), p)
    assert path_norm(folded(model), (2, 4, 5), p) == pytest.approx(before, rel=1e-12)
    factors = torch.tensor([1e-3, 7.0, 400.0], dtype=torch.float64)
    with torch.no_grad():
        model[1].weight *= factors
        model[1].bias *= factors
        model[3].weight /= factors.view(1, 3, 1, 1)
    assert path_norm(model, (2, 4, 5), p) == pytest.approx(before, rel=1e-12)


def test_biases_and_running_means_are_on_no_path():
    model = draw_(nn.Sequential(nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 2)))
    before = path_norm(model, (2, 4, 5), 1)
    with torch.no_grad():
        for tensor in (model[0].bias, model[1].bias, model[1].running_mean, model[3].bias):
            tensor += 100
    assert path_norm(model, (2, 4, 5), 1) == before


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("weight", [1e-25, 1e25])
def test_logarithms_reach_beyond_the_range_of_floats(p, weight):
    """Chain of 20 weights: the norm is their product, 1e500 or 1e-500; at p = 2 its square is 1e1000."""
    count = 20 // p
    model = nn.Sequential(*(nn.Linear(1, 1, bias=False) for _ in range(count))).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(weight)
    wanted = count * math.log10(weight)
    assert log10_path_norm(model, (1,), p) == pytest.approx(wanted, rel=1e-12)
    limits = {1e-25: 0.0, 1e25: math.inf}
    assert path_norm(model, (1,), p) == (limits[weight] if p == 1 else pytest.approx(10.0**wanted, rel=1e-9))


def test_a_network_without_paths_has_norm_zero():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    nn.init.zeros_(model[2].weight)
    assert path_norm(model, (2,), 2) == 0 and log10_path_norm(model, (2,), 2) == -math.inf


def test_the_model_stays_as_it_was():
    model = nn.Sequential(
        nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(6, 2)
    ).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    path_norm(model, (2, 2, 3), 2), frobenius_norm(model)
    assert all(
        torch.equal(before[n], t) and t.dtype == before[n].dtype for n, t in model.state_dict().items()
    )
    assert all(module.training for module in model.modules())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


def test_frobenius_norm_in_closed_form():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    for parameter, value in zip(model.parameters(), (2.0, 1.0, 3.0, 4.0), strict=True):
        nn.init.constant_(parameter, value)
    assert frobenius_norm(model) == pytest.approx((6 * 4 + 3 * 1 + 3 * 9 + 3 * 16) ** 0.5, rel=1e-15)


class Usual(nn.Module):
    """Sizes read from the maps, and a mean over them, as most networks are written."""

    def __init__(self, mean) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(2, 3, 3), nn.Conv2d(3, 4, 2), nn.Linear(4, 2)
        self.mean = mean

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x).relu()
        c, rows, columns = h.shape[1], h.shape[2], h.size(3)
        h = self.second(h.view(h.size(0), c, rows * columns // h.size(3), -1))
        return self.head(self.mean(h).view(h.size(0), h.size(1) * 1))


@pytest.mark.parametrize(
    "mean",
    [
        lambda h: h.mean([2, 3]),
        lambda h: torch.mean(h, dim=(2, 3), keepdim=True),
        lambda h: h.mean(-1).mean(-1),
        lambda h: h.flatten(2).mean(2),
    ],
)
@pytest.mark.parametrize("p", [1, 2])
def test_a_mean_is_an_average_pooling_over_the_whole_map(p, mean):
    model = draw_(Usual(mean))
    layers = (model.first, nn.ReLU(), model.second, nn.AvgPool2d((2, 3)), nn.Flatten(), model.head)
    assert path_norm(model, (2, 5, 6), p) == pytest.approx(
        path_norm(nn.Sequential(*layers), (2, 5, 6), p), rel=1e-12
    )


class Shift(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1


@pytest.mark.parametrize(
    "model, message",
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Tanh()), r"paths through '_1' \(Tanh\) have no weights"),
        (
            nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)),
            r"\(LayerNorm\) have no weights; allowed: linear layers",
        ),
        (nn.Sequential(nn.Linear(2, 2), Shift()), r"paths through 'add' \(add\)"),
    ],
)
def test_what_has_no_path_weights_is_refused(model, message):
    with pytest.raises(ValueError, match=message):
        path_norm(model, (2,), 1)


def test_impossible_numbers_and_shapes_are_refused():
    model = nn.Linear(2, 2)
    with pytest.raises(ValueError, match=r"the model cannot take inputs of shape \(3,\): "):
        path_norm(model, (3,), 1)
    with pytest.raises(ValueError, match="p must be 1 or 2, got 3"):
        path_norm(model, (2,), 3)
    nn.init.constant_(model.weight, math.nan)
    with pytest.raises(ValueError, match="beyond 1e600, or weights are not finite: nan"):
        path_norm(model, (2,), 1)
