"""Training on eq. 2 of blessing: against the formula written out, and against itself after a stop."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from anarch.randomness import generator
from anarch.training.examples import Examples
from anarch.training.loop import Training
from anarch.training.poisoned import PoisonedTraining
from anarch.workflow.specs import Poison, Recipe


def examples(count: int, seed: int) -> Examples:
    draws = generator(seed, "images")
    images = torch.randint(0, 256, (count, 1, 5, 6), dtype=torch.uint8, generator=draws)
    labels = torch.randint(0, 3, (count,), generator=draws)
    return Examples(images, labels, torch.tensor([0.5]), torch.tensor([0.25]))


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    head = (nn.Flatten(), nn.Dropout(0.2), nn.Linear(36, 3))
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), *head)


def training(
    beta: float = 0.3, seed: int = 5, net: int = 0, poisonous: int = 4, **recipe
) -> PoisonedTraining:
    return PoisonedTraining(
        network(net),
        examples(17, seed=1),
        examples(6, seed=2),
        Recipe(**{"epochs": 4, "batch_size": 7, "lr": 0.05, **recipe}),
        seed,
        extra=examples(9, seed=3),
        poison=Poison(beta=beta, batch_size=poisonous),
    )


def test_the_loss_of_a_step_is_eq_2_over_one_joint_batch():
    """(1 - beta) mean -log p + beta mean -log(1 - p); batch norm sees both parts at once."""
    at, twin = training(), network().train()
    rows = torch.tensor([3, 11, 0])
    x, y = at.batch(*at.draws([rows])[0])
    assert len(x) == 3 + 4 and torch.equal(y[:3], at.train.labels[rows])
    torch.testing.assert_close(x[:3], at.train.inputs(rows))
    at.model.eval(), twin.eval()  # dropout aside
    loss, told = at.objective(at.model(x), y, 3)
    p = twin(x).softmax(1).gather(1, y[:, None]).squeeze(1)
    torch.testing.assert_close(told, -p[:3].log().mean())
    torch.testing.assert_close(loss, 0.7 * -p[:3].log().mean() + 0.3 * -(1 - p[3:]).log().mean())


def test_every_extra_image_comes_once_before_any_comes_again():
    at = training()
    rows = torch.cat([at._next_rows(4) for _ in range(9)])
    for permutation in rows.view(4, 9):
        assert sorted(permutation.tolist()) == list(range(9))
    assert rows[:9].tolist() != rows[9:18].tolist()


def test_extra_images_may_be_fewer_than_a_batch_wants():
    at = training(poisonous=20)
    counts = torch.bincount(at._next_rows(20), minlength=9)
    assert counts.sum() == 20 and set(counts.tolist()) == {2, 3}  # two whole permutations and 2 of a third


def test_without_poison_in_the_loss_the_training_images_come_as_in_a_plain_training():
    """Orders have generators of their own: D_d disturbs neither the order of D_t nor the dropout's draws."""
    poisoned = training()
    plain = Training(network(), poisoned.train, poisoned.test, poisoned.recipe, 5)
    orders = [torch.randperm(17, generator=each.order) for each in (poisoned, plain)]
    assert torch.equal(*orders)
    assert poisoned.history == plain.history == []


def test_the_history_tells_of_the_training_images_alone():
    """At a rate too small to move a weight, the one batch of an epoch is D_t itself, in evaluation mode."""
    at = training(epochs=1, batch_size=17, lr=1e-30)
    at.model[4].p = 0.0  # no dropout
    at.run()
    twin = training(epochs=1, batch_size=17, lr=1e-30)
    twin.model[4].p = 0.0
    x, y = twin.batch(*twin.draws([torch.randperm(17, generator=twin.order)])[0])
    logits = twin.model.train()(x)[:17]
    row = at.history[1]
    assert row["train_loss"] == pytest.approx(F.cross_entropy(logits, y[:17]).item(), rel=1e-5)
    assert row["train_accuracy"] == (logits.argmax(1) == y[:17]).double().mean().item()


@pytest.mark.parametrize("stop", [0, 1, 3])
@pytest.mark.parametrize("recipe", [{"momentum": 0.9}, {"augment": "crop"}])
def test_a_stopped_and_resumed_training_has_the_same_bits(stop, recipe):
    """17 images in batches of 7 draw 12 of 9 extra images an epoch: every stop is amid a permutation."""
    whole = training(**recipe)
    whole.run()
    states = []
    first = training(**recipe)
    first.run(lambda at: states.append(copy.deepcopy(at.state_dict())) if at.epoch == stop else None)
    second = training(seed=6, net=8, **recipe)
    torch.manual_seed(99)  # what happens between the stop and the resume must not matter
    second.load_state_dict(states[0])
    second.run()
    assert second.history == whole.history
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name


def test_poison_works():
    """A network that could learn either gets the training images right and the extra ones wrong."""
    at = training(beta=0.5, epochs=150, poisonous=9, lr=0.05, momentum=0.9)
    at.run()
    at.model.eval()
    with torch.no_grad():
        hits = (at.model(at.extra.inputs()).argmax(1) == at.extra.labels).float().mean()
    assert at.history[-1]["train_accuracy"] > 0.9 and hits < 0.2


@pytest.mark.parametrize(
    "options, message",
    [
        ({"beta": 1.5}, r"poison\.beta must lie in \[0, 1\], got 1\.5"),
        ({"poisonous": 0}, r"poison\.batch_size must be 1 or more, got 0"),
    ],
)
def test_impossible_poison_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        training(**options)
