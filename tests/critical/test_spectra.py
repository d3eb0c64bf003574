"""Zeros told from nonzeros, and what a split adds to a spectrum, in closed form and at 50 digits."""

import math

import mpmath
import pytest
import torch
from torch.testing import assert_close

from anarch.critical.diagram import embed
from anarch.critical.networks import gradient, hessian, initial
from anarch.critical.precise import (
    precise_critical_point,
    precise_eigenvalues,
    precise_gradient_and_hessian,
    precise_split,
)
from anarch.critical.spectra import inertia, spectrum, splitting_block
from anarch.critical.splitting import split_neuron
from anarch.models.flat import Network, pack, unpack
from anarch.randomness import generator


def counts(values: list[float], **options: float) -> tuple[int, int, int]:
    found = inertia(torch.tensor(values, dtype=torch.float64), **options)
    return found.negative, found.zero, found.positive


def test_counts_and_margin_of_known_spectra():
    assert counts([-2.0, 1e-17, 3.0]) == (1, 1, 1)
    assert counts([1e-3, 1.0, 50.0]) == (0, 0, 3)
    assert counts([-1e-12, 3e-13, 1e-4, 1.0]) == (0, 2, 2)
    assert counts([0.0, 0.0]) == (0, 2, 0)
    assert counts([1e-9, 2e-9], scale=10.0) == (0, 2, 0)
    assert counts([-1e-3, 2.0], scale=10.0) == (1, 0, 1)
    found = inertia(torch.tensor([1e-12, 1e-4, 1.0], dtype=torch.float64))
    assert math.isclose(found.margin, 8) and math.isclose(found.threshold, 1e-8)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_criterion_knows_no_unit(scale):
    assert counts([-scale, 1e-15 * scale, 1e-4 * scale, scale]) == (1, 1, 2)


def test_errors_of_inertia():
    with pytest.raises(ValueError, match="eigenvalues must be finite"):
        inertia(torch.tensor([1.0, math.nan]))
    with pytest.raises(ValueError, match="P >= 1"):
        inertia(torch.zeros(0))


CASES = [
    (Network((1, 2, 1), output_bias=False), 0, 1, 0.5),
    (Network((3, 2, 2), "sigmoid"), 0, 0, 2.5),
    (Network((2, 3, 2, 3), "softplus"), 0, 2, -0.4),
    (Network((2, 3, 2, 3)), 1, 1, 0.3),
]


@pytest.mark.parametrize("network, layer, neuron, alpha", CASES, ids=str)
def test_the_wide_hessian_is_congruent_to_the_narrow_one_and_the_block(network, layer, neuron, alpha):
    """At any point, critical or not: the inertia is the sum, in the basis of the proof."""
    draws = generator(0, "block", *network.widths)
    theta = initial(network, 1, 1.0, draws)[0]
    x, y = (torch.randn(9, network.widths[end], generator=draws, dtype=torch.float64) for end in (0, -1))
    wide, split = pack(split_neuron(unpack(network, theta), layer, neuron, alpha))
    block = splitting_block(network, theta, x, y, layer=layer, neuron=neuron, alpha=alpha)
    narrow = hessian(network, theta, x, y)
    # T^alpha itself, then (1, -1) on the output weights and (alpha, alpha - 1) on the input weights.
    columns = [
        _image(network, layer, neuron, alpha, direction) for direction in torch.eye(len(theta)).double()
    ]
    rows, (below, above) = [], (network.widths[layer], network.widths[layer + 2])
    for k in range(above):
        rows.append(_difference(wide, layer, neuron, outgoing=k, share=1.0, back=-1.0))
    for k in range(below + 1):
        rows.append(_difference(wide, layer, neuron, incoming=k, share=alpha, back=alpha - 1))
    basis = torch.stack([*columns, *rows], 1)
    product = basis.T @ hessian(wide, split, x, y) @ basis
    n = len(theta)
    assert_close(product[:n, :n], narrow)
    assert_close(product[n:, n:], block)
    assert_close(product[:n, n:], torch.zeros_like(product[:n, n:]), rtol=0, atol=1e-12)


def _parts(network: Network, vector: torch.Tensor) -> list[torch.Tensor]:
    return [p.data for p in unpack(network, vector).parameters()]


def _image(network: Network, layer: int, neuron: int, alpha: float, direction: torch.Tensor) -> torch.Tensor:
    """T^alpha is linear in theta, so it maps directions as it maps points."""
    return pack(split_neuron(unpack(network, direction), layer, neuron, alpha))[1]


