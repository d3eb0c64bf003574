"""Theorem 2 of scratch at numbers that can be worked out by hand, and its proof's pieces."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from anarch.complexity.description_length import WeightCounts, description_length_bound, weight_counts


def test_the_theorem_by_hand() -> None:
    """k 4, n 1024, b 16, ||w||_0 100: 64 + (100 * 12 + 20) + log2(2048 / 2^-5) = 16 bits; m = 650."""
    assert description_length_bound(100, 4, 1024, 650, bits=16, delta=2**-5) == math.sqrt(1300 / 1300)


def test_defaults_are_32_bits_and_5_percent() -> None:
    given = description_length_bound(10, 3, 50, 1000)
    assert given == description_length_bound(10, 3, 50, 1000, bits=32, delta=0.05)
    bits = 3 * 32 + 10 * math.log2(150) + 2 * math.log2(50) + math.log2(100 / 0.05)
    assert given == pytest.approx(math.sqrt(bits / 2000), rel=1e-14)


def test_four_times_the_examples_halve_it() -> None:
    assert description_length_bound(9, 5, 90, 400) == 2 * description_length_bound(9, 5, 90, 1600)


def test_few_weights_of_a_large_network_cost_their_number_times_a_logarithm() -> None:
    """Squares are lengths: doubling n adds ||w||_0 bits for the indices and 3 more."""
    small, large = (2 * description_length_bound(1000, 8, n, 1) ** 2 for n in (2**20, 2**21))
    assert large - small == pytest.approx(1000 + 3, rel=1e-9)


def test_sharing_values_without_structure_saves_their_bits_only() -> None:
    free, shared = (2 * description_length_bound(4096, k, 2**16, 1) ** 2 for k in (4096, 1024))
    assert free - shared == pytest.approx(32 * (4096 - 1024) + 4096 * 2, rel=1e-9)


def test_counts_are_over_all_parameters_and_zero_has_one_sign() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[0.0, -0.0, 2.0], [2.0, 3.0, 1e-42]]))
        network[0].bias.zero_()
    assert weight_counts(network) == WeightCounts(nonzero=6, distinct=5, parameters=12)


def test_tied_weights_are_few_values() -> None:
    from anarch.lifting.walk import lift

    conv = nn.Conv2d(1, 2, 3, bias=False)
    conv.weight.data.copy_(torch.arange(1.0, 19.0).view(2, 1, 3, 3))
    counts = weight_counts(lift(conv, (1, 5, 4)))
    assert counts == WeightCounts(nonzero=18 * 3 * 2, distinct=19, parameters=2 * 6 * 20)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"distinct": 0}, "distinct must be in 1..parameters and nonzero in 0..parameters, got 0, 5 and 20"),
        ({"distinct": 21}, "distinct must be in 1..parameters"),
        ({"nonzero": 21}, "got 3, 21 and 20 parameters"),
        ({"samples": 0}, r"samples and bits must be 1 or more and delta in \(0, 1\), got 0, 32 and 0.05"),
        ({"bits": 0}, "got 10, 0 and 0.05"),
        ({"delta": 1.0}, "got 10, 32 and 1.0"),
    ],
)
def test_impossible_numbers_are_refused(change: dict[str, Any], message: str) -> None:
    good = {"nonzero": 5, "distinct": 3, "parameters": 20, "samples": 10}
    with pytest.raises(ValueError, match=message):
        description_length_bound(**{**good, **change})


def test_nothing_to_describe_is_refused() -> None:
    with pytest.raises(ValueError, match="this ReLU has no parameters to describe"):
        weight_counts(nn.ReLU())
