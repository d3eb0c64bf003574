"""Descent against plain loops and torch's optimisers; the polish against critical points known beforehand."""

import pytest
import torch
from torch.testing import assert_close

from anarch.critical.diagram import embed
from anarch.critical.networks import gradient, hessian, initial, loss
from anarch.critical.search import descend, polish
from anarch.critical.spectra import inertia, spectrum
from anarch.models.flat import Network, unpack
from anarch.randomness import generator


def starts(network: Network, count: int = 4) -> torch.Tensor:
    return initial(network, count, 0.5, generator(1, "starts"))


@pytest.mark.parametrize("adam", [False, True])
def test_each_path_is_that_of_torchs_optimiser(line, adam):
    x, y = line
    network = Network((1, 3, 1))
    theta = starts(network, 2)
    path = descend(network, theta, x, y, lr=0.02, steps=25, adam=adam, record_every=10)
    assert path.steps.tolist() == [0, 10, 20, 25] and path.losses.shape == (4, 2)
    for row in range(2):
        model = unpack(network, theta[row])
        kind = torch.optim.Adam if adam else torch.optim.SGD
        optimiser = kind(model.parameters(), lr=0.02)
        for _ in range(25):
            optimiser.zero_grad()
            (model(x) - y).square().mean().backward()
            optimiser.step()
        assert_close(path.theta[row], torch.cat([p.detach().flatten() for p in model.parameters()]))


def test_the_slowest_point_is_that_of_smallest_l1_norm_after_the_burn_in(line):
    network = Network((1, 2, 1))
    points = [starts(network)]
    for _ in range(30):
        points.append(points[-1] - 0.05 * gradient(network, points[-1], *line))
    sizes = torch.stack([gradient(network, p, *line).abs().sum(-1) for p in points])
    path = descend(network, points[0], *line, lr=0.05, steps=30, burn_in=7)
    smallest, where = sizes[7:].min(0)
    assert_close(path.slowest_norm, smallest)
    assert path.slowest_step.tolist() == (where + 7).tolist()
    for row, step in enumerate(path.slowest_step.tolist()):
        assert_close(path.slowest[row], points[step][row])
    assert_close(path.losses[-1], loss(network, points[-1], *line))


def test_minima_reach_machine_precision(line, minima):
    """The paper's empirical critical point of Fig. 3(a) has |g|_1 = 7.15e-15."""
    for network, theta in minima:
        found = polish(network, theta[None], *line)
        assert found.converged.all() and found.residual.item() < 7e-15
        counts = inertia(spectrum(hessian(network, theta, *line)))
        assert (counts.negative, counts.zero) == (0, 0)


def test_a_saddle_stays_the_saddle_that_it_is(line, minima):
    """The width-1 minimum, split, is a degenerate saddle: pushed off it, the polish returns, not descends."""
    network, theta = embed(*minima[0], (2,))
    before = inertia(spectrum(hessian(network, theta, *line)))
    assert before.negative == 1 and before.zero == 1
    push = 1e-3 * torch.randn(5, len(theta), generator=generator(2, "push"), dtype=torch.float64)
    found = polish(network, theta + push, *line)
    assert found.converged.all() and (found.residual < 1e-12).all()
    assert_close(loss(network, found.theta, *line), loss(network, theta, *line).expand(5), rtol=0, atol=1e-10)
    for point in found.theta:
        after = inertia(spectrum(hessian(network, point, *line)))
        assert (after.negative, after.zero) == (1, 1)
    down = torch.linalg.eigh(hessian(network, theta, *line)).eigenvectors[:, 0]
    assert loss(network, theta + 0.1 * down, *line) < loss(network, theta, *line)


def test_one_polish_of_many_points_is_many_polishes_of_one(line):
    network = Network((1, 2, 1), "sigmoid")
    theta = starts(network, 3)
    together = polish(network, theta, *line, max_iterations=6)
    for row in range(3):
        alone = polish(network, theta[row : row + 1], *line, max_iterations=6)
        assert_close(alone.theta[0], together.theta[row], rtol=1e-6, atol=1e-8)
    assert (together.residual <= gradient(network, theta, *line).norm(dim=-1) * network.parameters**0.5).all()


def test_a_critical_point_is_left_where_it_is(line):
    network = Network((1, 2, 1), output_bias=False)
    found = polish(network, torch.zeros(1, 6, dtype=torch.float64), *line)
    assert found.converged.item() and found.theta.abs().max() == 0 and found.residual.item() == 0


@pytest.mark.parametrize(
    "options, message",
    [
        ({"lr": 0.0, "steps": 5}, "lr > 0, steps >= 1"),
        ({"lr": 0.1, "steps": 0}, "lr > 0, steps >= 1"),
        ({"lr": 0.1, "steps": 5, "burn_in": 6}, "burn_in <= steps"),
        ({"lr": 1e12, "steps": 60}, r"not finite after 60 steps: lower lr"),
    ],
)
def test_errors_of_descend(line, options, message):
    network = Network((1, 2, 1), "relu")
    with pytest.raises(ValueError, match=message):
        descend(network, starts(network), *line, **options)


def test_errors_of_polish(line):
    network = Network((1, 2, 1))
    with pytest.raises(ValueError, match=r"must be positive, got 0\.0, 100, 0\.5"):
        polish(network, starts(network), *line, tol=0.0)
