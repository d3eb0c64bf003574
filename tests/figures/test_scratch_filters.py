"""Filters and permuted pixels of the scratch study: colours, order of pixels, locality."""

import numpy as np
import pandas as pd
import pytest
from endings import drawing
from legible import assert_legible
from planted_scratch import DIGITS, PAPER, filter_table, made

from anarch.figures import scratch
from anarch.figures.scratch import pixels
from anarch.figures.tables import TableError

draw = drawing(scratch, "laptop scale")


@pytest.fixture(scope="module")
def small():
    return made(DIGITS, 3)


@pytest.fixture(scope="module")
def large():
    return made(PAPER, 2, (400, 4000), channels=3)


def test_zeros_alone_are_white_and_the_map_is_symmetric():
    weight = np.array([[-1.0, -0.5, -1e-9, 0.0, -0.0, 1e-9, 0.5, 1.0]])
    (shades,) = pixels.coloured(weight)
    white = (shades == 1).all(1)
    np.testing.assert_array_equal(white, weight[0] == 0)
    grey = shades[:, :3] @ [0.299, 0.587, 0.114]
    assert grey[[2, 5]].max() < 0.87, "the least weight is darker than a zero, in grey too"
    assert grey[0] < grey[1] < grey[2] and grey[7] < grey[6] < grey[5]
    np.testing.assert_allclose(shades[6], pixels.SIGNED(0.75))
    np.testing.assert_allclose(shades[1], pixels.SIGNED(0.25))
    np.testing.assert_array_equal(pixels.coloured(np.zeros((2, 2))), np.ones((2, 2, 4)))


def test_a_filter_is_found_whatever_the_order_of_its_pixels():
    weight = np.random.default_rng(0).normal(size=(3, 5, 4))
    place = [axis.ravel() for axis in np.mgrid[:3, :5, :4]]
    rows = pd.DataFrame(dict(zip(("channel", "row", "column"), place, strict=True))).assign(
        weight=weight.ravel()
    )
    np.testing.assert_array_equal(pixels.picture(rows.sample(frac=1, random_state=0), "").weight, weight)


@pytest.mark.parametrize("scale", ["small", "large"])
def test_filters_are_drawn_in_their_own_colours_channel_by_channel(scale, request):
    tables = request.getfixturevalue(scale)
    chosen = tables["filters"].query("network == 'S-FC' and method == 'beta-LASSO' and pixels == 'intact'")
    images = draw("fig8", tables).axes[0].get_images()
    channels = 1 if scale == "small" else 3
    assert len(images) == 24 * channels
    for number in (0, 5, 23):
        part = chosen[chosen["filter"] == number]
        planes = pixels.coloured(part.weight.to_numpy().reshape(channels, 32, 32))
        for image, plane in zip(images[number * channels :], planes, strict=False):
            np.testing.assert_allclose(image.get_array(), plane)


def test_locality_stands_beside_the_filters(small):
    axes = draw("fig4", small).axes[:4]
    titles = [ax.get_title(loc="left") for ax in axes]
    assert titles[0] == (
        "S-FC, SGD:  4\u2009096 filters, rms radius 12.40 ± 0.00 px, ratio to shuffled 0.950 ± 0.000"
    )
    assert [title.split(":")[0] for title in titles[1:]] == [
        "S-FC, β-LASSO",
        "S-LOCAL, SGD",
        "S-FC, β-LASSO, trained on permuted pixels",
    ]
    table = small["filters"]
    for ax, kind in zip(axes, (("S-FC", "SGD"), ("S-FC", "beta-LASSO"), ("S-LOCAL", "SGD")), strict=False):
        own = table[(table.network == kind[0]) & (table["method"] == kind[1]) & (table.pixels == "intact")]
        first = own[own["filter"] < 8].groupby("filter")[["radius", "locality"]].first()
        labels = [text.get_text() for text in ax.texts]
        assert labels == [f"{radius:.1f} px ({ratio:.2f})" for radius, ratio in first.itertuples(index=False)]


def test_only_full_lines_of_filters_and_no_ratio_where_it_is_undefined(small):
    table = filter_table(count=9)
    table.loc[table["filter"] == 1, "locality"] = np.nan
    labels = [text.get_text() for text in draw("fig7", {**small, "filters": table}).axes[0].texts]
    assert len(labels) == 8 and labels[1].endswith("px")
    few = draw("fig7", {**small, "filters": filter_table(count=3)})
    assert len(few.axes[0].get_images()) == 3
    assert_legible(few)


def test_a_network_without_enough_non_zeros_is_told(small):
    dense = small["filters"].query("method == 'SGD'")
    none = small["results"].assign(filters=0, radius=np.nan, locality=np.nan)
    for name, axes in (("fig8", 1), ("fig4", 3)):
        figure = draw(name, {"filters": dense, "results": none})
        shown = [ax.texts[0].get_text() for ax in figure.axes if ax.texts]
        assert len(shown) == axes and sum("none has 20 non-zero" in text for text in shown) == 1
        assert_legible(figure)
    with pytest.raises(TableError, match="filters and results lack S-FC, beta-LASSO, intact"):
        draw("fig8", {"filters": dense, "results": small["results"].query("method == 'SGD'")})
