"""Regression sets of the study `embedding`."""

import pytest
import torch
from torch.testing import assert_close

from anarch.data.regression import digits, flat_images, iris, one_hot, tanh_steps
from anarch.randomness import generator


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


def test_digits_are_parted_without_overlap_by_the_generator():
    parts = digits(1000, generator(0, "digits"))
    again = digits(1000, generator(0, "digits"))
    assert parts["train"][0].shape == (1000, 64) and parts["test"][1].shape == (797, 10)
    assert torch.equal(parts["train"][0], again["train"][0])
    assert not torch.equal(parts["train"][0], digits(1000, generator(1, "digits"))["train"][0])
    everything = torch.cat([parts[split][0] for split in ("train", "test")])
    assert everything.min() == 0 and everything.max() == 1
    assert len(everything.unique(dim=0)) == len(everything)


def test_images_and_labels_become_floats():
    images = torch.tensor([[[[0, 255], [51, 102]]]], dtype=torch.uint8)
    assert_close(flat_images(images), torch.tensor([[0, 1, 0.2, 0.4]]).double())
    assert one_hot(torch.tensor([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_errors():
    with pytest.raises(ValueError, match="of one length, got 1, 2, 1"):
        tanh_steps(5, 1.0, [0.0], [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="2 points or more"):
        tanh_steps(1, 1.0, [0.0], [1.0], [1.0])
    with pytest.raises(ValueError, match=r"train must be 1..1796, got 1797"):
        digits(1797, generator(0))
