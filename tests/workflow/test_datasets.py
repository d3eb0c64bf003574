"""What a dataset will hold, told before it is prepared, is what it then holds."""

import pytest

from anarch.data.dataset import statistics
from anarch.data.prepare import prepare
from anarch.workflow.datasets import images
from anarch.workflow.specs import DataSpec, parse


@pytest.mark.parametrize(
    "options",
    [
        {"source": "cluttered_digits", "train": 20, "test": 10},
        {"source": "cluttered_digits", "train": 20, "test": 10, "extra": 5, "options": {"digits": 2}},
        {"source": "cluttered_digits", "train": 20, "test": 10, "options": {"canvas": 20, "channels": 3}},
        {"source": "digits"},
        {"source": "digits", "train": 100, "held_out": 50, "test": 30},
        {"source": "digits", "held_out": 50, "side": 4, "permute": 0},
    ],
)
def test_as_prepared(options):
    spec = parse(DataSpec, options)
    dataset = prepare(spec, None)
    told, found = images(spec), images(spec, statistics(dataset))
    assert (told.shape, told.classes, dict(told.sizes)) == (found.shape, found.classes, dict(found.sizes))
    stored = sum(t.numel() for t in dataset.images.values()) + 8 * sum(
        len(t) for t in dataset.labels.values()
    )
    assert told.stored == stored


def test_stored_sets():
    held = images(parse(DataSpec, {"source": "cifar10", "train": 45_000, "held_out": 5_000}))
    assert held.sizes == {"train": 45_000, "test": 10_000, "extra": 5_000}
    extra = images(parse(DataSpec, {"source": "svhn", "options": {"extra": True}}))
    assert extra.sizes["extra"] == 531_131
    assert images(parse(DataSpec, {"source": "mnist", "options": {"pad": 0}})).shape == (1, 28, 28)


def test_a_users_own_file_is_known_once_it_is_prepared():
    spec = parse(DataSpec, {"source": "npz", "path": "mine.npz"})
    assert not images(spec).known
    manifest = {"shape": [1, 5, 7], "classes": 3, "splits": {"train": {"size": 9}, "test": {"size": 4}}}
    assert images(spec, manifest).known and images(spec, manifest).sizes == {"train": 9, "test": 4}
