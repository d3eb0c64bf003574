"""Slices of loss and accuracy: against one network at a time; missing points; batch norm; refusals."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.landscape.directions import random_directions
from anarch.landscape.surface import Slice, axes, point_scores, slice_scores

PLANE = torch.cartesian_prod(torch.linspace(-1, 1, 3), torch.linspace(-0.5, 0.5, 2)).double()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cnn() -> nn.Sequential:
    layers = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(60, 4)
    model = nn.Sequential(*layers).double().eval()
    with torch.no_grad():
        for t in (*model.parameters(), model[1].running_mean):
            t.copy_(torch.randn(t.shape, generator=seeded(1), dtype=torch.float64))
    return model


@pytest.fixture
def images() -> tuple[Tensor, Tensor]:
    x = torch.randn(11, 2, 7, 6, dtype=torch.float64, generator=seeded(9))
    return x, torch.randint(4, (11,), generator=seeded(9))


def moved(model: nn.Module, directions: dict[str, Tensor], steps: Tensor) -> nn.Module:
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for name, p in twin.named_parameters():
            if name in directions:
                for d, step in zip(directions[name], steps.tolist(), strict=True):
                    p.add_(d, alpha=step)
    return twin


def scores(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    with torch.no_grad():
        logits = model(x)
    accuracy = (logits.argmax(1) == y).double().mean()
    return torch.stack((F.cross_entropy(logits, y), accuracy))


@pytest.mark.parametrize("through", [Slice(seed=3), Slice(seed=3, biases=True, orthogonal=True)])
def test_a_plane_is_that_of_one_network_at_a_time(images, through):
    model, directions = cnn(), axes(cnn(), through)
    wanted = torch.stack([scores(moved(model, directions, steps), *images) for steps in PLANE])
    assert_close(slice_scores(model, through, PLANE, *images), wanted, rtol=1e-12, atol=1e-13)
    for batches in ({"chunk": 1}, {"chunk": 4, "batch_size": 3}, {"batch_size": 11}):
        assert_close(slice_scores(model, through, PLANE, *images, **batches), wanted, rtol=1e-12, atol=1e-13)


def test_missing_points_alone_are_the_same_and_none_is_nothing(images):
    model, through = cnn(), Slice(seed=0, normalisation="unit")
    whole, some = slice_scores(model, through, PLANE, *images), [4, 1]
    assert_close(slice_scores(model, through, PLANE[some], *images), whole[some], rtol=1e-13, atol=1e-14)
    assert slice_scores(model, through, PLANE[:0], *images).shape == (0, 2)


def test_a_line_is_the_first_axis_of_the_plane_and_its_middle_the_network(images):
    model, steps = cnn(), torch.tensor([-0.7, 0.0, 0.4], dtype=torch.float64)
    line = slice_scores(model, Slice(seed=5, axes=1), steps[:, None], *images)
    plane = slice_scores(model, Slice(seed=5), torch.stack((steps, torch.zeros(3)), 1), *images)
    assert_close(line, plane, rtol=1e-12, atol=1e-13)
    assert_close(line[1], scores(model, *images), rtol=1e-12, atol=1e-13)


def test_the_axes_are_the_directions_0_and_1_of_the_seed():
    model = cnn()
    plain, orthogonal = axes(model, Slice(seed=2)), axes(model, Slice(seed=2, orthogonal=True))
    drawn = random_directions(model, 2, range(2))
    inner = {}
    for name, d in drawn.items():
        assert torch.equal(plain[name], d) and torch.equal(orthogonal[name][0], d[0])
        assert_close(orthogonal[name].flatten(2).norm(dim=2), d.flatten(2).norm(dim=2))
        inner[name] = (orthogonal[name][0] * orthogonal[name][1]).sum().abs() / d[0].norm() ** 2
        assert not torch.allclose(d[0].flatten() @ d[1].flatten(), torch.zeros((), dtype=torch.float64))
    assert max(inner.values()) < 1e-14


def test_recomputed_statistics_are_those_of_the_images_at_every_point(images):
    """One batch: the mean of the images and their unbiased variance, as ``F.batch_norm`` stores them."""
    x, y = images
    model, through = cnn(), Slice(seed=3)
    before = copy.deepcopy(model.state_dict())
    result = slice_scores(model, through, PLANE, x, y, statistics="recomputed")
    wanted = []
    for steps in PLANE:
        twin = moved(model, axes(model, through), steps)
        with torch.no_grad():
            maps = twin[0](x).transpose(0, 1).flatten(1)
        twin[1].running_mean.copy_(maps.mean(1)), twin[1].running_var.copy_(maps.var(1))
        wanted.append(scores(twin, x, y))
    assert_close(result, torch.stack(wanted), rtol=1e-10, atol=1e-11)
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    halves = slice_scores(model, through, PLANE[:1], x[:10], y[:10], statistics="recomputed", batch_size=5)
    twin = moved(model, axes(model, through), PLANE[0])
    with torch.no_grad():
        maps = twin[0](x[:10]).transpose(0, 1).reshape(3, 2, -1)
    twin[1].running_mean.copy_(maps.mean(2).mean(1)), twin[1].running_var.copy_(maps.var(2).mean(1))
    assert_close(halves[0], scores(twin, x[:10], y[:10]), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("head", [nn.Identity(), nn.Flatten(0)])
def test_one_logit_is_the_logit_of_class_1_against_class_0(head):
    """(N, 1) and (N,) logits z are the two classes' logits (0, z)."""
    model = nn.Sequential(nn.Linear(2, 1).double(), head)
    x = torch.randn(9, 2, dtype=torch.float64, generator=seeded())
    y, weights = torch.arange(9) % 2, torch.randn(4, 1, 2, dtype=torch.float64, generator=seeded(1))
    result = point_scores(model, {"0.weight": weights}, x, y)
    for weight, found in zip(weights, result, strict=True):
        z = x @ weight[0] + model[0].bias.detach()
        assert_close(found[0], F.cross_entropy(torch.stack((torch.zeros(9), z), 1), y))
        assert_close(found[1], ((z > 0) == y.bool()).double().mean())


@pytest.mark.parametrize(
    "through, coordinates, options, message",
    [
        (Slice(seed=0, axes=3), PLANE[:, :1].expand(6, 3), {}, "a slice has 1 or 2 axes, got 3"),
        (Slice(seed=0), PLANE[:, :1], {}, r"coordinates must be \(P, 2\), got \(6, 1\)"),
        (
            Slice(seed=0),
            PLANE,
            {"statistics": "batch"},
            "statistics must be 'running' or 'recomputed', got 'b",
        ),
        (Slice(seed=0), PLANE, {"chunk": 0}, "chunk must be 1 or more, got 0"),
        (Slice(seed=0), PLANE, {"batch_size": 0}, "batch_size must be 1 or more, got 0"),
    ],
)
def test_impossible_slices_are_refused(images, through, coordinates, options, message):
    with pytest.raises(ValueError, match=message):
        slice_scores(cnn(), through, coordinates, *images, **options)


def test_labels_without_a_class_no_points_and_training_mode_are_refused(images):
    x, y = images
    point = {"0.weight": cnn()[0].weight.detach()[None]}
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.3 for these logits, got 0\.\.4"):
        point_scores(cnn(), point, x, torch.arange(11) % 5)
    with pytest.raises(ValueError, match="no points"):
        point_scores(cnn(), {}, x, y)
    with pytest.raises(ValueError, match=r"module '1' .* in training mode"):
        point_scores(cnn().train(), point, x, y)
