"""Local and off-local parts, deviation, filters and certificate of lifted networks."""

import math
from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from dense_reference import dense_matrix, fill_, seeded
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.lifting.certify import certificate
from anarch.lifting.layers import LiftedConv
from anarch.lifting.locality import (
    deviation,
    local_masks,
    local_part,
    off_local_part,
    root_mean_squares,
)
from anarch.lifting.padding import padded_deviation, start_as_padded_
from anarch.lifting.subspace import project, unit_filter, untied
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


def authors(channels: int, *, device: str = "cpu") -> nn.Sequential:
    """VanillaCNN as the authors write it: padding is a layer of its own, whose border the next layer sees."""
    made: list[nn.Module] = []
    for seen, kernel, stride, pad in ((3, 4, 2, 2), (channels, 5, 1, 2), (channels, 3, 1, 1)):
        conv = nn.Conv2d(seen, channels, kernel, stride, device=device)
        made += [nn.ZeroPad2d(pad), conv, nn.ReLU(), nn.MaxPool2d(3, 2)]
    return nn.Sequential(*made, nn.Flatten(), nn.Linear(channels, 10, device=device))


def test_a_fresh_fcn_deviates_as_the_papers_does() -> None:
    """ "Around 97 %" (Sec. 4.3), which is with the columns on padding.

    The energy of a layer of n draws strays from its mean by sqrt(4 / 5n): 1e-3 is far more.
    """
    fcn = initialise_(lift(build("vanilla_cnn", (3, 32, 32), 10, channels=8), (3, 32, 32)), seeded(0))
    theirs = initialise_(lift(authors(8), (3, 32, 32)), seeded(1))
    assert deviation(fcn) < 0.962
    assert abs(padded_deviation(start_as_padded_(fcn)) - deviation(theirs)) < 1e-3
    assert abs(deviation(theirs) - 0.97) < 0.01


def test_the_authors_vanilla_cnn_has_their_number_of_parameters() -> None:
    lifted = lift(authors(64, device="meta"), (3, 32, 32))
    assert sum(p.numel() for p in lifted.parameters()) == 110_606_602


def test_a_lifted_cnn_deviates_as_in_a_network_with_padding_layers() -> None:
    """The same CNN lifted both ways, then the same change of every weight that both have."""
    theirs = fill_(authors(4).double())
    ours = build("vanilla_cnn", (3, 32, 32), 10, channels=4).double()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    begun, padded = lift(ours, (3, 32, 32)), lift(theirs, (3, 32, 32))
    assert padded_deviation(begun, begun) == 0.0
    moved = deepcopy(begun)
    for layer, wide, pad in zip(convs(moved), convs(padded), (2, 2, 1), strict=True):
        change = torch.randn(layer.weight.shape, dtype=torch.float64, generator=seeded(2)) / 100
        layer.weight.data += change
        inputs = layer.geometry.inputs
        wide.weight.data += F.pad(change.view(-1, *inputs), (pad,) * 4).flatten(1)
    assert math.isclose(padded_deviation(moved, begun), deviation(padded), rel_tol=1e-12)
    assert padded_deviation(moved, begun) < deviation(moved)


def convs(lifted: nn.Module) -> list[LiftedConv]:
    return [layer for layer in lifted.modules() if isinstance(layer, LiftedConv)]


def test_a_padded_start_is_the_same_draw_on_the_scale_of_the_larger_fan_in() -> None:
    """(7, 6) with a border of (1, 2) is (9, 10): 90 columns a channel in the place of 42."""
    conv = nn.Conv2d(2, 4, 3, padding=(1, 2)).double()
    plain = initialise_(lift(nn.Sequential(conv), SHAPE), seeded(0))
    padded = start_as_padded_(deepcopy(plain))
    for name, parameter in padded.named_parameters():
        assert_close(parameter, plain.get_parameter(name) * math.sqrt(42 / 90))


def test_circular_padding_adds_no_column() -> None:
    conv = nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular").double()
    fcn = initialise_(lift(nn.Sequential(conv), SHAPE), seeded(0))
    assert padded_deviation(fcn) == deviation(fcn)
    assert_close(start_as_padded_(deepcopy(fcn))[0].weight, fcn[0].weight, rtol=0, atol=0)


def test_untied_is_the_distance_from_the_mean_over_positions() -> None:
    """One channel, kernel 1 x 1: the local weights are the diagonal, and tied they are all its mean."""
    lifted = lift(nn.Sequential(nn.Conv2d(1, 1, 1)).double(), (1, 2, 2))
    assert untied(lifted) == 0.0
    diagonal = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
    lifted[0].weight.data = torch.diag(diagonal) + 5 * (1 - torch.eye(4, dtype=torch.float64))
    assert math.isclose(untied(lifted), math.sqrt((4 + 1 + 0 + 9) / 50), rel_tol=1e-14)
    for to in ("fully_connected", "locally_connected"):
        assert untied(lift(fill_(network()), SHAPE, to)) < 1e-15


def test_root_mean_squares_of_local_and_off_local_weights() -> None:
    lifted = lift(nn.Sequential(nn.Conv2d(1, 1, 1)).double(), (1, 2, 2))
    lifted[0].weight.data = 3 * torch.eye(4, dtype=torch.float64) + 0.5 * (
        1 - torch.eye(4, dtype=torch.float64)
    )
    assert root_mean_squares(lifted) == (3.0, 0.5)
    assert math.isnan(root_mean_squares(lift(network(), SHAPE, "locally_connected"))[1])


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
    "measure",
    [
        deviation,
        padded_deviation,
        untied,
        root_mean_squares,
        local_masks,
        local_part,
        off_local_part,
        project,
    ],
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
