"""scikit-learn's digits as a prepared dataset."""

import torch
from sklearn.datasets import load_digits

from anarch.data.prepare import prepare
from anarch.data.sources import digits
from anarch.workflow.specs import DataSpec


def test_every_digit_is_in_exactly_one_split():
    found = digits.load(None, "", download=False)
    assert {split: tuple(x.shape) for split, x in found.images.items()} == {
        "train": (1000, 1, 8, 8),
        "test": (797, 1, 8, 8),
    }
    both = torch.cat([found.images["train"], found.images["test"]]).flatten(1)
    raw = torch.from_numpy(load_digits().data)
    key = torch.arange(1, 65, dtype=torch.float64) ** 2
    grey = (both.double() * 16 / 255).round()
    assert torch.equal((grey @ key).sort().values, (raw @ key).sort().values)


def test_a_smaller_set_is_part_of_the_whole():
    small = prepare(DataSpec(source="digits", train=100, test=50), None)
    assert len(small.images["train"]) == 100 and len(small.images["test"]) == 50
    assert set(small.labels["train"].tolist()) == set(range(10))
