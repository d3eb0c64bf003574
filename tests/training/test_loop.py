"""The loop against plain PyTorch, and against itself after a stop: the same bits."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from anarch.randomness import generator
from anarch.training.examples import Examples
from anarch.training.loop import Diverged, Training, evaluate
from anarch.training.schedules import learning_rate
from anarch.workflow.specs import Recipe


def examples(count: int, seed: int = 0) -> Examples:
    draws = generator(seed, "images")
    images = torch.randint(0, 256, (count, 2, 7, 6), dtype=torch.uint8, generator=draws)
    return Examples(
        images,
        torch.randint(0, 3, (count,), generator=draws),
        torch.tensor([0.4, 0.5]),
        torch.tensor([0.2, 0.3]),
    )


def network(seed: int = 0, dropout: float = 0.0, norm: bool = False) -> nn.Sequential:
    torch.manual_seed(seed)
    extra = [nn.BatchNorm2d(4)] if norm else []
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), *extra, nn.ReLU(), nn.Flatten(), nn.Dropout(dropout), nn.Linear(80, 3)
    )


RECIPES = {
    "plain": Recipe(epochs=4, batch_size=7, lr=0.05),
    "momentum": Recipe(
        epochs=4, batch_size=7, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3, schedule="cosine"
    ),
    "adam": Recipe(epochs=4, batch_size=7, lr=0.01, optimiser="adam", schedule="steps", milestones=(2,)),
    "augmented": Recipe(epochs=4, batch_size=7, lr=0.05, augment="crop_flip"),
    "stopping": Recipe(epochs=4, batch_size=7, lr=0.05, stop_at=1.0, check_every=2),
    "lbfgs": Recipe(epochs=4, batch_size=12, lr=0.1, optimiser="lbfgs"),
    "asgd": Recipe(epochs=4, batch_size=7, lr=0.05, optimiser="asgd"),
    "proxprop": Recipe(epochs=4, batch_size=12, lr=0.01, optimiser="proxprop"),
    "evolution": Recipe(epochs=4, batch_size=12, lr=0.05, optimiser="evolution", sigma=0.05, pairs=2),
    "beta_lasso": Recipe(
        epochs=4,
        batch_size=7,
        lr=0.05,
        optimiser="beta_lasso",
        l1_conv=1e-3,
        l1_fc=1e-2,
        beta=5,
        schedule="cosine",
    ),
}


def test_training_ends_at_the_first_look_that_finds_the_accuracy():
    """Looks are at the training set itself, in evaluation mode, every ``check_every`` epochs."""
    recipe = Recipe(epochs=60, batch_size=4, lr=0.1, stop_at=1.0, check_every=3)
    looks = {}
    training = Training(network(), examples(8), examples(10, seed=1), recipe, seed=3)
    training.run(lambda at: looks.update({at.epoch: evaluate(at.model, at.train)[1]}))
    looks = {epoch: accuracy for epoch, accuracy in looks.items() if epoch % 3 == 0}
    assert training.epoch == min(epoch for epoch, accuracy in looks.items() if accuracy == 1.0) < 60
    told = {row["epoch"]: row["settled_accuracy"] for row in training.history if "settled_accuracy" in row}
    assert told == looks


def test_testing_now_and_then_leaves_the_training_as_it_was():
    often, seldom = (
        Training(
            network(),
            examples(8),
            examples(10, seed=1),
            Recipe(epochs=5, batch_size=4, lr=0.1, test_every=k),
            seed=3,
        )
        for k in (1, 2)
    )
    often.run()
    seldom.run()
    assert [row["epoch"] for row in seldom.history if "test_accuracy" in row] == [0, 2, 4, 5]
    for all_of, some_of in zip(often.history, seldom.history, strict=True):
        assert some_of.items() <= all_of.items()


def test_without_a_stop_no_look_is_taken():
    training = Training(network(), examples(8), examples(10, seed=1), RECIPES["plain"], seed=3)
    training.run()
    assert training.epoch == 4 and "settled_accuracy" not in training.history[-1]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("stop", [0, 1, 3])
def test_a_stopped_and_resumed_training_has_the_same_bits(recipe, stop):
    """Weights, statistics and history; with dropout and batch norm, whose draws and sums are state too."""
    train, test = examples(24), examples(10, seed=1)
    whole = Training(network(dropout=0.3, norm=True), train, test, recipe, seed=5)
    whole.run()
    states = []
    first = Training(network(dropout=0.3, norm=True), train, test, recipe, seed=5)
    first.run(lambda at: states.append(copy.deepcopy(at.state_dict())) if at.epoch == stop else None)
    torch.manual_seed(99)  # what happens between the stop and the resume must not matter
    second = Training(network(seed=8, dropout=0.3, norm=True), train, test, recipe, seed=6)
    second.load_state_dict(states[0])
    second.run()
    assert second.history == whole.history
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name


def test_one_epoch_against_a_loop_written_out():
    recipe = Recipe(epochs=1, batch_size=7, lr=0.05)
    train = examples(24)
    training = Training(network(), train, examples(10, seed=1), recipe, seed=3)
    training.run()
    slow, losses, hits = network(), [], 0
    for rows in torch.randperm(24, generator=generator(3, "order")).split(7):
        logits = slow(train.inputs(rows))
        loss = F.cross_entropy(logits, train.labels[rows])
        losses += [loss.item()] * len(rows)
        hits += int((logits.argmax(1) == train.labels[rows]).sum())
        slow.zero_grad()
        loss.backward()
        with torch.no_grad():
            for theta in slow.parameters():
                theta -= 0.05 * theta.grad
    assert training.history[1]["train_accuracy"] == hits / 24
    assert training.history[1]["train_loss"] == pytest.approx(sum(losses) / 24, rel=1e-6)
    for a, b in zip(training.model.parameters(), slow.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_the_history_starts_at_the_initial_point():
    train, test = examples(24), examples(10, seed=1)
    training = Training(network(), train, test, Recipe(epochs=2, batch_size=7, lr=0.05), seed=3)
    training.run()
    initial = network().eval()
    row = training.history[0]
    assert [r["epoch"] for r in training.history] == [0, 1, 2]
    assert row["train_loss"] == pytest.approx(F.cross_entropy(initial(train.inputs()), train.labels).item())
    assert row["test_accuracy"] == (initial(test.inputs()).argmax(1) == test.labels).float().mean().item()


def test_same_seed_same_bits_other_seed_other_order():
    def final(seed):
        training = Training(
            network(), examples(24), examples(10), Recipe(epochs=2, batch_size=7, lr=0.05), seed
        )
        training.run()
        return training.model[0].weight

    assert torch.equal(final(0), final(0))
    assert not torch.equal(final(0), final(1))


def test_without_shuffling_every_seed_sees_the_same_batches():
    recipe = Recipe(epochs=2, batch_size=7, lr=0.05, shuffle=False)
    ends = []
    for seed in (0, 1):
        training = Training(network(), examples(24), examples(10), recipe, seed)
        training.run()
        ends.append(training.model[0].weight)
    assert torch.equal(*ends)


def test_learning_that_blows_up_says_when_and_keeps_its_history():
    training = Training(
        network(), examples(24), examples(10), Recipe(epochs=9, batch_size=7, lr=1e30), seed=0
    )
    with pytest.raises(Diverged, match=r"after epoch \d: lower recipe\.lr \(1e\+30\)"):
        training.run()
    assert not math.isfinite(training.history[-1]["train_loss"])
    assert [row["epoch"] for row in training.history] == list(range(len(training.history)))


def test_evaluation_weighs_batches_by_size_and_leaves_mode_and_generators_alone():
    model, data = network(dropout=0.5).train(), examples(23)
    state = torch.get_rng_state()
    loss, accuracy = evaluate(model, data, batch_size=10)
    assert torch.equal(state, torch.get_rng_state()) and model.training
    logits = model.eval()(data.inputs())
    assert loss == pytest.approx(F.cross_entropy(logits, data.labels).item())
    assert accuracy == pytest.approx((logits.argmax(1) == data.labels).double().mean().item())


def test_normalisation_has_the_statistics_that_it_was_given():
    data = examples(50)
    pixels = data.images.double() / 255
    mean, std = pixels.mean((0, 2, 3)), pixels.std((0, 2, 3), correction=0)
    x = Examples(data.images, data.labels, mean.float(), std.float()).inputs().double()
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(2, dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(
        x.std((0, 2, 3), correction=0), torch.ones(2, dtype=torch.float64), atol=1e-5, rtol=0
    )


def test_schedules_in_closed_form():
    steps = Recipe(epochs=350, batch_size=1, lr=0.1, schedule="steps", milestones=(150, 250))
    rates = [learning_rate(steps, epoch) for epoch in (0, 149, 150, 249, 250, 349)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    cosine = Recipe(epochs=4, batch_size=1, lr=0.1, schedule="cosine")
    assert learning_rate(cosine, 0) == 0.1
    assert learning_rate(cosine, 2) == pytest.approx(0.05)
    assert learning_rate(cosine, 1, step=5, steps=10) == pytest.approx(
        0.05 * (1 + math.cos(math.pi * 1.5 / 4))
    )
    with pytest.raises(ValueError, match="constant, steps or cosine"):
        learning_rate(Recipe(epochs=1, batch_size=1, lr=0.1, schedule="linear"), 0)


def test_windows_of_an_epoch_are_those_of_its_batches_one_after_the_other():
    train, one, other = examples(17), torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    sizes, rows = (7, 7, 3), torch.arange(17)
    windows = train.windows(sizes, "crop_flip", one)
    start = 0
    for size, own in zip(sizes, windows, strict=True):
        some = rows[start : start + size]
        (alone,) = train.windows([size], "crop_flip", other)
        assert all(torch.equal(a, b) for a, b in zip(own, alone, strict=True))
        assert torch.equal(train.inputs(some, own), train.inputs(some, alone))
        start += size
    assert torch.equal(one.get_state(), other.get_state())
    assert train.windows(sizes, "none", one) == [(), (), ()]
