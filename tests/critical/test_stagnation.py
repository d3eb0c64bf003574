"""Gaps between known functions."""

import math

import pytest
import torch

from anarch.critical.stagnation import gap


def test_a_gap_is_measured_in_loss_and_in_outputs():
    y = torch.zeros(2, 1, dtype=torch.float64)
    wide, narrow = torch.tensor([[2.0], [2.0]]).double(), torch.tensor([[1.0], [-1.0]]).double()
    found = gap(wide, narrow, y)
    assert (found.loss, found.relative) == (3.0, 3.0) and found.outputs == pytest.approx(math.sqrt(5))
    assert gap(narrow, narrow, y).outputs == 0 and gap(wide, y, y).relative == math.inf


def test_errors():
    with pytest.raises(ValueError, match="outputs and targets of one shape"):
        gap(torch.zeros(2, 1), torch.zeros(2, 1), torch.zeros(2))
