"""A reduced network against the wide one: nothing changes where the groups are copies, and sizes add up."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from anarch.critical.channels import gaussian_cnn
from anarch.critical.descent import History, TwoLayer, gaussian, train
from anarch.critical.reducing import reduce_at, train_on
from anarch.critical.reduction import group
from anarch.randomness import generator


def problem(shape: tuple[int, ...], n: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    draws = generator(0, "reducing", *shape, n)
    x = torch.randn(n, *shape, generator=draws, dtype=torch.float64)
    return x, torch.randn(n, 4, generator=draws, dtype=torch.float64)


def networks() -> list[tuple[TwoLayer, tuple[int, ...]]]:
    dense = gaussian(3, 4, 4, 1.0, generator(1, "dense"), activation="relu")
    shape = (2, 7, 9)
    cnn = gaussian_cnn(shape, 3, 4, 0.3, generator(1, "cnn"), kernel=3, stride=1, pool=2)
    return [(dense, (3,)), (cnn, shape)]


@pytest.mark.parametrize("net, shape", networks(), ids=["two_layer", "cnn"])
def test_training_on_is_default_adam_and_leaves_the_network(net, shape):
    before, (x, y) = net.clone(), problem(shape)
    history = train_on(net, (x, y), lr=0.01, steps=5, record_every=2)
    assert sorted(history.snapshots) == history.steps == [0, 2, 4, 5]
    assert torch.equal(net.inner, before.inner) and torch.equal(net.outer, before.outer)
    parts = [part.clone().requires_grad_() for part in (net.inner, net.outer)]
    optimiser = torch.optim.Adam(parts, lr=0.01)
    for _ in range(5):
        optimiser.zero_grad()
        moving = replace(net, inner=parts[0] + 0, outer=parts[1] + 0)
        output = moving.output(x) if shape[1:] else torch.relu(with_ones(x) @ parts[0].T) @ parts[1]
        (output - y).square().sum(1).mean().backward()
        optimiser.step()
    assert_close(history.snapshots[5].inner, parts[0].detach())
    assert_close(history.snapshots[5].outer, parts[1].detach())


def with_ones(x: torch.Tensor) -> torch.Tensor:
    return torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)


@pytest.mark.parametrize("narrow, shape", networks(), ids=["two_layer", "cnn"])
def test_a_network_of_copies_is_reduced_to_what_was_copied(narrow, shape):
    """Copies have one orientation, which ReLU merges exactly: outputs, loss and predictions stay."""
    wide, examples, test = narrow.widened(11), problem(shape), problem(shape, 6)
    history = train_on(wide, examples, lr=1e-3, steps=0, record_every=1)
    groups = group(wide, cosine=0.999999, low_amplitude=0)
    options = {"lr": 1e-3, "steps": 4}
    found, after, pairs = reduce_at(0, history, groups, examples, test, generator(0, "merge"), **options)
    assert (found.width, found.groups, found.low) == (11, len(narrow.inner), 0)
    assert found.largest == -(-11 // len(narrow.inner))
    assert found.loss_merged == pytest.approx(found.loss, rel=1e-10)
    assert found.agreement_merged == 1 and found.test_samples == 6 == pairs.sum()
    assert found.spread_output_change < 1e-12
    assert found.loss_retrained == after.losses[after.steps.index(found.retrain_steps)]
    norm = train(narrow.clone(), *examples, lr=1.0, steps=0).gradient_norms[0]
    assert after.gradient_norms[0] == pytest.approx(norm, rel=1e-8)


def test_the_two_are_compared_where_the_reduced_one_is_first_back_at_the_loss():
    (net, shape), _ = networks()
    examples = problem(shape)
    history = train_on(net, examples, lr=1e-3, steps=0, record_every=1)
    groups = group(net, cosine=0.999999, low_amplitude=0)
    options = {"lr": 1e-3, "steps": 6}
    for loss, steps in ((1e9, 0), (-1.0, 6)):  # it is there at once; it never is
        at = History(history.steps, [loss], history.gradient_norms, history.snapshots)
        found, after, _ = reduce_at(0, at, groups, examples, examples, generator(0, "merge"), **options)
        assert found.retrain_steps == steps and found.loss_retrained == after.losses[steps]
        assert after.steps == list(range(7)) and found.loss_end == after.losses[6]
