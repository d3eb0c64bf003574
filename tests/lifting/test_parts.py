"""Local and off-local parts, deviation, filters and certificate of lifted networks."""

import math
from collections.abc import Callable

import pytest
import torch
from dense_reference import dense_matrix, fill_, seeded
from torch import nn
from torch.testing import assert_close

from anarch.lifting.certify import certificate
from anarch.lifting.locality import (
    deviation,
    expected_deviation,
    expected_padded_deviation,
    local_masks,
    local_part,
    off_local_part,
)
from anarch.lifting.subspace import project, unit_filter
from anarch.lifting.walk import lift
from anarch.models import build, initialise_

SHAPE = (2, 7, 6)


def network() -> nn.Sequential:
    """Two convolutions with padding, stride and groups, a norm and a head; float64."""
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, (2, 1), (1, 2), groups=2), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Sequential(nn.Conv2d(4, 3, (2, 3), padding=1, bias=False)), nn.Flatten(), nn.Linear(120, 5),
    ).double()  # fmt: skip


def test_the_parts_hold_each_weight_once_and_everything_else_twice() -> None:
    lifted = fill_(lift(network(), SHAPE))
    masks = local_masks(lifted)
    whole, local, off_local = (
        dict(m.named_parameters()) for m in (lifted, local_part(lifted), off_local_part(lifted))
    )
    assert list(masks) == ["0.weight", "3.0.weight"]
    for name, parameter in whole.items():
        mask = masks.get(name)
        if mask is None:
            assert torch.equal(local[name], parameter) and torch.equal(off_local[name], parameter)
        else:
            assert torch.equal(local[name], torch.where(mask, parameter, 0.0))
            assert torch.equal(off_local[name], torch.where(mask, 0.0, parameter))


def test_the_local_part_of_a_lift_is_itself_and_its_off_local_part_knows_no_input() -> None:
    model = fill_(network()).eval()
    x = torch.randn(3, *SHAPE, dtype=torch.float64, generator=seeded(1))
    for to in ("fully_connected", "locally_connected"):
        lifted = lift(model, SHAPE, to)
        assert_close(local_part(lifted)(x), model(x), rtol=0, atol=1e-12)
        assert_close(off_local_part(lifted)(x), off_local_part(lifted)(torch.zeros_like(x)))


def test_deviation_is_the_ratio_of_norms_over_the_whole_network() -> None:
    """All parameters 2: delta = sqrt(off-local / all); the masks come from the slow reference."""
    model = network()
    lifted = lift(model, SHAPE)
    for parameter in lifted.parameters():
        nn.init.constant_(parameter, 2.0)
    for conv in (model[0], model[3][0]):
        nn.init.ones_(conv.weight)
    matrices = [dense_matrix(model[0], SHAPE), dense_matrix(model[3][0], (4, 4, 8))]
    off_local = sum(int((matrix == 0).sum()) for matrix in matrices)
    total = sum(p.numel() for p in lifted.parameters())
    assert math.isclose(deviation(lifted), math.sqrt(off_local / total), rel_tol=1e-14)
    assert deviation(local_part(lifted)) == 0.0
    assert deviation(lift(model, SHAPE, "locally_connected")) == 0.0


def test_deviation_of_nothing_is_zero_and_of_nan_is_nan() -> None:
    lifted = lift(network(), SHAPE)
    for parameter in lifted.parameters():
        nn.init.zeros_(parameter)
    assert deviation(lifted) == 0.0
    nn.init.constant_(lifted[0].weight, math.nan)
    assert math.isnan(deviation(lifted))


def test_deviation_sees_one_off_local_weight_among_millions() -> None:
    """Its square is below the range of float32, and far below the rounding of the sum."""
    lifted = lift(initialise_(build("vanilla_cnn", (3, 32, 32), 10, channels=8), seeded(0)), (3, 32, 32))
    norm = math.sqrt(sum(p.detach().double().square().sum().item() for p in lifted.parameters()))
    lifted[0].weight.data[-1, 0] = 1e-30  # the last unit looks at the lower right corner
    assert math.isclose(deviation(lifted), 1e-30 / norm, rel_tol=1e-6)


@pytest.mark.parametrize(
    "padded, fan_in, local", [(False, 2 * 7 * 6, 2 * 19 * 16), (True, 2 * 9 * 8, 2 * 9 * 42)]
)
def test_expected_deviation_from_mean_squares(padded: bool, fan_in: int, local: int) -> None:
    """U(-b, b) has mean square b^2 / 3 = 1 / (3 fan_in); 3 units a position, 42 positions, norm weights 1."""
    layers = nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(126, 5)
    units = 3 * 42
    off_local = (units * fan_in - 3 * local) / (3 * fan_in)
    total = (units * fan_in + units) / (3 * fan_in) + 3 + (5 * 126 + 5) / (3 * 126)
    found = expected_deviation(lift(nn.Sequential(*layers), SHAPE), padded=padded)
    assert math.isclose(found, math.sqrt(off_local / total), rel_tol=1e-14)


def test_expected_deviation_at_the_papers_width() -> None:
    """0.961 as it is, 0.975 with columns for padding: the paper's "around 97 %" (Sec. 4.3)."""
    lifted = lift(build("vanilla_cnn", (3, 32, 32), 10).to("meta"), (3, 32, 32))
    assert round(expected_deviation(lifted), 3) == 0.961
    assert round(expected_padded_deviation(lifted), 3) == 0.975


def test_a_fresh_fcn_has_the_expected_deviation() -> None:
    """The energy of a layer of n draws strays from its mean by sqrt(4 / 5n): 1e-3 is far more."""
    lifted = initialise_(lift(build("vanilla_cnn", (3, 32, 32), 10, channels=8), (3, 32, 32)), seeded(0))
    assert abs(deviation(lifted) - expected_deviation(lifted)) < 1e-3


