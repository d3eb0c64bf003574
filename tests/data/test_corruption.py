"""Algorithm 1 of bad_minima: exact counts, one definition for all batches, uniform labels and blanks."""

import pytest
import torch

from anarch.data import corruption
from anarch.data.corruption import corrupted_batch, random_labels, randomly_labelled


def images(n=5, shape=(3, 7, 6), dtype=torch.uint8):
    """Values 1 to 100, none 0, no two images alike."""
    return torch.arange(n * 126).view(-1, 3, 7, 6)[:, : shape[0]].remainder(100).add(1).to(dtype)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float64])
@pytest.mark.parametrize("zero_out", [0.0, 0.1, 0.37, 1.0])
@pytest.mark.parametrize("unit", ["value", "pixel"])
def test_each_copy_is_its_image_with_exactly_that_many_zeros(dtype, zero_out, unit):
    x = images(dtype=dtype)
    copies, labels = randomly_labelled(x, torch.zeros(5), 4, zero_out, 10, 3, unit=unit)
    assert copies.dtype == dtype and copies.shape == (20, 3, 7, 6)
    assert labels.dtype == torch.int64 and labels.shape == (20,) and labels.min() >= 0 and labels.max() < 10
    zero = copies == 0
    assert torch.equal(torch.where(zero, 0, x.repeat(4, 1, 1, 1)), copies), "row r is a copy of image r % N"
    if unit == "pixel":
        assert torch.equal(zero.all(1), zero.any(1)), "all channels of a pixel together"
        assert zero[:, 0].flatten(1).sum(1).tolist() == [int(42 * zero_out)] * 20
    else:
        assert zero.flatten(1).sum(1).tolist() == [int(126 * zero_out)] * 20


def test_a_tenth_of_a_cifar_image_is_307_values_as_in_the_authors_code():
    copies = corrupted_batch(torch.ones(1, 3, 32, 32), torch.arange(3), 0.1, 0)
    assert (copies == 0).flatten(1).sum(1).tolist() == [307] * 3


@pytest.mark.parametrize("unit", ["value", "pixel"])
def test_any_batch_has_the_bits_of_the_whole(unit, monkeypatch):
    x = images(300)
    whole, labels = randomly_labelled(x, torch.zeros(300), 2, 0.2, 10, 1, unit=unit)
    order = torch.randperm(600, generator=torch.Generator().manual_seed(0))
    for rows in (*order.split(67), order[:1]):
        assert torch.equal(corrupted_batch(x, rows, 0.2, 1, unit=unit), whole[rows])
    monkeypatch.setattr(corruption, "_BLOCK", 200)
    assert torch.equal(corrupted_batch(x, order, 0.2, 1, unit=unit), whole[order])
    assert torch.equal(random_labels(600, 10, 1), labels)


def test_a_smaller_r_is_part_of_a_larger_one():
    x, y = images(), torch.zeros(5)
    few, many = randomly_labelled(x, y, 2, 0.3, 10, 0), randomly_labelled(x, y, 5, 0.3, 10, 0)
    assert all(torch.equal(a, b[:10]) for a, b in zip(few, many, strict=True))


def test_seeds_and_replicas_differ():
    x = torch.ones(1, 1, 20, 20)
    copies = torch.stack([corrupted_batch(x, torch.arange(50), 0.5, seed) for seed in range(4)])
    assert len(copies.view(200, -1).unique(dim=0)) == 200
    assert len(torch.stack([random_labels(100, 10, seed) for seed in range(50)]).unique(dim=0)) == 50


def test_the_global_generator_and_the_arguments_are_left_alone():
    x, y = images(), torch.arange(5)
    before, state = x.clone(), torch.get_rng_state()
    first = randomly_labelled(x, y, 2, 0.5, 10, 7)
    torch.manual_seed(99)
    again = randomly_labelled(x, y.flip(0), 2, 0.5, 10, 7)
    torch.set_rng_state(state)
    assert torch.equal(x, before) and torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True)), "nothing depends on y"


def test_the_hash_of_rows_is_splitmix64():
    """The first outputs of the published generator for the seed 1234567."""
    published = (6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431)
    hashed = corruption._row_hash(torch.arange(1, 5), 1234567)
    assert [value % 2**64 for value in hashed.tolist()] == list(published)