def _difference(
    wide: Network,
    layer: int,
    neuron: int,
    *,
    share: float,
    back: float,
    outgoing: int = -1,
    incoming: int = -1,
) -> torch.Tensor:
    parts = _parts(wide, torch.zeros(wide.parameters, dtype=torch.float64))
    if outgoing >= 0:
        target = parts[2 * layer + 2][outgoing]
    elif incoming < wide.widths[layer]:
        target = parts[2 * layer][:, incoming]
    else:
        target = parts[2 * layer + 1]
    target[neuron], target[-1] = share, back
    return torch.cat([p.flatten() for p in parts])


def test_at_nonzero_loss_and_one_output_each_split_adds_exactly_one_zero(line, minima):
    """Theorem 2 and Fig. 3(a): K splits, K zeros; and the index grows by that of alpha (1 - alpha) B."""
    for network, theta in minima:
        for more in (1, 2):
            wide, split = embed(network, theta, (1 + more, *[1] * (network.widths[1] - 1)))
            found = inertia(spectrum(hessian(wide, split, *line)))
            block = splitting_block(network, theta, *line, layer=0, neuron=0, alpha=0.5)
            curved = torch.linalg.eigvalsh(block[1:, 1:])
            assert block[0].abs().max() < 1e-14
            assert found.zero == more and found.margin > 3
            assert found.negative == more * int((curved < 0).sum())


def test_at_zero_loss_each_split_adds_a_whole_block_of_zeros_and_no_negative(line):
    x, _ = line
    network = Network((1, 2, 1), output_bias=False)
    theta = torch.tensor([1.5, -0.8, 0.4, 0.9, 1.0, 0.7], dtype=torch.float64)
    y = unpack(network, theta)(x).detach()
    for more in (0, 1, 2):
        found = inertia(spectrum(hessian(*embed(network, theta, (1 + more, 1)), x, y)))
        assert (found.negative, found.zero) == (0, 3 * more)


def test_formulas_at_high_precision_agree_with_autograd(line):
    for bias in (False, True):
        network = Network((1, 2, 1), output_bias=bias)
        theta = initial(network, 1, 1.0, generator(4, "precise"))[0]
        slope, curvature = precise_gradient_and_hessian(
            network, [mpmath.mpf(v) for v in theta.tolist()], *line
        )
        assert_close(torch.tensor([float(v) for v in slope]).double(), gradient(network, theta, *line))
        dense = torch.tensor([[float(v) for v in row] for row in curvature.tolist()]).double()
        assert_close(dense, hessian(network, theta, *line))


def test_zeros_of_the_split_minimum_are_zeros_at_fifty_digits(line, minima):
    network, theta = minima[0]
    point = precise_critical_point(network, theta, *line, digits=50)
    wide, split = precise_split(network, point, 0, 0.3)
    values = precise_eigenvalues(wide, split, *line, digits=50)
    tiny = [value for value in values if abs(value) < mpmath.mpf(10) ** -35]
    assert len(tiny) == 1 and min(abs(v) for v in values if v not in tiny) > 1e-6
    rough = spectrum(hessian(*embed(network, theta, (2,)), *line))
    assert inertia(rough).zero == 1
    assert sum(v < 0 for v in values if v not in tiny) == inertia(rough).negative


def test_errors_of_the_precise_case(line, minima):
    network, theta = minima[0]
    with pytest.raises(ValueError, match="only two-layer tanh networks with one input and one output"):
        precise_gradient_and_hessian(Network((2, 1, 1)), [], *line)
    with pytest.raises(ValueError, match=r"neuron must be 0..0, got 1"):
        precise_split(network, [mpmath.mpf(v) for v in theta.tolist()], 1, 0.5)
    with pytest.raises(ValueError, match=r"Newton's method stopped at"):
        precise_critical_point(network, theta + 1e-3, *line, iterations=1)


def test_errors_of_the_block(line):
    network = Network((1, 2, 1))
    theta = torch.zeros(network.parameters, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"layer must be 0..0, a hidden one, got 1"):
        splitting_block(network, theta, *line, layer=1, neuron=0, alpha=0.5)
    with pytest.raises(ValueError, match=r"neuron must be 0..1 in layer 0, got 2"):
        splitting_block(network, theta, *line, layer=0, neuron=2, alpha=0.5)