def test_padded_counting_is_that_of_a_network_with_padding_layers() -> None:
    """The authors' layout has ZeroPad2d layers of its own, whose border the lifted layers then see."""

    def layers(padding: bool) -> list[nn.Module]:
        made: list[nn.Module] = []
        for seen, kernel, stride, pad in ((3, 4, 2, 2), (64, 5, 1, 2), (64, 3, 1, 1)):
            conv = nn.Conv2d(seen, 64, kernel, stride, 0 if padding else pad, device="meta")
            made += [*([nn.ZeroPad2d(pad)] if padding else []), conv, nn.ReLU(), nn.MaxPool2d(3, 2)]
        return [*made, nn.Flatten(), nn.Linear(64, 10, device="meta")]

    authors, ours = (lift(nn.Sequential(*layers(padding)), (3, 32, 32)) for padding in (True, False))
    assert sum(p.numel() for p in authors.parameters()) == 110_606_602
    assert math.isclose(expected_padded_deviation(ours), expected_deviation(authors), rel_tol=1e-14)


def test_a_unit_filter_is_the_gradient_of_the_unit() -> None:
    lifted = fill_(lift(nn.Sequential(nn.Conv2d(2, 4, 3, padding=(2, 0)).double()), SHAPE))
    x = torch.zeros(1, *SHAPE, dtype=torch.float64, requires_grad=True)
    lifted(x)[0, 3, 8, 2].backward()
    assert torch.equal(unit_filter(lifted, 0, 3, (8, 2)), x.grad[0])
    assert torch.equal(unit_filter(lifted, "0", 3, (8, 2)), x.grad[0])


@pytest.mark.parametrize(
    "to, layer, unit, message",
    [
        ("fully_connected", 2, (0, (0, 0)), "no lifted layer 2; allowed: 0 to 1"),
        ("fully_connected", -1, (0, (0, 0)), "no lifted layer -1"),
        ("fully_connected", "1", (0, (0, 0)), "no lifted layer '1'; allowed: '0', '3.0'"),
        ("fully_connected", 1, (3, (0, 0)), r"layer '3.0' has no unit \(3, 0, 0\); .* are below \(3, 5, 8\)"),
        ("fully_connected", 0, (0, (-1, 0)), "layer '0' has no unit"),
        ("locally_connected", 0, (0, (0, 0)), "layer '0' is LocallyConnected; only FullyConnected"),
    ],
)
def test_a_filter_that_is_not_there_is_told(to: str, layer: int | str, unit: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unit_filter(lift(network(), SHAPE, to), layer, *unit)


def test_a_certificate_counts_and_finds_the_largest_difference() -> None:
    model = fill_(network()).train()
    lifted = lift(model, SHAPE)
    x = torch.randn(300, *SHAPE, generator=seeded(3))  # float32: compared in the model's float64
    exact = certificate(model, lifted, x)
    assert exact.largest_difference < 1e-12
    assert exact.cnn_parameters == sum(p.numel() for p in model.parameters())
    assert exact.lifted_parameters == sum(p.numel() for p in lifted.parameters())
    off_local = sum(int((~mask).sum()) for mask in local_masks(lifted).values())
    assert exact.off_local_parameters == off_local
    assert math.isclose(exact.sparsity, off_local / exact.lifted_parameters, rel_tol=1e-14)
    assert model.training and model[1].training and lifted[1].training
    lifted[-1].weight.data[2, 7] += 0.5
    x[-1] *= 1e4  # the last image, beyond the first batch, has the largest difference
    statistics = model[1].running_mean.clone()
    found = certificate(model, lifted, x).largest_difference
    assert torch.equal(model[1].running_mean, statistics)
    feature = model.eval()[:-1](x.double())[-1, 7].item()
    assert abs(feature) > 100 and math.isclose(found, 0.5 * abs(feature), rel_tol=1e-9)
    lifted[-1].bias.data[2] = math.nan
    assert math.isnan(certificate(model, lifted, x).largest_difference)


def test_a_certificate_needs_images() -> None:
    with pytest.raises(ValueError, match="a certificate needs at least one image, got none"):
        certificate(network(), lift(network(), SHAPE), torch.zeros(0, *SHAPE))


@pytest.mark.parametrize(
    "measure", [deviation, expected_deviation, local_masks, local_part, off_local_part, project]
)
def test_a_network_that_was_not_lifted_is_refused(measure: Callable[[nn.Module], object]) -> None:
    with pytest.raises(
        ValueError, match=r"this Sequential holds no lifted layer; make one with anarch\.lift"
    ):
        measure(network())


def test_projection_changes_nothing_but_lifted_layers_and_no_bit_of_a_lift() -> None:
    lifted = lift(fill_(network()).float(), SHAPE)
    for (name, tied), original in zip(project(lifted).named_parameters(), lifted.parameters(), strict=True):
        assert torch.equal(tied, original), name
    stray = fill_(lift(network(), SHAPE), 3)
    nearest = project(stray)
    assert torch.equal(nearest[1].weight, stray[1].weight) and torch.equal(nearest[5].bias, stray[5].bias)
    assert not torch.equal(nearest[0].weight, stray[0].weight)


@pytest.mark.parametrize("to", ["fully_connected", "locally_connected"])
def test_projection_gives_every_position_the_mean_bias(to: str) -> None:
    lifted = fill_(lift(network(), SHAPE, to))
    means = lifted[0].bias.view(4, -1).mean(1, keepdim=True)
    assert_close(project(lifted)[0].bias.view(4, -1), means.expand(4, 32), rtol=0, atol=1e-14)