def test_the_hash_of_places_is_the_one_of_unsigned_integers():
    def lowbias32(x):
        x = (x ^ x >> 16) * 0x7FEB352D % 2**32
        x = (x ^ x >> 15) * 0x846CA68B % 2**32
        return x ^ x >> 16

    x = [0, 1, 2, 12345, 2**31 - 1, 2**31, 2**32 - 1]
    signed = torch.tensor([(v + 2**31) % 2**32 - 2**31 for v in x], dtype=torch.int32)
    assert [v % 2**32 for v in corruption._mixed(signed).tolist()] == [lowbias32(v) for v in x]


def test_both_ways_to_the_smallest_keys_agree():
    keys = torch.randint(-(2**31), 2**31, (9, 50), generator=torch.Generator().manual_seed(0)).int()
    for size in (1, 7, 50):
        wanted = keys.kthvalue(size, dim=1, keepdim=True).values
        assert torch.equal(corruption._smallest(keys, size), wanted)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_makes_the_same_bits():
    x, y = images(300), torch.zeros(300)
    ours, theirs = (randomly_labelled(x.to(d), y.to(d), 2, 0.2, 10, 1) for d in ("cpu", "cuda"))
    assert all(torch.equal(a, b.cpu()) for a, b in zip(ours, theirs, strict=True))


def chi_square(counts, expected):
    """Distance of ``counts`` from ``expected`` in standard deviations of a chi-square of that size."""
    cells = counts.numel()
    return (((counts - expected) ** 2 / expected).sum() - cells) / (2 * cells) ** 0.5


def test_labels_are_uniform_and_independent_of_their_neighbours_and_of_the_other_replicas():
    """Fixed seed and 8 standard deviations: true uniformity passes, a label 3 % too frequent would not."""
    labels = random_labels(1_000_000, 10, 0)
    assert chi_square(torch.bincount(labels, minlength=10).double(), 100_000) < 8
    for other in (1, 2, 10, 50_000):
        pairs = torch.bincount(10 * labels[:-other] + labels[other:], minlength=100)
        assert chi_square(pairs.double(), (1_000_000 - other) / 100) < 8


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 2, 3)])
def test_blanks_are_uniform_over_places_and_over_pairs_of_places(shape):
    """Pairs are the second moments of a subset: without replacement, (n/M) ((n-1)/(M-1)) for each."""
    count = 200_000
    zero = corrupted_batch(torch.ones(100, *shape), torch.arange(count), 0.5, 0).flatten(1) == 0
    m = zero.shape[1]
    n = m // 2
    together = zero.T.float() @ zero.float()
    assert chi_square(together.diag().double(), count * n / m) < 8
    upper = together[torch.triu(torch.ones(m, m, dtype=torch.bool), 1)].double()
    assert chi_square(upper, count * n * (n - 1) / (m * (m - 1))) < 8


def test_blanks_of_neighbouring_copies_are_independent():
    """The overlap of two subsets of 30 of 60 places is hypergeometric: mean 15, variance 30 / 4 * 30 / 59."""
    zero = corrupted_batch(torch.ones(100, 3, 4, 5), torch.arange(100_000), 0.5, 0).flatten(1) == 0
    for other in (1, 100):
        overlap = (zero[:-other] & zero[other:]).sum(1).double()
        assert abs(overlap.mean() - 15) < 8 * (3.814 / len(overlap)) ** 0.5
        assert abs(overlap.var() - 3.814) < 0.15


@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": torch.ones(5, 2)}, r"x must be images \(N, C, H, W\) and y labels .* got \(5, 2\), \(5,\)"),
        ({"y": torch.zeros(4)}, r"got \(5, 3, 7, 6\), \(4,\)"),
        ({"replicas": 0}, "replicas must be 1 or more, got 0"),
        ({"classes": 0}, "classes must be 1 or more, got 0"),
        ({"zero_out": 1.5}, "zero_out must be a part between 0 and 1, got 1.5"),
        ({"zero_out": float("nan")}, "zero_out must be a part between 0 and 1, got nan"),
        ({"unit": "image"}, "unit must be value or pixel, got 'image'"),
    ],
)
def test_impossible_arguments_are_refused(change, message):
    given = {"x": images(), "y": torch.zeros(5), "replicas": 2, "zero_out": 0.1, "classes": 10, "seed": 0}
    with pytest.raises(ValueError, match=message):
        randomly_labelled(**(given | change))
