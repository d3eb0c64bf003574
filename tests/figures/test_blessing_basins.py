"""Radii, volumes and rays of the blessing study's basins, with their bounds."""

import math

import numpy as np
import pandas as pd
import pytest
from endings import drawing
from legible import xy
from planted_blessing import basins, made

from anarch.figures import blessing
from anarch.figures.blessing import volumes
from anarch.figures.tables import TableError

draw = drawing(blessing, "laptop scale")


@pytest.fixture(scope="module")
def both():
    """A toy and an image set, three seeds."""
    return made(("swissroll", "digits"), 3)


def test_fig5_draws_mean_and_range_of_radii_and_every_volume(both):
    radii, volume = draw("fig5", both).axes[:2]
    rows = both["basins"].query("set == 'swissroll' and inside").merge(both["minima"])
    main = rows[rows.cutoff == 0.1].groupby("beta")
    means = pd.DataFrame({"x": 100 * main.test_accuracy.mean(), "y": main.radius_mean.mean()}).sort_values(
        "x"
    )
    np.testing.assert_allclose(xy(radii, "0.1"), (means.x, means.y))
    assert [line.get_linestyle() for line in radii.get_lines()] == ["--"] * 4
    (band,) = radii.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx(
        (main.radius_min.min().min(), main.radius_max.max().max())
    )
    least = rows[rows.cutoff == 0.05]
    assert 0.5 not in set(least.beta)
    np.testing.assert_allclose(xy(volume, "0.05"), (100 * least.test_accuracy, least.log10_volume))
    at = rows[rows.cutoff == 0.1]
    np.testing.assert_allclose(xy(volume, "_shaped"), (100 * at.test_accuracy, at.log10_preconditioned))
    assert not volume.collections


def test_fig5_marks_volumes_that_are_lower_bounds_as_open(both):
    volume = draw("fig5", both).axes[1]
    bounds = both["basins"].query("set == 'swissroll' and censored > 0")
    np.testing.assert_allclose(xy(volume, "_≥ 1")[1], bounds.log10_volume)
    assert len(bounds) == 3 and len(xy(volume, "_≥ 0.5")[1]) == 0


def test_the_ratio_of_volumes_stands_beside_its_null_and_the_papers_bound(both):
    rows = basins(("swissroll",), 2).query("inside")
    orders = volumes.orders_of_magnitude(rows)
    for name in ("log10_volume", "log10_volume_median", "log10_preconditioned"):
        np.testing.assert_allclose(orders[name], 3 * 9_157 / math.log(10))
    np.testing.assert_allclose(orders.log10_quadratic, 200)
    titles = [ax.get_title() for ax in draw("fig5", both).axes]
    assert titles[1] == (
        "β = 0 over β = 0.5: 11,931 orders of magnitude\n"
        "(seeds: 11,931 to 11,931; good over good: 42 at most)\n"
        "median radius: 11,931; shape: 11,931; Hessian: 200"
    )
    assert titles[3].endswith("\npaper, SVHN: at least 10,000") and "Hessian" not in titles[3]


def test_a_ratio_against_the_papers_order_is_told_with_its_sign(both):
    table = both["basins"].assign(log10_volume=lambda rows: np.where(rows.beta == 0, -1000.4, 500.0))
    level = table.assign(log10_volume_median=-0.3, log10_preconditioned=np.nan)
    alone = both["nulls"].assign(log10_volume=np.nan)
    title = draw("fig5", {**both, "basins": level, "nulls": alone}).axes[1].get_title()
    assert title == (
        "β = 0 over β = 0.5: −1,500 orders of magnitude\n(seeds: −1,500 to −1,500)\n"
        "median radius: 0; shape: –; Hessian: 200"
    )


def test_a_minimum_outside_its_basin_has_no_ratio(both):
    table = basins(("swissroll",), 1, inside=lambda beta, cutoff: beta == 0 or cutoff > 0.1)
    assert draw("fig5", {**both, "basins": table}).axes[1].get_title() == "no seed has both basins"
    with pytest.raises(TableError, match="no row of a minimum that lies inside its basin"):
        draw("fig5", {**both, "basins": table.assign(inside=False)})


def test_fig6_is_a_ladder_of_gaps(both):
    shuffled = both["boundaries"].assign(test_accuracy=lambda table: 1 - (0.3 - table.beta).abs())
    figure = draw("fig6", {"boundaries": shuffled})
    titles = [ax.get_title() for ax in figure.axes if ax.axison]
    assert [float(title.split()[1]) for title in titles] == pytest.approx([0, 10, 10, 20, 20, 25, 30])
    assert titles[0] == "gap 0.0 %\nβ = 0.3, train 100\u00a0%"


def test_fig7_draws_each_direction_and_the_cutoff(both):
    figure = draw("fig7", both)
    good, worst, scale = figure.axes[:3]
    for ax, beta in ((good, 0.0), (worst, 0.5)):
        lines = [line for line in ax.get_lines() if line.get_label() == f"_β = {beta:g}"]
        rows = both["rays"].query("set == 'swissroll' and beta == @beta")
        for direction, drawn in enumerate(lines):
            ray = rows[rows.direction == direction]
            np.testing.assert_array_equal(drawn.get_data(), (ray.step, ray.loss))
        assert len(lines) == 8 and (xy(ax, "_cutoff")[1] == 0.1).all()
        median = rows.drop_duplicates("direction").radius.median()
        assert ax.get_title().endswith(f"median radius {median:.2g}")
    assert len(scale.get_lines()) == 17 and scale.get_xlim() == good.get_xlim()


def test_fig7_fills_the_basin_up_to_the_cutoff(both):
    good = draw("fig7", both).axes[0]
    rows = both["rays"].query("set == 'swissroll' and beta == 0").drop_duplicates("direction")
    for filled, radius in zip(good.collections, rows.radius, strict=True):
        steps, losses = filled.get_paths()[0].vertices.T
        assert losses.max() == pytest.approx(0.1)
        assert steps.max() == pytest.approx(radius, rel=0.02)  # linear between the steps of the table


def test_a_direction_that_never_meets_the_cutoff_counts_as_longest(both):
    censored = both["rays"].query("set == 'swissroll'").copy()
    censored.loc[censored.direction < 5, "radius"] = np.nan
    assert "most directions never meet the cutoff" in draw("fig7", {"rays": censored}).axes[0].get_title()
