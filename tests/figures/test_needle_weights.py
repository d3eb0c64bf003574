"""Weights of the needle study: filters of a unit, and blocks of the lifted layers."""

import numpy as np
import pandas as pd
import pytest
from endings import drawing
from legible import assert_legible

from anarch.figures import needle

draw = drawing(needle, "laptop scale")


@pytest.fixture(scope="module")
def three(tables):
    return tables(seeds=3)


def test_fig6_is_a_grid_on_one_colour_scale_with_zeros_masked(three):
    figure = draw("fig6", three)
    images = [ax.images[0] for ax in figure.axes if ax.images]
    assert len(images) == 9 and len({(image.norm.vmin, image.norm.vmax) for image in images}) == 1
    cell = three["filters"].query("model == 'eFCN' and relax_time == 8 and epoch == 30")
    np.testing.assert_array_equal(images[5].get_array().filled(np.nan).ravel(), cell.log_abs_weight)
    masked = np.ma.getmaskarray(images[0].get_array())
    assert masked.sum() == 32 * 32 - 4 and not masked[:2, :2].any()
    assert [ax.get_ylabel() for ax in figure.axes[:9:3]] == ["$t_w$ = 0", "$t_w$ = 8", "$t_w$ = 60"]
    assert [ax.get_title() for ax in figure.axes[:3]] == ["epoch 0", "epoch 8", "epoch 30"]


def test_fig6_leaves_out_a_panel_that_was_not_measured(three):
    part = three["filters"].query("not (relax_time == 8 and epoch == 30)")
    figure = draw("fig6", {"filters": part})
    assert sum(bool(ax.images) for ax in figure.axes[:9]) == 8


def test_fig7_draws_initial_final_and_difference(three):
    figure = draw("fig7", three)
    initial, final, difference = (ax.images[0] for ax in figure.axes[:3])
    rows = three["filters"].query("model == 'FCN'")
    for image, query in (
        (initial, "panel == 'weights' and epoch == 0"),
        (final, "panel == 'weights' and epoch == 30"),
        (difference, "panel == 'difference'"),
    ):
        np.testing.assert_array_equal(np.asarray(image.get_array()).ravel(), rows.query(query).log_abs_weight)
    assert initial.norm is final.norm and difference.norm is not initial.norm


def test_figA_draws_the_filled_share_of_each_block(three):
    figure = draw("figA", three)
    images = [ax.images[0] for ax in figure.axes if ax.images][:3]
    for layer, image in enumerate(images, start=1):
        cells = three["blocks"].query(f"layer == {layer}")
        np.testing.assert_allclose(np.asarray(image.get_array()).ravel(), 100 * cells.filled)
    assert images[0].get_extent() == [0, 3072, 2312, 0]


def test_figA_has_room_for_the_five_layers_of_alexnet(three):
    sizes = ((12544, 3072), (9408, 3136), (3456, 1728), (2304, 3456), (2304, 2304))
    part = three["blocks"].query("layer == 1").drop(columns=["rows", "columns"])
    five = [
        part.assign(layer=i, rows=rows, columns=columns) for i, (rows, columns) in enumerate(sizes, start=1)
    ]
    assert_legible(draw("figA", {"blocks": pd.concat(five)}))
