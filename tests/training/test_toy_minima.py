"""The four settings of the toy of bad_minima, against what the paper asks of each."""

import pytest
import torch
from torch.testing import assert_close

from anarch.training.ensemble import measure
from anarch.training.toy_minima import Toy, toy_minima

TOY = Toy(points=8, width=24, steps=40, random_steps=300, random_rounds=3)
SEEDS = (0, 3)


@pytest.fixture(scope="module")
def settings():
    return toy_minima(TOY, SEEDS, torch.device("cpu"))


def test_settings_1_3_and_4_are_for_the_true_labels_and_2_for_random_ones(settings):
    labels = [y for _, (_, y) in settings]
    assert torch.equal(labels[0], labels[2]) and torch.equal(labels[0], labels[3])
    assert not torch.equal(labels[0], labels[1])
    assert all(torch.equal(x, settings[0][1][0]) for _, (x, _) in settings)


def test_a_network_stops_where_it_is_right_and_below_the_cutoff(settings):
    """Where setting 2 ended on the random labels, one more round of it changes nothing."""
    parameters, points = settings[1]
    loss, accuracy = measure(parameters, TOY.widths, points)
    done = (accuracy == 1) & (loss < TOY.cutoff)
    assert done.any()
    longer = toy_minima(Toy(**{**vars(TOY), "random_rounds": 4}), SEEDS, torch.device("cpu"))[1][0]
    assert torch.equal(longer[done], parameters[done])


def test_settings_3_and_4_start_where_setting_2_ended():
    """With no steps left to take they are setting 2's network, and setting 1 is a fresh one."""
    still = toy_minima(Toy(**{**vars(TOY), "steps": 0}), SEEDS, torch.device("cpu"))
    parameters = [parameters for parameters, _ in still]
    assert torch.equal(parameters[2], parameters[1]) and torch.equal(parameters[3], parameters[1])
    assert not torch.equal(parameters[0], parameters[1])


def test_one_step_of_setting_4_is_gradient_descent_with_augmentation_and_l2():
    """theta - lr (d mean loss over points and copies / d theta + weight decay * theta), without noise."""
    toy = Toy(points=5, width=4, steps=1, random_steps=10, random_rounds=1, noise=0.0, weight_decay=0.3)
    settings = toy_minima(toy, (1,), torch.device("cpu"))
    start, (x, y) = settings[1][0], settings[3][1]
    theta = start.clone().requires_grad_()
    (slope,) = torch.autograd.grad(_loss(theta, x, y, toy), theta)
    assert_close(settings[3][0], start - toy.lr * (slope + toy.weight_decay * start))


def _loss(theta, x, y, toy):
    """Mean binary cross entropy of the MLP 2-w-w-1, written out for one network."""
    w, h = toy.width, x[0]
    parts = theta[0].split([2 * w, w, w * w, w, w, 1])
    h = torch.relu(h @ parts[0].view(w, 2).T + parts[1])
    h = torch.relu(h @ parts[2].view(w, w).T + parts[3])
    logit = (h @ parts[4].view(1, w).T + parts[5]).squeeze(1)
    return torch.nn.functional.binary_cross_entropy_with_logits(logit, y[0].float())


def test_a_seeds_networks_do_not_depend_on_its_neighbours():
    short = Toy(points=8, width=24, steps=3, random_steps=4, random_rounds=1)
    both, alone = (toy_minima(short, seeds, torch.device("cpu")) for seeds in (SEEDS, SEEDS[1:]))
    for (together, _), (one, _) in zip(both, alone, strict=True):
        assert_close(one[0], together[1])


def test_a_toy_without_points_is_refused():
    with pytest.raises(ValueError, match="points must be 1 or more, got 0"):
        Toy(points=0)
