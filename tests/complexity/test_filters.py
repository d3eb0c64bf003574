"""Locality of filters in closed form, and its control against all orders and plain shuffling."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from anarch.complexity.filters import (
    choose_filters,
    filter_radii,
    first_layer_filters,
    locality,
    shuffled_radii,
)
from anarch.lifting.walk import lift


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def taps(*places: tuple[int, int, float], shape: tuple[int, int] = (16, 16)) -> Tensor:
    """One filter (1, 1, H, W) with a weight at each of the (row, column, weight) ``places``."""
    one = torch.zeros(1, 1, *shape)
    for row, column, weight in places:
        one[0, 0, row, column] = weight
    return one


def test_one_tap_has_no_spread_wherever_it_is() -> None:
    filters = torch.cat([taps((0, 0, 1.0)), taps((15, 15, -1e-12)), taps((7, 3, 1e9))])
    assert filter_radii(filters).tolist() == [0.0, 0.0, 0.0]
    assert shuffled_radii(filters).tolist() == [0.0, 0.0, 0.0]
    assert locality(filters).isnan().all()


@pytest.mark.parametrize("shape, radius", [((16, 16), math.sqrt(42.5)), ((5, 3), math.sqrt(32 / 12))])
def test_a_uniform_filter_spreads_over_the_image_in_any_order(shape: tuple[int, int], radius: float) -> None:
    filters = torch.full((2, 3, *shape), -0.7)
    for found in (filter_radii(filters), shuffled_radii(filters)):
        assert_close(found, torch.full((2,), radius, dtype=torch.float64), rtol=1e-12, atol=0)


def test_two_taps_by_hand() -> None:
    """3-4-5 apart: half of 5 for equal weights; shares 4/5 and 1/5 give 5 sqrt(4/25) = 2."""
    filters = torch.cat([taps((2, 3, 1.0), (5, 7, -1.0)), taps((2, 3, 2.0), (5, 7, 1.0))])
    assert_close(filter_radii(filters), torch.tensor([2.5, 2.0], dtype=torch.float64))


def test_sign_scale_and_place_do_not_matter_and_opposite_borders_are_far() -> None:
    draws = seeded()
    patch = torch.randn(4, 2, 3, 5, generator=draws, dtype=torch.float64)
    first, second = torch.zeros(2, 4, 2, 9, 12, dtype=torch.float64)
    first[:, :, :3, :5], second[:, :, 5:8, 4:9] = patch, -3 * patch
    assert_close(filter_radii(first), filter_radii(second))
    assert_close(locality(first), locality(second))
    assert filter_radii(taps((0, 4, 1.0), (15, 4, 1.0))).item() == 7.5


def test_channels_add_up() -> None:
    both = torch.cat([taps((2, 3, 1.0)), taps((5, 7, 1.0))], dim=1)
    assert_close(filter_radii(both), filter_radii(taps((2, 3, 1.0), (5, 7, 1.0))))


def test_the_control_is_the_mean_square_over_all_orders() -> None:
    values = torch.tensor([3.0, -2.0, 1.0, 0.5, 0.0, 0.0], dtype=torch.float64)
    orders = torch.stack([values[list(order)] for order in itertools.permutations(range(6))])
    mean_square = filter_radii(orders.view(-1, 1, 2, 3)).square().mean()
    assert_close(shuffled_radii(values.view(1, 1, 2, 3))[0], mean_square.sqrt(), rtol=1e-12, atol=0)


def test_a_local_filter_is_below_its_control_and_a_scattered_one_is_near() -> None:
    local, scattered = torch.zeros(2, 1, 1, 16, 16)
    local[..., 4:9, 5:10] = 1.0
    scattered[..., 1::3, 2::3] = 1.0  # 25 pixels, 3 apart: as many as the local one
    assert locality(local).item() == pytest.approx(2 / math.sqrt(42.5 * (1 - 1 / 25) * 256 / 255))
    assert locality(scattered).item() == pytest.approx(6 / math.sqrt(42.5 * (1 - 1 / 25) * 256 / 255))


def test_a_filter_of_zeros_has_no_radius_and_does_not_harm_the_others() -> None:
    found = filter_radii(torch.cat([torch.zeros(1, 1, 16, 16), taps((1, 1, 1.0))]))
    assert found[0].isnan() and found[1] == 0


@pytest.mark.parametrize("to", [None, "locally_connected", "fully_connected"])
@pytest.mark.parametrize("bias", [True, False])
def test_filters_are_the_rows_of_the_layers_matrix(to: str | None, bias: bool) -> None:
    conv, shape = nn.Conv2d(2, 3, 3, 2, 1, bias=bias), (2, 6, 5)
    layer = lift(conv, shape, to) if to else conv
    filters = first_layer_filters(layer, shape)
    dense = lift(conv, shape).weight.detach().view(-1, *shape)
    assert_close(filters, dense, rtol=0, atol=1e-7)
    assert torch.equal(filters == 0, dense == 0)
    assert not filters.requires_grad


def test_filters_of_a_linear_layer_are_its_rows() -> None:
    layer = nn.Linear(30, 4)
    assert_close(first_layer_filters(layer, (2, 3, 5)), layer.weight.detach().view(4, 2, 3, 5))


def test_filters_are_chosen_at_random_among_those_with_enough_weights() -> None:
    filters = torch.zeros(50, 1, 6, 6)
    for row in range(50):
        filters[row].view(-1)[: row % 36] = 1.0
    qualified = {row for row in range(50) if row % 36 >= 20}
    chosen = choose_filters(filters, 8, seeded())
    assert len(set(chosen.tolist())) == 8 and set(chosen.tolist()) <= qualified
    assert torch.equal(chosen, choose_filters(filters, 8, seeded()))
    assert set(choose_filters(filters, 99, seeded()).tolist()) == qualified
    assert set(choose_filters(filters, 99, seeded(), least=35).tolist()) == {35}


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"filters must be \(F, C, H, W\), got \(3, 4\)"):
        filter_radii(torch.ones(3, 4))


@pytest.mark.parametrize(
    "filters, message",
    [
        (
            np.zeros((2, 1, 3, 3)),
            "filters must be a torch.Tensor, got numpy.ndarray; torch.as_tensor makes one",
        ),
        (torch.zeros(2, 3, 3), "filters must be (F, C, H, W), got (2, 3, 3)"),
        (torch.full((2, 1, 3, 3), torch.nan), "filters must be finite: 2 of 2 rows are not, first row 0"),
    ],
)
@pytest.mark.parametrize("measure", [filter_radii, shuffled_radii, locality])
def test_what_are_no_filters_is_told_in_one_line(measure, filters, message):
    with pytest.raises(ValueError) as caught:
        measure(filters)
    assert str(caught.value) == message


def test_an_input_that_the_layer_cannot_take_is_told_in_one_line():
    with pytest.raises(
        ValueError, match=r"Linear cannot take inputs of shape \(1, 2, 2\): mat1 and mat2"
    ) as caught:
        first_layer_filters(nn.Linear(5, 2), (1, 2, 2))
    assert "\n" not in str(caught.value)
