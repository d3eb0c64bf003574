"""Generated images hold what they should, pixel for pixel, and splits share no source digit."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from anarch.data.sources import cluttered_digits
from anarch.data.sources.cluttered_digits import generate, source_digits

PLAIN = {
    "clutter": 0,
    "noise": 0.0,
    "scale": 8,
    "fragment": 1,
}  # at scale 8 nothing is enlarged: exact pixels


def painted(value):
    """Source digits each of one grey ``value``, a number or a tensor (1797,), with the true labels."""
    labels = torch.from_numpy(load_digits().target).long()
    return torch.as_tensor(value).expand(len(labels))[:, None, None].expand(-1, 8, 8).float(), labels


def holders(image, shown, top, left):
    """Rows of the source digits (1797, 8, 8) that ``image`` shows at exactly this place."""
    return (image[top : top + 8, left : left + 8] == shown).flatten(1).all(1).nonzero()[:, 0].tolist()


@pytest.mark.parametrize("digits", [1, 2])
def test_an_image_shows_source_digits_of_its_label_and_its_split_and_nothing_else(digits):
    raw = load_digits()
    shown = (torch.from_numpy(raw.images) / 16 * 255).round().to(torch.uint8)
    pools = source_digits(3)
    made = generate({"train": 12, "test": 12, "extra": 12}, seed=3, digits=digits, canvas=18, **PLAIN)
    for split in ("train", "test", "extra"):
        pool = set(pools[split].tolist())
        for image, label in zip(made.images[split][:, 0], made.labels[split].tolist(), strict=True):
            wanted = [int(d) for d in f"{label:0{digits}d}"]
            places = [(top, left) for top in range(11) for left in range(18 - 8 * digits + 1)]
            fits = [
                place
                for place in places
                if all(
                    any(
                        r in pool and raw.target[r] == digit
                        for r in holders(image, shown, place[0], place[1] + 8 * i)
                    )
                    for i, digit in enumerate(wanted)
                )
                and image.sum() == image[place[0] : place[0] + 8, place[1] : place[1] + 8 * digits].sum()
            ]
            assert fits, f"{split}: no place holds {label} from its own pool"


def test_source_digits_are_parted_among_the_splits_and_each_split_has_all_classes():
    labels = torch.from_numpy(load_digits().target)
    for seed in (0, 1):
        pools = source_digits(seed)
        rows = torch.cat(list(pools.values()))
        assert sorted(rows.tolist()) == list(range(1797))  # each once: disjoint and complete
        for split, share in cluttered_digits.SHARES.items():
            counts = torch.bincount(labels[pools[split]], minlength=10)
            assert (counts - share * torch.bincount(labels)).abs().max() <= 1
    assert not torch.equal(source_digits(0)["train"], source_digits(1)["train"])


def test_fragments_too_come_from_the_splits_own_pool(monkeypatch):
    """Source digits painted by pool, 51, 102 or 204: another pool's ink would show anywhere."""
    grey = torch.zeros(1797)
    ink = {"train": 51, "test": 102, "extra": 204}
    for split, rows in source_digits(0).items():
        grey[rows] = ink[split] / 255
    monkeypatch.setattr(cluttered_digits, "handwriting", lambda: painted(grey))
    made = generate({"train": 30, "test": 30, "extra": 30}, seed=0, clutter=5, noise=0.0)
    for split, value in ink.items():
        assert made.images[split].unique().tolist() == [0, value]


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    sizes = {"train": 40, "test": 40}
    a, b, c = (generate(sizes, seed=seed) for seed in (5, 5, 6))
    for split in sizes:
        assert torch.equal(a.images[split], b.images[split]) and torch.equal(a.labels[split], b.labels[split])
        assert not torch.equal(a.images[split], c.images[split])
    assert not torch.equal(a.images["train"], a.images["test"])


def test_a_split_does_not_depend_on_the_others():
    small = generate({"train": 40, "test": 10}, seed=5)
    large = generate({"train": 40, "test": 99, "extra": 7}, seed=5)
    assert set(small.images) == {"train", "test"} and set(large.images) == {"train", "test", "extra"}
    assert torch.equal(small.images["train"], large.images["train"])


