"""Subsets of stored sources, sizes of generated ones, and what a spec may not ask for."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from anarch.data.pixels import pixel_order
from anarch.data.prepare import known_sources, prepare
from anarch.workflow.specs import DataSpec


@pytest.fixture
def root(tmp_path):
    """A data root with numbered images: pixel (0, 0) tells the row, the label its remainder by 5."""
    rows = {"train": 60, "test": 25}
    arrays = {}
    for split, n in rows.items():
        arrays[f"x_{split}"] = np.tile(np.arange(n, dtype=np.uint8)[:, None, None], (1, 4, 3))
        arrays[f"y_{split}"] = np.arange(n) % 5
    np.savez(tmp_path / "numbers.npz", **arrays)
    return tmp_path


def rows(dataset, split):
    return dataset.images[split][:, 0, 0, 0].tolist()


def numbers(**sizes):
    return DataSpec(source="npz", path="numbers.npz", **sizes)


def test_zero_keeps_all_images_once_with_their_labels_and_unsorted(root):
    made = prepare(numbers(), root)
    for split, n in (("train", 60), ("test", 25)):
        assert sorted(rows(made, split)) == list(range(n)) and rows(made, split) != list(range(n))
        assert made.labels[split].tolist() == [row % 5 for row in rows(made, split)]
    assert "extra" not in made.images and list(made.checksums) == ["numbers.npz"]


def test_a_subset_begins_each_larger_one_and_splits_do_not_disturb_each_other(root):
    small, large = prepare(numbers(train=11, test=5), root), prepare(numbers(train=30), root)
    assert rows(small, "train") == rows(large, "train")[:11]
    assert rows(small, "test") == rows(large, "test")[:5]


def test_the_seed_chooses_the_subset(root):
    a, b, c = (rows(prepare(numbers(train=30, seed=seed), root), "train") for seed in (1, 1, 2))
    assert a == b and sorted(a) != sorted(c)


def test_another_draw_has_other_training_images_and_the_same_test_images(root):
    spec = {"train": 20, "held_out": 15, "test": 10}
    base, first, again, second = (prepare(numbers(**spec, draw=draw), root) for draw in (0, 1, 1, 2))
    plain = prepare(numbers(**spec), root)
    for split in ("train", "test", "extra"):
        assert rows(base, split) == rows(plain, split) and rows(first, split) == rows(again, split)
    assert rows(first, "test") == rows(second, "test") == rows(base, "test")
    assert len({frozenset(rows(one, "train")) for one in (base, first, second)}) == 3
    for one in (base, first, second):
        assert not set(rows(one, "train")) & set(rows(one, "extra"))


def test_a_generated_draw_has_other_training_images_and_the_same_test_images():
    spec = DataSpec(source="cluttered_digits", train=30, test=10, extra=10)
    base, other = prepare(spec, None), prepare(replace(spec, draw=3), None)
    assert torch.equal(base.images["test"], other.images["test"])
    for split in ("train", "extra"):
        assert not torch.equal(base.images[split], other.images[split])


def test_too_few_images_is_one_line_with_both_numbers(root):
    with pytest.raises(ValueError, match=r"^npz: test has 25 images, 26 are wanted$"):
        prepare(numbers(test=26), root)
    with pytest.raises(ValueError, match=r"^npz: extra has 0 images, 1 are wanted$"):
        prepare(numbers(extra=1), root)


def test_a_smaller_side_is_the_mean_over_blocks(tmp_path):
    draws = np.random.default_rng(0)
    images = draws.integers(0, 256, (5, 6, 6, 3), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x_train=images, y_train=np.arange(5), x_test=images[:2], y_test=np.arange(2))
    made = prepare(DataSpec(source="npz", path="x.npz", side=2), tmp_path)
    assert made.images["train"].shape == (5, 3, 2, 2) and "averaged to 2 x 2" in made.origin
    for image, label in zip(made.images["train"], made.labels["train"], strict=True):
        blocks = images[int(label)].reshape(2, 3, 2, 3, 3).astype(float).mean((1, 3)).transpose(2, 0, 1)
        assert np.abs(image.numpy() - blocks).max() <= 0.5 + 1e-4


def test_validation_images_are_held_out_of_train(root):
    """The last 9 of the permutation that train is the first n of; nothing is in both, test stays as it is."""
    plain, held = prepare(numbers(), root), prepare(numbers(held_out=9), root)
    assert rows(held, "train") == rows(plain, "train")[:51]
    assert rows(held, "extra") == rows(plain, "train")[51:]
    assert held.labels["extra"].tolist() == [row % 5 for row in rows(held, "extra")]
    assert torch.equal(held.images["test"], plain.images["test"])
    small = prepare(numbers(train=20, held_out=9), root)
    assert rows(small, "train") == rows(plain, "train")[:20] and rows(small, "extra") == rows(held, "extra")


@pytest.mark.parametrize("train, held_out", [(51, 10), (0, 60), (0, 61)])
def test_train_and_validation_must_both_fit(root, train, held_out):
    with pytest.raises(ValueError, match=f"^npz: train has 60 images, {train} and {held_out} held out"):
        prepare(numbers(train=train, held_out=held_out), root)


@pytest.mark.parametrize(
    "spec",
    [numbers(held_out=5, extra=3), DataSpec(source="cluttered_digits", train=9, test=9, held_out=2)],
)
def test_validation_is_for_stored_sources_that_take_no_extra_split(root, spec):
    with pytest.raises(
        ValueError, match=r"`held_out` takes images out of the train split of a stored source"
    ):
        prepare(spec, root)


def test_one_permutation_of_the_pixels_in_all_channels_and_splits(tmp_path):
    """7 x 5 pixels in 3 colours: the same positions move alike everywhere, and `pixel_order` undoes it."""
    draws = np.random.default_rng(0)
    images = {
        split: draws.integers(0, 256, (n, 7, 5, 3), dtype=np.uint8)
        for split, n in (("train", 6), ("test", 3))
    }
    arrays = {f"x_{split}": x for split, x in images.items()} | {
        "y_train": np.arange(6),
        "y_test": np.arange(3),
    }
    np.savez(tmp_path / "x.npz", **arrays)
    spec = {"source": "npz", "path": "x.npz"}
    plain, moved = prepare(DataSpec(**spec), tmp_path), prepare(DataSpec(**spec, permute=4), tmp_path)
    order = pixel_order(4, 35)
    assert sorted(order.tolist()) == list(range(35)) and order.tolist() != list(range(35))
    for split in ("train", "test"):
        assert torch.equal(moved.labels[split], plain.labels[split])
        for place, source in enumerate(order.tolist()):
            assert torch.equal(
                moved.images[split][:, :, place // 5, place % 5],
                plain.images[split][:, :, source // 5, source % 5],
            )
    assert moved.origin.endswith("pixels permuted (seed 4)")
    assert not torch.equal(pixel_order(5, 35), order)
    assert prepare(DataSpec(**spec, permute=0), tmp_path).origin.endswith("(seed 0)")


def test_a_generated_source_makes_the_sizes_asked_for_and_needs_no_root():
    spec = DataSpec(source="cluttered_digits", train=13, test=4, extra=3, seed=2, options={"clutter": 0})
    made = prepare(spec, None)
    assert {split: len(x) for split, x in made.images.items()} == {"train": 13, "test": 4, "extra": 3}
    assert "clutter=0" in made.origin and "seed 2" in made.origin
    with pytest.raises(ValueError, match=r"`test` must be 1 or more images, got 0"):
        prepare(DataSpec(source="cluttered_digits", train=13), None)


@pytest.mark.parametrize(
    "spec, message",
    [
        (DataSpec(source="cifar11"), "there is no source 'cifar11'; there are cifar10, cifar100"),
        (DataSpec(source="_stored"), "there is no source '_stored'"),
        (numbers(train=-1), "npz: train must be 0 or more images, got -1"),
        (numbers(held_out=-1), "npz: held_out must be 0 or more images, got -1"),
        (
            DataSpec(source="npz", path="numbers.npz", options={"pad": 2}),
            "npz has no option `pad`; it has none",
        ),
        (numbers(side=2), "npz: side must divide the 4 x 3 images, got 2$"),
        (numbers(side=5), "npz: side must divide the 4 x 3 images, got 5$"),
        (numbers(side=-1), "npz: side must divide the 4 x 3 images, got -1$"),
        (
            DataSpec(source="cluttered_digits", train=1, test=1, side=8),
            "generated in any size: say so in its options",
        ),
        (DataSpec(source="mnist", options={"seed": 2}), "mnist has no option `seed`; it has pad$"),
        (
            DataSpec(source="cluttered_digits", train=1, test=1, options={"seed": 1}),
            "no option `seed`; it has canvas, channels, clutter, digits, fragment, noise, scale$",
        ),
    ],
)
def test_an_impossible_spec_is_one_line(spec, message, root):
    with pytest.raises(ValueError, match=message) as caught:
        prepare(spec, root)
    assert "\n" not in str(caught.value)


def test_all_sources_are_known_and_have_exactly_one_way_in():
    from importlib import import_module

    expected = [
        "cifar10",
        "cifar100",
        "cinic10",
        "cluttered_digits",
        "fashion_mnist",
        "mnist",
        "npz",
        "restricted_imagenet",
        "svhn",
    ]
    assert set(expected) <= set(known_sources())
    for name in known_sources():
        module = import_module(f"anarch.data.sources.{name}")
        assert hasattr(module, "load") != hasattr(module, "generate")


def test_preparing_draws_nothing_from_the_global_generator(root):
    state = torch.get_rng_state()
    prepare(numbers(train=10), root)
    prepare(DataSpec(source="cluttered_digits", train=3, test=3), None)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_data_room_knows_no_models():
    code = "import sys, anarch.data.prepare; print([m for m in sys.modules if m.startswith('anarch.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "anarch.data.prepare" in loaded
    for room in ("models", "lifting", "training", "landscape", "workflow"):
        assert f"anarch.{room}" not in loaded
