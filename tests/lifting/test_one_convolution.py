"""Phi of single convolutions of every kind, against matrices found by applying them to unit vectors."""

from copy import deepcopy

import pytest
import torch
from dense_reference import convolutions, dense_matrix, fill_, phi_matrix, seeded
from hypothesis import given, settings
from torch import Tensor, nn
from torch.testing import assert_close

from anarch.lifting.locality import deviation, local_masks
from anarch.lifting.subspace import project
from anarch.lifting.walk import lift

MODES = ("zeros", "zeros", "circular", "reflect", "replicate")
SPACES = ("fully_connected", "locally_connected")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch copies; nothing is wrong
Case = tuple[nn.Conv2d, tuple[int, int, int]]

many = settings(max_examples=60, deadline=None, derandomize=True)
few = settings(max_examples=25, deadline=None, derandomize=True)


def images(inputs: tuple[int, int, int]) -> Tensor:
    return torch.randn(3, *inputs, dtype=torch.float64, generator=seeded(7))


@pytest.mark.parametrize("to", SPACES)
@many
@given(convolutions(MODES))
def test_outputs_are_equal(to: str, case: Case) -> None:
    """f(theta) = f(Phi(theta)), needle Sec. 3."""
    conv, inputs = case
    x = images(inputs)
    lifted = lift(conv, inputs, to)
    assert_close(lifted(x), conv(x), rtol=0, atol=1e-12)
    assert_close(lifted(x.flatten(1)), conv(x), rtol=0, atol=1e-12)


@many
@given(convolutions(MODES))
def test_the_weight_is_the_matrix_of_the_convolution(case: Case) -> None:
    conv, inputs = case
    lifted = lift(conv, inputs)
    assert_close(lifted.weight.data, dense_matrix(conv, inputs), rtol=0, atol=1e-14)
    assert (lifted.bias is None) == (conv.bias is None)
    assert lifted.fan_in == inputs[0] * inputs[1] * inputs[2]


@many
@given(convolutions(MODES))
def test_local_are_the_weights_that_a_kernel_can_reach(case: Case) -> None:
    conv, inputs = case
    mask = local_masks(lift(conv, inputs))["weight"]
    nn.init.ones_(conv.weight)
    assert torch.equal(mask, dense_matrix(conv, inputs) > 0)


@many
@given(convolutions())
def test_the_locally_connected_layer_has_a_weight_for_each_local_one_and_no_other(case: Case) -> None:
    conv, inputs = case
    local, full = lift(conv, inputs, "locally_connected"), lift(conv, inputs)
    assert local.weight.numel() == int(local_masks(full)["weight"].sum())
    assert local_masks(local)["weight"].all() and local_masks(local)["weight"].shape == local.weight.shape
    assert local.fan_in == conv.weight[0].numel()


@few
@given(convolutions(MODES))
def test_the_gradient_of_tied_weights_sums_to_the_kernels(case: Case) -> None:
    """grad_CNN = Phi^T grad_eFCN."""
    conv, inputs = case
    lifted, x = lift(conv, inputs), images(inputs)
    for layer in (conv, lifted):
        layer(x).pow(3).sum().backward()
    tied = (phi_matrix(conv, inputs).T @ lifted.weight.grad.flatten()).view_as(conv.weight)
    assert_close(tied, conv.weight.grad, rtol=1e-12, atol=1e-10)
    if conv.bias is not None:
        assert_close(lifted.bias.grad.view(len(conv.bias), -1).sum(1), conv.bias.grad, rtol=1e-12, atol=1e-10)


@few
@given(convolutions(MODES))
def test_the_locally_connected_gradient_along_each_tied_direction_is_the_kernels(case: Case) -> None:
    """<grad_eLCN, Phi(e)> = <grad_CNN, e> for every unit kernel e."""
    conv, inputs = case
    lifted, x = lift(conv, inputs, "locally_connected"), images(inputs)
    for layer in (conv, lifted):
        layer(x).pow(3).sum().backward()
    unit = deepcopy(conv)
    for entry, expected in enumerate(conv.weight.grad.flatten()):
        nn.init.zeros_(unit.weight).data.view(-1)[entry] = 1.0
        along = (lift(unit, inputs, "locally_connected").weight * lifted.weight.grad).sum()
        assert_close(along, expected, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("to", SPACES)
@few
@given(convolutions(MODES))
def test_phi_is_linear(to: str, case: Case) -> None:
    first, inputs = case
    second, mixed = fill_(deepcopy(first), 100), deepcopy(first)
    with torch.no_grad():
        for a, b, c in zip(first.parameters(), second.parameters(), mixed.parameters(), strict=True):
            c.copy_(2 * a - 3 * b)
    parts = [list(lift(conv, inputs, to).parameters()) for conv in (first, second, mixed)]
    for a, b, c in zip(*parts, strict=True):
        assert_close(2 * a - 3 * b, c, rtol=0, atol=1e-13)


@few
@given(convolutions(MODES))
def test_projection_is_phi_times_its_pseudo_inverse(case: Case) -> None:
    conv, inputs = case
    lifted = fill_(lift(conv, inputs), 5)
    phi = phi_matrix(conv, inputs)
    expected = phi @ torch.linalg.lstsq(phi, lifted.weight.data.flatten(), driver="gelsd").solution
    assert_close(project(lifted).weight.data.flatten(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("to", SPACES)
@few
@given(convolutions(MODES))
def test_projection_is_idempotent_orthogonal_and_keeps_the_subspace(to: str, case: Case) -> None:
    conv, inputs = case
    tied = lift(conv, inputs, to)
    point = fill_(deepcopy(tied), 5)
    nearest = project(point)
    for a, b in zip(project(tied).parameters(), tied.parameters(), strict=True):
        assert_close(a, b, rtol=0, atol=1e-13)
    for a, b in zip(project(nearest).parameters(), nearest.parameters(), strict=True):
        assert_close(a, b, rtol=0, atol=1e-13)
    for start, end, direction in zip(
        point.parameters(), nearest.parameters(), tied.parameters(), strict=True
    ):
        assert abs(((start - end) * direction).sum().item()) < 1e-11


@pytest.mark.parametrize("to", SPACES)
@few
@given(convolutions(MODES))
def test_a_lift_has_no_deviation_at_all(to: str, case: Case) -> None:
    conv, inputs = case
    assert deviation(lift(conv, inputs, to)) == 0.0


@pytest.mark.parametrize("to", SPACES)
def test_second_derivatives_exist_and_agree_along_tied_directions(to: str) -> None:
    """<Phi u, H_lifted Phi u> = <u, H_CNN u>: what Hessian-vector products at a lifted point rest on."""
    conv, inputs = nn.Conv2d(2, 4, (3, 2), (2, 1), (1, 2), groups=2, dtype=torch.float64), (2, 7, 6)
    x, direction = images(inputs), fill_(deepcopy(conv), 9)
    curvatures = []
    for layer, along in ((fill_(conv), direction), (lift(conv, inputs, to), lift(direction, inputs, to))):
        parameters, vectors = list(layer.parameters()), list(along.parameters())
        slopes = torch.autograd.grad(layer(x).sin().sum(), parameters, create_graph=True)
        slope = sum((s * v.detach()).sum() for s, v in zip(slopes, vectors, strict=True))
        products = torch.autograd.grad(slope, parameters)
        curvatures.append(sum((p * v.detach()).sum() for p, v in zip(products, vectors, strict=True)))
    assert_close(curvatures[1], curvatures[0], rtol=1e-12, atol=1e-12)
