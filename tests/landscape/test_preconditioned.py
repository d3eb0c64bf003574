"""Volumes along preconditioned directions, against ellipsoids whose volumes are known exactly."""

import math

import pytest
import torch
from torch import nn

from anarch.landscape.directions import number_of_units, unit_scales
from anarch.landscape.preconditioned import (
    PILOTS,
    Preconditioner,
    Stiffness,
    best_preconditioner,
    curvature_weights,
    log_quadratic_volume,
    preconditioned_radii,
    preconditioner,
    steps_to_weights,
    stiffness,
)
from anarch.landscape.volume import basin_volume, log10, log_unit_ball, log_volume


def draws(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def linear(n: int) -> tuple[nn.Module, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A neuron w at its optimum: the squared error is |X (v - w)|^2 / N, an ellipsoid below every cutoff."""
    model = nn.Linear(n, 1, bias=False, dtype=torch.float64)
    x = draws(3 * n, n) * torch.logspace(-2, 1, n, dtype=torch.float64)
    with torch.no_grad():
        model.weight.copy_(draws(1, n, seed=1))
        y = model(x)
    return model, x, y, x.T @ x / len(x)


def plain_score(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return outputs.sum()


def test_an_ellipsoid_is_measured_exactly_by_few_directions():
    """V = omega_n cutoff^(n/2) / sqrt(det A) in weights; a step of 1 in z is one length |w| of the neuron."""
    n, cutoff = 30, 1e-4
    model, x, y, quadratic = linear(n)
    length = model.weight.norm().item()
    exact = log_unit_ball(n) + n / 2 * math.log(cutoff) - torch.logdet(quadratic).item() / 2
    exact -= n * math.log(length)
    by = preconditioner(stiffness(model, x, y, score=plain_score), 1e-13)
    found = preconditioned_radii(model, x, y, cutoff, 5, by=by, loss="squared_error", tolerance=1e-9)
    assert found.dimension == n
    assert log_volume(found.radii[0], n) + by.log_det == pytest.approx(exact, abs=1e-4)
    one = Preconditioner(torch.ones(0, dtype=torch.float64), torch.empty(0, n, dtype=torch.float64))
    plain = preconditioned_radii(model, x, y, cutoff, 200, by=one, loss="squared_error")
    assert log_volume(plain.radii[0], n) < exact - 5


def test_the_plain_estimate_follows_the_trace_and_the_volume_the_determinant():
    """10,000 dimensions, a twentieth stiff by 10^8: the plain estimate is lower by 29,000 orders or more.

    log V - log omega_n = -1/2 log det H, and by r = (phi H phi)^(-1/2) with phi H phi near tr(H) / n.
    """
    n, stiff, curvature = 10_000, 500, 1e8
    phi = draws(1000, n).square()
    shares = phi[:, :stiff].sum(1) / phi.sum(1)
    radii = (curvature * shares + 1 - shares).rsqrt()
    exact = log10(log_unit_ball(n)) - stiff / 2 * 8
    assert log10(log_volume(radii, n)) < exact - 29_000
    assert log10(basin_volume(radii, n).log_median) < exact - 29_000
    factors = torch.full((stiff,), curvature**-0.5, dtype=torch.float64)
    by = Preconditioner(factors, torch.eye(stiff, n, dtype=torch.float64))
    u = draws(3, n)
    u = u / u.norm(dim=1, keepdim=True)
    moved = by(u)
    curved = torch.cat((moved[:, :stiff].square() * curvature, moved[:, stiff:].square()), 1).sum(1)
    assert log10(log_volume(curved.rsqrt(), n) + by.log_det) == pytest.approx(exact, abs=1e-6)


def test_stiffness_against_slopes_by_hand():
    """Of a network of one layer the slopes of the log-odds by z are sqrt(U) |w_u| times the input."""
    model = nn.Linear(3, 2, dtype=torch.float64)
    x, y = draws(4, 3), torch.tensor([0, 1, 1, 0])
    found = stiffness(model, x, y)
    sign = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]], dtype=torch.float64)
    lengths = math.sqrt(2) * model.weight.detach().norm(dim=1)
    slopes = (sign[:, :, None] * lengths[None, :, None] * x[:, None]).flatten(1)
    matrix = slopes.T @ slopes / 4
    torch.testing.assert_close(found.basis.T @ torch.diag(found.values) @ found.basis, matrix)
    torch.testing.assert_close(found.basis @ found.basis.T, torch.eye(len(found.values), dtype=torch.float64))


def test_curvature_is_that_of_the_cross_entropy_where_the_model_is_linear():
    model = nn.Linear(3, 2, bias=False, dtype=torch.float64)
    x, y = draws(6, 3), torch.tensor([0, 1, 1, 0, 1, 1])
    scale = steps_to_weights(model)["weight"]

    def loss(z: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(x @ (z.view(2, 3) * scale).T, y)

    hessian = torch.autograd.functional.hessian(loss, (model.weight.detach() / scale).flatten())
    found = stiffness(model, x, y, weights=curvature_weights(model, x, y))
    torch.testing.assert_close(found.basis.T @ torch.diag(found.values) @ found.basis, hessian)
    exact = log_unit_ball(6) - torch.logdet(torch.eye(6) + hessian / 0.2).item() / 2
    assert log_quadratic_volume(found, 6, 0.1) == pytest.approx(exact)


def test_a_preconditioner_and_its_determinant():
    values = torch.tensor([1.0, 4.0], dtype=torch.float64)
    by = preconditioner(Stiffness(values, torch.eye(2, 3, dtype=torch.float64)), 0.5)
    expected = torch.diag(torch.tensor([1.5**-0.5, 3**-0.5, 1.0], dtype=torch.float64))
    torch.testing.assert_close(by(torch.eye(3, dtype=torch.float64)), expected)
    assert by.log_det == pytest.approx(torch.logdet(expected).item())
    with pytest.raises(ValueError, match="ridge must be above 0, got 0"):
        preconditioner(Stiffness(values, torch.eye(2)), 0)


def test_volumes_stay_where_a_relu_network_is_rescaled():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 1)).double()
    x, y = draws(20, 2), torch.arange(20) % 2
    volumes = []
    for factor in (1.0, 7.0):
        with torch.no_grad():
            model[0].weight *= factor
            model[0].bias *= factor
            model[2].weight /= factor
        by = preconditioner(stiffness(model, x, y), 1e-3)
        found = preconditioned_radii(model, x, y, 2.0, 4, by=by)
        volumes.append((log_volume(found.radii[0], found.dimension) + by.log_det, number_of_units(model)))
    assert volumes[0][1] == volumes[1][1] == 7
    assert volumes[1][0] == pytest.approx(volumes[0][0], abs=1e-2)  # radii are known to a relative 1e-4


def test_the_best_preconditioner_is_no_worse_than_none():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)).double()
    x = draws(20, 2)
    y = (model(x)[:, 0] > 0).long()
    cutoff = nn.functional.binary_cross_entropy_with_logits(model(x)[:, 0], y.double()).item() + 0.1
    stiff = stiffness(model, x, y)
    best = best_preconditioner(model, x, y, cutoff, stiff)
    none = Preconditioner(torch.ones_like(stiff.values), stiff.basis)

    def log_median(by: Preconditioner) -> float:
        found = preconditioned_radii(model, x, y, cutoff, PILOTS, 1, by=by, tolerance=1e-2)
        return basin_volume(found.radii[0], found.dimension, largest=found.largest).log_median + by.log_det

    assert log_median(best) >= log_median(none)


def test_unit_scales_are_lengths_of_rows():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    scales = unit_scales(model)
    assert list(scales) == ["0.weight"]
    torch.testing.assert_close(scales["0.weight"], model[0].weight.detach().norm(dim=1)[:, None].expand(2, 3))
    assert number_of_units(model) == 2
