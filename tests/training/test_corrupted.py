"""Training on randomly labelled copies: what the loop sees is Algorithm 1's set, made a batch at a time."""

import torch
from torch import nn

from anarch.data.corruption import randomly_labelled
from anarch.randomness import derived_seed, generator
from anarch.training.corrupted import corrupted
from anarch.training.examples import Examples
from anarch.training.loop import Training
from anarch.workflow.specs import Corruption, Recipe


def examples(count: int = 6) -> Examples:
    draws = generator(0, "images")
    images = torch.randint(1, 256, (count, 2, 5, 4), dtype=torch.uint8, generator=draws)
    return Examples(images, torch.arange(count) % 3, torch.tensor([0.4, 0.5]), torch.tensor([0.2, 0.3]))


def test_batches_are_rows_of_the_whole_set():
    few = examples()
    made = corrupted(few, Corruption(replicas=3, zero_out=0.2), classes=3, seed=7)
    copies, labels = randomly_labelled(few.images, few.labels, 3, 0.2, 3, derived_seed(7, "corruption"))
    assert len(made) == 18 and torch.equal(made.labels, labels)
    rows = torch.tensor([17, 0, 5, 5])
    assert torch.equal(made.raw(rows), copies[rows])
    assert torch.equal(made.raw(slice(None)), copies)
    whole = Examples(copies, labels, few.mean, few.std)
    assert torch.equal(made.inputs(rows), whole.inputs(rows))


def test_seeds_differ_and_fewer_replicas_are_part_of_more():
    few = examples()
    three, two, other = (
        corrupted(few, Corruption(replicas=R), classes=3, seed=seed) for R, seed in ((3, 7), (2, 7), (3, 8))
    )
    assert torch.equal(three.labels[:12], two.labels)
    assert torch.equal(three.raw(torch.arange(12)), two.raw(torch.arange(12)))
    assert not torch.equal(three.raw(slice(None)), other.raw(slice(None)))


def test_an_epoch_goes_over_all_copies_and_tests_on_the_true_images():
    few = examples()
    made = corrupted(few, Corruption(replicas=3), classes=3, seed=7)
    net = nn.Sequential(nn.Flatten(), nn.utils.skip_init(nn.Linear, 40, 3))
    nn.init.zeros_(net[1].weight)
    nn.init.zeros_(net[1].bias)
    training = Training(net, made, few, Recipe(epochs=1, batch_size=18, lr=0.1), seed=0)
    training.run()
    hits = (
        (made.labels == 0).float().mean().item()
    )  # all logits are equal before the one step: class 0 is said
    assert abs(training.history[1]["train_accuracy"] - hits) < 1e-6
    assert training.history[0]["test_accuracy"] == (few.labels == 0).double().mean().item()
