"""Gaps between known functions."""

import math

import pytest
import torch

from anarch.critical.stagnation import gap, share_apart


def test_a_gap_is_measured_in_loss_and_in_outputs():
    y = torch.zeros(2, 1, dtype=torch.float64)
    wide, narrow = torch.tensor([[2.0], [2.0]]).double(), torch.tensor([[1.0], [-1.0]]).double()
    found = gap(wide, narrow, y)
    assert (found.loss, found.relative) == (3.0, 3.0) and found.outputs == pytest.approx(math.sqrt(5))
    assert gap(narrow, narrow, y).outputs == 0 and gap(wide, y, y).relative == math.inf


def test_the_share_apart_is_of_the_narrow_outputs():
    """Differences 3 and 4, outputs 6 and 8: rms 5 / sqrt(2) over 10 / sqrt(2)."""
    narrow = torch.tensor([[6.0], [8.0]], dtype=torch.float64)
    assert share_apart(narrow + torch.tensor([[3.0], [-4.0]]), narrow) == pytest.approx(0.5)
    assert share_apart(narrow, narrow) == 0


def test_errors():
    with pytest.raises(ValueError, match="outputs and targets of one shape"):
        gap(torch.zeros(2, 1), torch.zeros(2, 1), torch.zeros(2))
