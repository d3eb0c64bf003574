"""Regression sets of the study `embedding`."""

import pytest
import torch
from torch.testing import assert_close

from anarch.data.regression import flat_images, iris, one_hot, tanh_steps


def test_steps_are_the_sum_of_their_tanh():
    x, y = tanh_steps(5, 2.0, [0.5, -1.0], [2.0, 3.0], [0.7, -0.4])
    assert x.dtype == y.dtype == torch.float64 and x.shape == y.shape == (5, 1)
    assert x.squeeze().tolist() == [-2, -1, 0, 1, 2]
    assert_close(y, 0.7 * torch.tanh(2 * (x - 0.5)) - 0.4 * torch.tanh(3 * (x + 1)))


def test_iris_is_standardised_and_one_hot():
    x, y = iris()
    assert x.shape == (150, 4) and y.shape == (150, 3)
    assert_close(x.mean(0), torch.zeros(4).double())
    assert_close(x.square().mean(0), torch.ones(4).double())
    assert y.sum(0).tolist() == [50, 50, 50] and y.sum(1).unique().tolist() == [1]


def test_images_and_labels_become_floats():
    images = torch.tensor([[[[0, 255], [51, 102]]]], dtype=torch.uint8)
    assert_close(flat_images(images), torch.tensor([[0, 1, 0.2, 0.4]]).double())
    assert one_hot(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_errors():
    with pytest.raises(ValueError, match="of one length, got 1, 2, 1"):
        tanh_steps(5, 1.0, [0.0], [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="2 points or more"):
        tanh_steps(1, 1.0, [0.0], [1.0], [1.0])
