"""Networks side by side in one tensor: their outputs, starts and copies."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from anarch.models.initialise import initialise_
from anarch.randomness import generator
from anarch.training.ensemble import measure
from anarch.training.stacked import fresh, outputs, predictions, stack, unstack

K = 4


def start(widths=(3, 6, 5, 1), count=K) -> Tensor:
    return fresh(widths, [generator(k, "weights") for k in range(count)]).double()


def points(n: int, *purpose: object, classes: int = 2, networks: int | None = None):
    draws = generator(0, n, *purpose)
    shape = (n,) if networks is None else (networks, n)
    x = torch.randn(*shape, 3, dtype=torch.float64, generator=draws)
    return x, torch.randint(0, classes, shape, generator=draws)


@pytest.mark.parametrize("widths", [(3, 1), (3, 4, 1), (3, 5, 2, 4)])
def test_outputs_are_those_of_each_network(widths):
    parameters, (x, _) = start(widths), points(9, "x")
    own = points(9, "own", networks=K)[0]
    shared = outputs(parameters, widths, x)
    assert shared.shape == (K, 9, widths[-1])
    for k in range(K):
        network = unstack(parameters, k, widths)
        assert_close(shared[k], network(x))
        assert_close(outputs(parameters, widths, own)[k], network(own[k]))
    assert torch.equal(stack(unstack(parameters, k, widths) for k in range(K)), parameters)


def test_an_unstacked_network_shares_nothing():
    parameters = start()
    network = unstack(parameters, 1, (3, 6, 5, 1))
    with torch.no_grad():
        network[0].weight.zero_()
    assert torch.equal(parameters, start())
    storages = {p.untyped_storage().data_ptr() for p in network.parameters()}
    assert len(storages) == 6


def test_predictions_of_one_logit_are_those_of_the_pair():
    z = torch.tensor([[[-2.0], [0.0], [0.5]]])
    assert predictions(z).tolist() == [[0, 0, 1]]
    assert torch.equal(predictions(nn.functional.pad(z, (1, 0))), predictions(z))


def test_measure_is_cross_entropy_and_accuracy():
    parameters, (x, y) = start((3, 6, 3)), points(11, "train", classes=3)
    loss, accuracy = measure(parameters, (3, 6, 3), (x, y))
    for k in range(K):
        logits = unstack(parameters, k, (3, 6, 3))(x)
        assert_close(loss[k], nn.functional.cross_entropy(logits, y))
        assert accuracy[k].item() == (logits.argmax(1) == y).double().mean().item()


def test_starts_depend_on_their_own_generator_only():
    widths = (3, 40, 30, 2)
    for rule in ("default", "glorot_uniform", "glorot_normal"):
        together = fresh(widths, [generator(k, "weights") for k in range(3)], start=rule)
        assert torch.equal(together[2:], fresh(widths, [generator(2, "weights")], start=rule))
        assert not torch.equal(together[0], together[1])
    network = initialise_(unstack(torch.zeros(1, 1452), 0, widths), generator(2, "weights"))
    assert torch.equal(fresh(widths, [generator(2, "weights")]), stack([network]))


def test_glorot_starts_have_their_bound_variance_and_zero_biases():
    """The sample variance of n draws is within 6 standard errors; kurtosis 3 for normal, 1.8 for uniform."""
    widths = (60, 90, 40)
    for rule, kurtosis in (("glorot_uniform", 1.8), ("glorot_normal", 3.0)):
        network = unstack(fresh(widths, [generator(0, "weights")], start=rule), 0, widths)
        for linear, (fan_in, fan_out) in zip((network[0], network[2]), pairwise(widths), strict=True):
            weight, variance = linear.weight.double(), 2 / (fan_in + fan_out)
            spread = 6 * math.sqrt((kurtosis - 1) / weight.numel())
            assert weight.square().mean().item() == pytest.approx(variance, rel=spread)
            assert linear.bias.abs().max() == 0
            if rule == "glorot_uniform":
                assert weight.abs().max() <= math.sqrt(3 * variance) * (1 + 1e-6)
