"""Stagnations of curves with known flat parts, and gaps between known functions."""

import math

import pytest
import torch

from anarch.critical.stagnation import gap, stagnations


def test_stagnations_of_a_known_curve():
    """Flat at 1 to step 1,000, a power law down to step 10,000, and flat again."""
    steps = list(range(100, 100_001, 100))
    losses = [max(min(1.0, (t / 1000) ** -2), 1e-2) for t in steps]
    first, second = stagnations(steps, losses)
    assert (first.first, first.last, first.loss) == (100, 1000, 1.0)
    assert (second.first, second.last) == (10_000, 100_000) and second.loss == pytest.approx(1e-2)
    assert stagnations(steps[9:100], losses[9:100]) == []
    assert stagnations([], []) == []


def test_a_gap_is_measured_in_loss_and_in_outputs():
    y = torch.zeros(2, 1, dtype=torch.float64)
    wide, narrow = torch.tensor([[2.0], [2.0]]).double(), torch.tensor([[1.0], [-1.0]]).double()
    found = gap(wide, narrow, y)
    assert (found.loss, found.relative) == (3.0, 3.0) and found.outputs == pytest.approx(math.sqrt(5))
    assert gap(narrow, narrow, y).outputs == 0 and gap(wide, y, y).relative == math.inf


def test_errors():
    with pytest.raises(ValueError, match="of one length, and losses above 0"):
        stagnations([1, 2], [1.0])
    with pytest.raises(ValueError, match="of one length, and losses above 0"):
        stagnations([1], [0.0])
    with pytest.raises(ValueError, match="outputs and targets of one shape"):
        gap(torch.zeros(2, 1), torch.zeros(2, 1), torch.zeros(2))
