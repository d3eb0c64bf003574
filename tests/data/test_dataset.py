"""A dataset checks itself; its statistics are those of the slow computation."""

import json

import numpy as np
import pytest
import torch

from anarch.data.dataset import Dataset, statistics


def dataset(**changes):
    draws = torch.Generator().manual_seed(0)
    parts = {
        "images": {
            split: torch.randint(0, 256, (n, 2, 5, 3), generator=draws, dtype=torch.uint8)
            for split, n in (("train", 7), ("test", 4))
        },
        "labels": {"train": torch.tensor([0, 1, 2, 2, 1, 0, 2]), "test": torch.tensor([0, 0, 1, 1])},
        "classes": 3,
        "origin": "made up",
        "licence": "none",
    }
    return Dataset(**{**parts, **changes})


def test_statistics_equal_those_in_float64():
    made = dataset()
    found = statistics(made)
    pixels = made.images["train"].numpy().astype(np.float64) / 255
    np.testing.assert_allclose(found["mean"], pixels.mean((0, 2, 3)), rtol=1e-14)
    np.testing.assert_allclose(found["std"], pixels.std((0, 2, 3)), rtol=1e-12)
    assert found["shape"] == [2, 5, 3] and found["classes"] == 3
    assert found["splits"] == {
        "train": {"size": 7, "class_balance": [2, 2, 3]},
        "test": {"size": 4, "class_balance": [2, 2, 0]},
    }
    assert json.loads(json.dumps(found)) == found


def test_statistics_of_many_images_do_not_depend_on_their_order():
    images = torch.randint(
        0, 256, (9000, 1, 3, 2), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    )
    labels = torch.zeros(9000, dtype=torch.int64)
    a, b = (
        statistics(dataset(images={"train": x, "test": x[:1]}, labels={"train": labels, "test": labels[:1]}))
        for x in (images, images.flip(0))
    )
    assert (a["mean"], a["std"]) == (b["mean"], b["std"])


def test_a_constant_channel_has_std_exactly_zero():
    images = torch.full((5, 1, 7, 3), 77, dtype=torch.uint8)
    labels = torch.zeros(5, dtype=torch.int64)
    found = statistics(
        dataset(images={"train": images, "test": images}, labels={"train": labels, "test": labels})
    )
    assert found["std"] == [0.0] and found["mean"] == [pytest.approx(77 / 255, rel=1e-15)]


def with_test(**changes):
    made = dataset()
    return {
        "images": {**made.images, "test": changes.get("images", made.images["test"])},
        "labels": {**made.labels, "test": changes.get("labels", made.labels["test"])},
    }


@pytest.mark.parametrize(
    "changes, message",
    [
        (with_test(images=torch.zeros(4, 2, 5, 3)), "images of test must be uint8"),
        (
            with_test(images=torch.zeros(4, 2, 3, 5, dtype=torch.uint8)),
            r"got torch.uint8 \(4, 2, 3, 5\), train has",
        ),
        (with_test(labels=torch.zeros(4)), "labels of test must be int64"),
        (with_test(labels=torch.zeros(3, dtype=torch.int64)), r"labels of test must be int64 \(4,\)"),
        (with_test(labels=torch.tensor([0, 3, 0, 0])), r"labels of test must lie in 0..2, got 0..3"),
        (with_test(labels=torch.tensor([0, -1, 0, 0])), r"must lie in 0..2, got -1..0"),
        (
            {"labels": {"train": torch.zeros(7, dtype=torch.int64)}},
            "splits must be train, test and at most extra",
        ),
    ],
)
def test_what_is_no_dataset_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataset(**changes)
