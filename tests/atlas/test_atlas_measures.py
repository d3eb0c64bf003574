"""A network's row in the atlas: each measure against the study's own function, or a closed form."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.atlas.measures import Effort, combined, first, landscape, weights
from anarch.complexity.norms import frobenius_norm, log10_path_norm
from anarch.landscape.basins import basin_radii
from anarch.landscape.gradient import gradient_norm
from anarch.landscape.hessian import top_hessian_eigenvalue
from anarch.landscape.noise import noise_tolerance
from anarch.lifting.locality import deviation
from anarch.lifting.walk import lift
from anarch.models import build, initialise_

SHAPE = (2, 9, 8)
EFFORT = Effort(
    images=0, points=6, directions=5, rise=0.3, hessian_tolerance=1e-4, radius_tolerance=1e-3
)  # fmt: skip


def cnn() -> nn.Sequential:
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3, stride=2, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3 * 2 * 2, 4),
    )  # fmt: skip
    network[1].running_var.uniform_(0.5, 2.0, generator=torch.Generator().manual_seed(7))
    return initialise_(network, torch.Generator().manual_seed(3)).eval()


@pytest.fixture(scope="module")
def data():
    draws = torch.Generator().manual_seed(5)
    return torch.randn(10, *SHAPE, generator=draws), torch.arange(10) % 4


@pytest.mark.parametrize("to", ["none", "fully_connected", "locally_connected"])
def test_the_landscape_is_what_the_studies_functions_find(data, to):
    x, y = data
    network = cnn() if to == "none" else lift(cnn(), SHAPE, to=to)
    row = landscape(network, x, y, EFFORT)
    points = x[:6], y[:6]
    assert row["gradient_norm"] == gradient_norm(network, x, y)
    assert row["hessian_converged"] and row["hessian_residual"] <= 1e-4
    assert row["hessian_top"] == pytest.approx(top_hessian_eigenvalue(network, *points, tol=1e-6), rel=1e-5)
    loss = F.cross_entropy(network(points[0]), points[1]).item()
    assert row["cutoff"] == pytest.approx(loss + 0.3, rel=1e-5)
    radii = basin_radii(network, *points, cutoff=loss + 0.3, directions=5, tolerance=1e-6)
    assert row["radius_median"] == pytest.approx(radii.median().item(), rel=2e-3)
    assert row["radius_mean"] == pytest.approx(radii.mean().item(), rel=2e-3)
    assert row["radius_censored"] == 0
    assert row["noise"] == noise_tolerance(network, *points, 0.3, 5, tolerance=1e-3)
    logits = network(x).double()
    others = logits.masked_fill(F.one_hot(y, 4).bool(), -torch.inf).amax(1)
    margins = (logits.gather(1, y[:, None])[:, 0] - others).sort().values
    assert row["margin"] == pytest.approx((margins[0] + 0.9 * (margins[1] - margins[0])).item(), rel=1e-5)


def test_pac_bayes_is_way_over_noise_and_a_path_is_held_against_its_margin():
    row = {"way": 3.0, "noise": 0.5, "log10_path2": 2.0, "margin": 10.0}
    assert combined(row) == {"pac_bayes": 6.0, "log10_path2_margin": 1.0}
    assert combined({**row, "margin": -1.0})["log10_path2_margin"] is None
    assert combined({**row, "log10_path2": None})["log10_path2_margin"] is None


def test_at_zero_loss_the_radius_is_that_of_blessings_basin(data):
    x, _ = data
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(144, 5), nn.ReLU(), nn.Linear(5, 4)).eval()
    y = network(x).argmax(1)
    with torch.no_grad():
        network[3].weight *= 100_000
        network[3].bias *= 100_000
    row = landscape(network, x, y, EFFORT)
    assert row["cutoff"] == pytest.approx(0.3, abs=1e-6)
    radii = basin_radii(network, x[:6], y[:6], cutoff=0.3, directions=5, tolerance=1e-6)
    assert row["radius_median"] == pytest.approx(radii.median().item(), rel=2e-3)


def test_a_direction_that_never_rises_counts_with_the_largest_radius(data):
    x, y = data
    network = nn.Sequential(nn.Flatten(), nn.Linear(144, 4)).eval()
    with torch.no_grad():
        network[1].weight.zero_()[0, 0] = 1e-9  # a filter-normalised direction moves nothing else
    row = landscape(network, x, y, EFFORT)
    assert row["radius_censored"] == 5 and row["radius_mean"] == row["radius_median"] == 10.0


@pytest.mark.parametrize("to", ["fully_connected", "locally_connected"])
def test_lifting_changes_no_path_norm_and_no_sparsity_but_the_zeros_it_makes(to):
    network, lifted = cnn(), lift(cnn(), SHAPE, to=to)
    one, other = weights(network, network, SHAPE), weights(lifted, lifted, SHAPE)
    for p in (1, 2):
        assert one[f"log10_path{p}"] == log10_path_norm(network, SHAPE, p)
        assert other[f"log10_path{p}"] == pytest.approx(one[f"log10_path{p}"], rel=1e-12)
    assert one["sparsity"] == 0 and (other["sparsity"] > 0.8) == (to == "fully_connected")
    assert one["deviation"] is None and other["deviation"] == 0
    assert other["parameters"] == sum(p.numel() for p in lifted.parameters()) > one["parameters"]


def test_deviation_and_frobenius_norm_of_a_network_that_left_the_subspace():
    lifted = lift(cnn(), SHAPE)
    with torch.no_grad():
        lifted[0].weight += 0.1
    row = weights(lifted, lift(cnn(), SHAPE), SHAPE)
    assert row["deviation"] == deviation(lifted) > 0
    assert row["frobenius"] == frobenius_norm(lifted)
    moved = 0.1 * lifted[0].weight.numel() ** 0.5
    assert row["distance"] == pytest.approx(moved / row["frobenius"], rel=1e-6)


def test_weights_count_their_zeros_and_biases_do_not():
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    with torch.no_grad():
        network[0].weight[:2] = 0
        network[2].bias.zero_()
    row = weights(network, nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), (4,))
    assert row["sparsity"] == pytest.approx(8 / 18)
    assert row["parameters"] == 15 + 8


def test_paths_of_products_of_pixels_have_no_weights_and_all_else_is_measured(data):
    x, y = data
    network = build("quadratic_features", SHAPE, 4)
    initialise_(network, torch.Generator().manual_seed(0)).eval()
    row = {**landscape(network, x, y, EFFORT), **weights(network, network, SHAPE)}
    assert row.pop("log10_path1") is row.pop("log10_path2") is row.pop("deviation") is None
    assert all(value is not None for value in row.values())


def test_a_network_whose_paths_cannot_be_told_is_no_empty_cell():
    network = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    with pytest.raises(ValueError, match="Tanh"):
        weights(network, network, (4,))


def test_first_takes_all_for_0():
    x, y = torch.arange(5), torch.arange(5)
    assert_close(first(x, y, 0), (x, y))
    assert_close(first(x, y, 2), (x[:2], y[:2]))


def test_measuring_leaves_a_network_as_it_was(data):
    network = lift(cnn(), SHAPE)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    landscape(network, *data, EFFORT)
    weights(network, network, SHAPE)
    assert not network.training and all(p.grad is None for p in network.parameters())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
