"""The diagram of critical points on a curve whose narrow minima are known (embedding, Fig. 4)."""

import math

import pytest
import torch
from torch.testing import assert_close

from anarch.critical.diagram import CriticalPoint, effective_width, embed, embeddings, find, neuron_sizes
from anarch.critical.networks import hidden_width, initial, loss, output
from anarch.critical.spectra import Inertia
from anarch.models.flat import Network
from anarch.randomness import generator


@pytest.fixture(scope="module")
def points(line):
    x, y = line
    found = []
    for width in (1, 2):
        network = Network((1, width, 1), output_bias=False)
        begin = initial(network, 12, 1.0, generator(0, "starts", width))
        found += find(network, begin, x, y, x, lr=0.1, steps=1500)
    return found


def test_the_minimum_of_each_width_is_found_once(points, line, minima):
    for network, theta in minima:
        value = loss(network, theta, *line).item()
        same = [p for p in points if p.network == network and abs(p.loss - value) < 1e-5]
        assert len(same) == 1 and same[0].inertia.negative == 0 and 1 <= same[0].found <= 12
        assert_close(same[0].outputs.square(), output(network, theta, line[0]).square())
    assert all(p.residual < 1e-12 for p in points)
    assert [p.loss for p in points[1:]] == sorted(p.loss for p in points[1:])


def test_no_two_points_of_a_width_share_loss_and_output(points):
    for a in range(len(points)):
        for b in range(a):
            if points[a].network == points[b].network:
                assert (points[a].outputs - points[b].outputs).abs().max() > 1e-5


def test_embeddings_keep_loss_and_criticality_and_gain_a_zero_a_neuron(points):
    rows = embeddings(points[:2], 3, *_line_of(points), all_ways=True)
    assert [r.copies for r in rows if r.width == 1] == [(3,)]
    assert sorted(r.copies for r in rows if r.origin == 1) == [(1, 2), (2, 1)]
    for row in rows:
        origin = points[row.origin]
        assert row.loss == pytest.approx(origin.loss, rel=1e-12) and row.residual < 1e-12
        assert row.inertia.zero == origin.inertia.zero + 3 - row.width
    assert [r.copies for r in embeddings(points[:2], 3, *_line_of(points))] == [(3,), (2, 1)]


def _line_of(points):
    x = torch.linspace(-2, 2, 24, dtype=torch.float64).unsqueeze(1)
    return x, torch.tanh(2 * x + 1) - 0.6 * torch.tanh(1.5 * x - 1) + 0.1 * torch.sin(4 * x)


def test_effective_width_sees_copies_mirror_images_idle_neurons_and_steps(line):
    x, _ = line
    w = torch.tensor([1.0, -1.0, 0.7, 0.5, 300.0])
    b = torch.tensor([0.2, -0.2, 0.1, 0.3, 30.0])
    a = torch.tensor([1.0, 0.4, 1e-9, -1.0, 1.0])
    network = Network((1, 5, 1), output_bias=False)
    theta = torch.cat([w, b, a]).double()
    assert effective_width(network, theta, x) == 2  # neurons 0 and 3
    assert effective_width(hidden_width(network, 2), torch.zeros(6).double(), x) == 0
    sigmoid = Network((1, 2, 1), "sigmoid", False)
    assert effective_width(sigmoid, torch.tensor([1.0, -1, 0.2, -0.2, 1, 1]).double(), x) == 2


def test_a_network_without_an_output_has_no_neuron_that_counts(line):
    """Each neuron is as large as the largest, and all of them are idle: its width is 0, not 3."""
    network = Network((1, 3, 1), output_bias=False)
    slopes, biases = [1.0, 0.7, 0.3], [0.2, -0.1, 0.4]
    theta = torch.tensor([*slopes, *biases, 1e-7, -2e-7, 3e-7]).double()
    assert effective_width(network, theta, line[0]) == 0
    largest = [
        max(abs(math.tanh(w * x + b)) for x in line[0][:, 0].tolist())
        for w, b in zip(slopes, biases, strict=True)
    ]
    assert_close(neuron_sizes(network, theta, line[0]), theta[6:].abs() * torch.tensor(largest).double())
    theta[6] = 1.0
    assert effective_width(network, theta, line[0]) == 1


def test_embedding_shares_output_weights_equally():
    network = Network((1, 2, 1), output_bias=False)
    wide, theta = embed(network, torch.tensor([1.0, 2, 3, 4, 6, 8]).double(), (3, 1))
    assert wide.widths == (1, 4, 1)
    assert_close(theta, torch.tensor([1.0, 2, 1, 1, 3, 4, 3, 3, 2, 8, 2, 2]).double())


def test_errors():
    network = Network((1, 2, 1), output_bias=False)
    theta = torch.ones(6, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"copies must be 2 numbers of 1 or more, got \(1,\)"):
        embed(network, theta, (1,))
    point = CriticalPoint(network, theta, 0.0, torch.zeros(1, 1), 0.0, 1, Inertia(0, 0, 6, 0.0, 1.0))
    with pytest.raises(ValueError, match="of width 2 does not fit into width 1"):
        embeddings([point], 1, torch.zeros(2, 1), torch.zeros(2, 1))
