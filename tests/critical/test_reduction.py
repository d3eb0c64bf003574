"""Grouping and merging of neurons against networks whose groups are known (embedding, Fig. 5)."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from anarch.critical.descent import TwoLayer
from anarch.critical.reduction import agreement, amplitudes, group, merge, orientations
from anarch.randomness import generator


def draws(*purpose: object) -> torch.Generator:
    return generator(0, *purpose)


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=draws("reduction", *shape), dtype=torch.float64)


def condensed(copies: tuple[int, ...] = (4, 1, 3)) -> TwoLayer:
    """ReLU neurons along orthogonal orientations in 4 axes: as many as ``copies`` of each, of any length."""
    directions = torch.eye(4, dtype=torch.float64)[: len(copies)].repeat_interleave(torch.tensor(copies), 0)
    lengths = 0.5 + torch.rand(sum(copies), 1, generator=draws("lengths"), dtype=torch.float64)
    outer = 1.0 + normal(sum(copies), 2).abs()
    return TwoLayer(directions * lengths, outer, "relu")


def test_groups_are_the_orientations():
    groups = group(condensed())
    assert [m.tolist() for m in groups.members] == [[0, 1, 2, 3], [5, 6, 7], [4]]
    assert groups.order().tolist() == [0, 1, 2, 3, 5, 6, 7, 4] and not len(groups.dropped)


def test_merging_one_orientation_is_exact_for_relu_and_vector_outputs():
    net = condensed()
    reduced = merge(net, group(net), draws("merge"))
    assert reduced.inner.shape == (3, 4) and reduced.outer.shape == (3, 2)
    x = normal(20, 3)
    assert_close(reduced.output(x), net.output(x))


def test_merging_equal_and_opposite_neurons_is_exact_for_tanh():
    rows = normal(2, 3)
    net = TwoLayer(torch.cat([rows, -rows[:1], rows[1:]]), normal(4, 2), "tanh")
    groups = group(net, low_amplitude=0.0, mirror=True)
    assert sorted(m.tolist() for m in groups.members) == [[0, 2], [1, 3]]
    x = normal(9, 2)
    assert_close(merge(net, groups, draws("merge")).output(x), net.output(x))
    assert len(group(net, low_amplitude=0.0).members) == 3


@pytest.mark.parametrize("cosine", [0.5, 0.9, 0.99])
def test_every_two_members_are_alike_and_every_neuron_is_in_one_place(cosine):
    net = TwoLayer(normal(60, 3) + torch.tensor([1.5, 0.0, 0.0]), normal(60, 1), "relu")
    groups, similarity = group(net, cosine=cosine, low_amplitude=0.05), orientations(net)
    for members in groups.members:
        assert similarity[members][:, members].min() >= cosine - 1e-8
    assert sorted(groups.order().tolist()) == list(range(60))
    size = amplitudes(net)
    assert (size[groups.dropped] < 0.05 * size.max()).all()
    assert all((size[m] >= 0.05 * size.max()).all() for m in groups.members)


def test_a_lone_neuron_and_a_dead_network():
    net = condensed((1,))
    assert [m.tolist() for m in group(net).members] == [[0]]
    dead = TwoLayer(torch.zeros(2, 3), torch.zeros(2, 1), "relu")
    assert group(dead).members == [] and orientations(dead).abs().max() == 0


def test_agreement_counts_pairs():
    a = torch.tensor([[2.0, 1, 0], [0, 3, 1], [0, 3, 1], [1, 0, 5]])
    b = torch.tensor([[5.0, 1, 0], [0, 1, 3], [0, 3, 1], [0, 0, 5]])
    share, counts = agreement(a, b)
    assert share == 0.75
    assert counts.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]


def test_errors():
    with pytest.raises(ValueError, match=r"cosine must lie in \(-1, 1\]"):
        group(condensed(), cosine=1.5)
    with pytest.raises(ValueError, match=r"low_amplitude in \[0, 1\)"):
        group(condensed(), low_amplitude=1.0)
    with pytest.raises(ValueError, match="no neuron left"):
        merge(condensed(), group(TwoLayer(torch.zeros(2, 3), torch.zeros(2, 1), "relu")), draws())
    with pytest.raises(ValueError, match="two outputs of one shape"):
        agreement(torch.zeros(2, 3), torch.zeros(3, 3))
