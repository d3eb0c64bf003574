"""Networks over a flat vector against nn.Sequential and autograd."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.critical.networks import (
    error_vectors,
    features,
    gradient,
    hessian,
    hidden_width,
    initial,
    loss,
    output,
    slope_and_bend,
)
from anarch.models.flat import Network, pack, unpack
from anarch.randomness import generator

CASES = [
    Network((1, 3, 1), "tanh", False),
    Network((3, 2, 2), "sigmoid"),
    Network((2, 4, 3, 1), "softplus", False),
    Network((2, 3, 2, 4, 2), "relu"),
]


def problem(network: Network, samples: int = 7):
    draws = generator(0, "problem", *network.widths)
    x, y = (
        torch.randn(samples, network.widths[end], generator=draws, dtype=torch.float64) for end in (0, -1)
    )
    return initial(network, 5, 1.0, draws), x, y


@pytest.mark.parametrize("network", CASES, ids=str)
def test_a_batch_of_vectors_is_as_many_modules(network):
    theta, x, y = problem(network)
    values = output(network, theta, x)
    assert values.shape == (5, 7, network.widths[-1])
    for row, vector in enumerate(theta):
        model = unpack(network, vector)
        assert_close(values[row], model(x))
        assert_close(loss(network, vector, x, y), F.mse_loss(model(x), y) * network.widths[-1])
        assert_close(torch.cat([p.flatten() for p in model.parameters()]), vector, rtol=0, atol=0)


@pytest.mark.parametrize("network", CASES, ids=str)
def test_gradient_and_hessian_are_autograds(network):
    theta, x, y = problem(network)
    slopes, curvature = gradient(network, theta, x, y), hessian(network, theta, x, y)
    for row, vector in enumerate(theta):
        assert_close(slopes[row], torch.func.grad(lambda t: loss(network, t, x, y))(vector))
        assert_close(curvature[row], torch.func.hessian(lambda t: loss(network, t, x, y))(vector))
    assert torch.equal(curvature, curvature.mT)
    assert_close(hessian(network, theta[0], x, y), curvature[0])


def test_error_vectors_and_features_make_the_gradient_of_every_weight():
    network = CASES[2]
    theta, x, y = problem(network)
    below, errors = features(network, theta[0], x), error_vectors(network, theta[0], x, y)
    model = unpack(network, theta[0])
    slopes = torch.autograd.grad((model(x) - y).square().sum(-1).mean(), [m.weight for m in list(model)[::2]])
    for slope, f, z in zip(slopes, below, errors, strict=False):
        assert_close(z.T @ f, slope)
    assert_close(below[-1], model(x))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus"])
def test_second_derivative_of_the_activation(activation):
    network = Network((2, 3, 1), activation)
    theta, x, _ = problem(network)
    model = unpack(network, theta[0])
    u = model[0](x).detach().requires_grad_()
    (first,) = torch.autograd.grad(model[1](u).sum(), u, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), u)
    for mine, theirs in zip(slope_and_bend(network, theta[0], x, 0), (first, second), strict=True):
        assert_close(mine, theirs.detach())


@pytest.mark.parametrize("network", CASES, ids=str)
def test_pack_undoes_unpack(network):
    theta, *_ = problem(network)
    found, vector = pack(unpack(network, theta[2]))
    assert found == network
    assert_close(vector, theta[2], rtol=0, atol=0)


def test_number_of_parameters_is_the_papers_m():
    assert Network((4, 2, 3)).parameters == (4 + 1) * 2 + (2 + 1) * 3
    assert Network((1, 500, 1), output_bias=False).parameters == 1500
    assert hidden_width(Network((4, 2, 3), "relu"), 7) == Network((4, 7, 3), "relu")


def test_starts_have_the_variance_asked_for_and_come_from_the_generator():
    network = Network((3, 20, 2))
    starts = initial(network, 500, 0.04, generator(3, "weights"))
    assert torch.equal(starts, initial(network, 500, 0.04, generator(3, "weights")))
    assert abs(starts.var().item() / 0.04 - 1) < 0.05 and starts.dtype == torch.float64


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Network((3,)), r"widths must be inputs, hidden… and outputs, .* got \(3,\)"),
        (lambda: Network((3, 0, 1)), "each 1 or more; got"),
        (lambda: Network((1, 1, 1), "sine"), "unknown activation 'sine'; allowed: tanh, relu"),
        (lambda: output(CASES[0], torch.zeros(8), torch.zeros(2, 1)), "theta must have 9 entries"),
        (lambda: initial(CASES[0], 3, 0.0, generator(0)), "variance must be above 0"),
        (lambda: pack(nn.Sequential(nn.Linear(2, 2), nn.GELU(), nn.Linear(2, 1))), "cannot pack"),
        (lambda: pack(nn.Sequential(nn.Linear(2, 2), nn.Tanh())), "cannot pack"),
        (lambda: pack(nn.Sequential(nn.Linear(2, 2, bias=False), nn.Tanh(), nn.Linear(2, 1))), "cannot pack"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