@pytest.mark.parametrize("size", [1, 7, 103, cluttered_digits.BLOCK + 3])
@pytest.mark.parametrize("digits", [1, 2])
def test_any_size_is_balanced_and_of_the_promised_shape(size, digits):
    made = generate({"train": size, "test": 1}, seed=0, digits=digits, channels=3, canvas=34)
    assert made.images["train"].shape == (size, 3, 34, 34) and made.images["train"].dtype == torch.uint8
    assert made.classes == 10**digits and made.labels["train"].dtype == torch.int64
    counts = torch.bincount(made.labels["train"], minlength=made.classes)
    assert counts.max() - counts.min() <= 1
    assert made.checksums == {} and "load_digits" in made.origin and made.licence


def test_labels_are_not_in_order():
    labels = generate({"train": 1000, "test": 1}, seed=0).labels["train"]
    assert not torch.equal(labels[:10], torch.arange(10)) and not torch.equal(labels, labels.sort().values)


def test_a_digit_lies_everywhere_on_the_canvas(monkeypatch):
    """9 places, 400 images: the chance that a uniform draw leaves one out is 9 (8/9)^400 < 1e-19."""
    monkeypatch.setattr(cluttered_digits, "handwriting", lambda: painted(1.0))
    images = generate({"train": 400, "test": 1}, seed=0, canvas=10, **PLAIN).images["train"]
    places = images.flatten(1).argmax(1).tolist()  # the first pixel of full white is the top left corner
    assert set(places) == {10 * top + left for top in range(3) for left in range(3)}
    assert (images.flatten(1).double().sum(1) == 64 * 255).all()


def test_clutter_adds_fragments_of_the_promised_size(monkeypatch):
    monkeypatch.setattr(cluttered_digits, "handwriting", lambda: painted(1.0))
    options = {"noise": 0.0, "scale": 8, "fragment": 3, "canvas": 24}
    ink = generate({"train": 300, "test": 1}, seed=0, clutter=4, **options).images["train"].flatten(1) == 255
    assert ink.sum(1).min() >= 64 and ink.sum(1).max() == 64 + 4 * 9  # most where nothing overlaps


def test_noise_is_gaussian_of_the_given_std_and_its_own_in_each_channel(monkeypatch):
    """51,200 pixels; bounds of 10 standard errors: std / sqrt(2 n) of a std, 1 / sqrt(n) of a correlation."""
    monkeypatch.setattr(cluttered_digits, "handwriting", lambda: painted(0.5))
    made = generate({"train": 50, "test": 1}, seed=0, clutter=0, noise=0.1, scale=32, channels=2)
    values = made.images["train"].double().permute(1, 0, 2, 3).flatten(1) / 255
    n = values.shape[1]
    assert values.std(1).sub(0.1).abs().max() < 10 * 0.1 / math.sqrt(2 * n)
    assert values.mean(1).sub(0.5).abs().max() < 10 * 0.1 / math.sqrt(n) + 0.5 / 255
    assert torch.corrcoef(values)[0, 1].abs() < 10 / math.sqrt(n)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"clutter": -1}, "`clutter` must be a whole number, 0 or more; got -1"),
        ({"clutter": 1.5}, "`clutter` must be a whole number"),
        ({"noise": 1.5}, "`noise` must be a standard deviation in 0..1; got 1.5"),
        ({"noise": "a"}, "`noise` must be a standard deviation"),
        ({"digits": 3}, "`digits` must be 1 .10 classes. or 2 .100 classes.; got 3"),
        ({"scale": 33}, "`scale` must be at most 32"),
        ({"scale": 17, "digits": 2}, "`scale` must be at most 16"),
        ({"scale": 0}, "`scale` must be a whole number, 1 or more; got 0"),
        ({"fragment": 12, "scale": 11}, "`fragment` must be at most the scale, 11; got 12"),
        ({"channels": 0}, "`channels` must be a whole number, 1 or more"),
        ({"canvas": 0}, "`canvas` must be a whole number, 1 or more"),
    ],
)
def test_an_impossible_option_is_one_line_that_names_it(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        generate({"train": 1, "test": 1}, seed=0, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sizes", [{"train": 0, "test": 1}, {"train": 1, "test": 1, "valid": 1}])
def test_an_impossible_size_is_refused(sizes):
    with pytest.raises(ValueError, match="sizes are of train, test, extra, 1 or more"):
        generate(sizes, seed=0)
