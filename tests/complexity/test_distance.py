"""The normalised distance of models in closed form; what counts; refusals."""

import copy

import pytest
import torch
from torch import nn

from anarch.complexity.distance import model_distance


def test_closed_form_over_several_tensors():
    a = {"w": torch.tensor([[3.0, 0.0]]), "b": torch.tensor([4.0])}
    b = {"w": torch.tensor([[3.0, 6.0]]), "b": torch.tensor([12.0])}
    assert model_distance(a, b) == 10 / 5
    assert model_distance(b, a) == pytest.approx(10 / 189**0.5, rel=1e-15)
    assert model_distance(a, a) == 0


def test_running_statistics_and_frozen_parameters_do_not_count():
    a = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 2)).requires_grad_()
    with torch.no_grad():
        for parameter in a.parameters():
            parameter.fill_(1.0)
    b = copy.deepcopy(a)
    with torch.no_grad():
        b[0].weight += 1
    b[1].running_mean += 5
    b[1].num_batches_tracked += 7
    assert model_distance(a, b) == pytest.approx((6 / 18) ** 0.5, rel=1e-15)
    assert (
        model_distance(a.state_dict(), b.state_dict())
        == model_distance(a, b)
        == model_distance(a, b.state_dict())
    )
    for model in (a, b):
        model[2].requires_grad_(False)
    assert model_distance(a, b) == pytest.approx((6 / 12) ** 0.5, rel=1e-15)


def test_is_summed_in_float64():
    """A difference of 2^-20 in one of a million float32 ones: lost in a sum, or in squares, of float32."""
    a, b = {"w": torch.ones(2**20)}, {"w": torch.ones(2**20)}
    b["w"][5] += 2**-20
    assert model_distance(a, b) == 2**-30


@pytest.mark.parametrize(
    "a, b, message",
    [
        (
            {"w": torch.ones(2), "u": torch.ones(1)},
            {"w": torch.ones(2), "v": torch.ones(1)},
            "only one has u, v",
        ),
        (
            {"w": torch.ones(2)},
            {"w": torch.ones(1, 2)},
            r"parameter w must have one shape, got \(2,\) and \(1, 2\)",
        ),
        ({"w": torch.zeros(2)}, {"w": torch.ones(2)}, "the first model is all zeros"),
        (nn.ReLU(), nn.ReLU(), "this ReLU holds no trainable parameter"),
        ({"0.running_var": torch.ones(2)}, {}, "this dict holds no trainable parameter"),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        model_distance(a, b)
