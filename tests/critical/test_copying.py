"""Copies of a neuron at a critical point: what is chosen, and what copying adds to the spectrum."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from anarch.critical.copying import choose, copied, copied_precisely
from anarch.critical.diagram import CriticalPoint, embed
from anarch.critical.networks import gradient, hessian, loss, output
from anarch.critical.spectra import inertia, spectrum, splitting_block


@pytest.fixture(scope="module")
def points(line, minima) -> list[CriticalPoint]:
    """The minima of widths 1 and 2 on the line, and that of width 1 split: a degenerate saddle."""
    x, y = line
    found = [*minima, embed(*minima[0], (2,))]
    return [
        CriticalPoint(
            network, theta, loss(network, theta, x, y).item(), output(network, theta, x),
            gradient(network, theta, x, y).abs().sum().item(), 1,
            inertia(spectrum(hessian(network, theta, x, y))),
        )
        for network, theta in found
    ]  # fmt: skip


def test_copies_keep_the_loss_and_the_vanishing_gradient(line, points):
    for count, point in enumerate(copied(points[1], 1, 3, *line), start=1):
        assert point.network.widths == (1, 1 + count, 1)
        assert point.loss == pytest.approx(points[1].loss, rel=1e-12) and point.residual < 1e-12
        assert len(point.eigenvalues) == point.network.parameters


def test_a_copy_adds_the_inertia_of_the_splitting_block(line, points):
    """Sylvester: degeneracy and index of the wide point are sums of the narrow one's and the block's."""
    narrow = points[1]
    one, two = (inertia(point.eigenvalues) for point in copied(narrow, 0, 2, *line))
    block = splitting_block(narrow.network, narrow.theta, *line, layer=0, neuron=0, alpha=0.5)
    top = copied(narrow, 0, 1, *line)[0].eigenvalues.abs().max().item()
    added = inertia(spectrum(block), scale=top)
    assert (two.negative, two.zero) == (one.negative + added.negative, one.zero + added.zero)


def test_more_digits_give_the_same_eigenvalues_and_smaller_zeros(line, points):
    plain, precise = copied(points[0], 0, 2, *line), copied_precisely(points[0], 0, 2, *line, digits=30)
    for rough, sharp in zip(plain, precise, strict=True):
        assert_close(sharp.eigenvalues, rough.eigenvalues, rtol=1e-9, atol=1e-11)
    assert inertia(precise[1].eigenvalues).zero == 1 and precise[1].eigenvalues.abs().min() < 1e-25


def test_all_regular_points_of_the_nearest_index_are_chosen_lowest_loss_first(points):
    one, two, degenerate = points
    assert one.inertia.negative == two.inertia.negative == 0 and two.loss < one.loss
    assert choose([one, two], negatives=0) == [two, one]
    saddle = replace(one, inertia=replace(one.inertia, negative=3))
    assert choose([one, two, saddle], negatives=5) == [saddle]
    assert choose(points, negatives=5) == [two, one]  # the third is degenerate, though a saddle
    assert choose([degenerate], negatives=5) == [degenerate]


def test_a_point_on_its_way_to_infinity_is_not_chosen(points):
    far = replace(points[1], theta=torch.full_like(points[1].theta, 30.0), loss=-1.0)
    assert choose([far, points[1]], negatives=0) == [points[1]]
