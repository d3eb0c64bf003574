"""Sums over seeds, captions and axes, against what they must be by hand."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from anarch.figures import scales, style, tables


def test_over_seeds_leaves_out_failed_cells_and_counts_the_rest():
    rows = pd.DataFrame({"relax_time": [0, 0, 0, 5, 5, 7], "x": [1.0, 2.0, 6.0, 4.0, np.nan, np.inf]})
    summary = tables.over_seeds(rows, "x", scale=10)
    assert summary.loc[0].tolist() == [30, 10, 60, 3]
    assert summary.loc[5].tolist() == [40, 40, 40, 1]
    assert list(summary.index) == [0, 5]
    assert tables.counts(summary) == [3, 1]


def test_over_seeds_takes_no_text_for_a_number():
    with pytest.raises(tables.TableError, match="column x must hold numbers"):
        tables.over_seeds(pd.DataFrame({"relax_time": [0], "x": ["?"]}), "x")


def test_overall_of_nothing_has_no_row():
    empty = tables.overall(pd.DataFrame({"relax_time": [np.nan], "x": [np.nan]}), "x")
    assert len(empty) == 0
    ax = Figure().subplots()
    style.level(ax, empty, label="none", colour="black")
    assert not ax.get_lines()


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ([], "n = 0 seeds"),
        ([1, 1], "n = 1 seed"),
        ([3], "mean and range over n = 3 seeds"),
        ([3, 2, 3], "mean and range over n = 2 to 3 seeds"),
    ],
)
def test_seeds_text(counts, text):
    assert style.seeds_text(counts) == text


def test_captions_take_any_text_literally():
    made = Figure()
    style.caption(made, "Text.", about="costs 3 $ or 4 $.", counts=[1])
    assert made.get_supxlabel() == r"Text. costs 3 \$ or 4 \$; n = 1 seed."


@pytest.mark.parametrize(
    ("largest", "ticks"), [(0, [0, 1]), (2, [0, 1]), (60, [0, 1, 3, 10, 30]), (150, [0, 1, 3, 10, 30, 100])]
)
def test_the_time_axis_shows_zero_and_evenly_spread_decades(largest, ticks):
    ax = Figure().subplots()
    scales.time_axis(ax, largest)
    assert list(ax.get_xticks()) == ticks
    low, high = ax.get_xlim()
    assert low < 0 and high > largest
    places = ax.transData.transform([(tick, 0) for tick in ticks])[:, 0]
    assert np.all(np.diff(places) > 0.1 * ax.bbox.width)


@pytest.mark.parametrize(
    "values", [[3.0], [2.1, 2.9], [0.02, 0.7], [1e-3, 5.0], [1e-9, 1e4], [-1.0, 0.0, np.nan, 5.0], [np.nan]]
)
def test_log_axes_hold_all_positive_values_and_have_ticks(values):
    ax = Figure().subplots()
    scales.log_y(ax, np.array(values))
    low, high = ax.get_ylim()
    assert high / low >= 3.9
    assert all(low < value < high for value in values if value > 0)
    assert 2 <= len(ax.get_yticks()) <= 9
    assert len({scales.plain_number(tick) for tick in ax.get_yticks()}) == len(ax.get_yticks())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.03, "0.03"),
        (300, "300"),
        (1e-5, "$10^{-5}$"),
        (3e-6, r"$3\cdot 10^{-6}$"),
        (1e5, "$10^{5}$"),
    ],
)
def test_numbers_on_axes_are_short(value, text):
    assert scales.plain_number(value) == text


def test_relax_times_get_lighter_with_time_and_differ_in_marker():
    looks = style.relax_looks([0, 1, 3, 8, 20, 60])
    light = [0.2126 * r + 0.7152 * g + 0.0722 * b for (r, g, b, _), _ in looks.values()]
    assert np.all(np.diff(light) > 0.05)
    assert len({marker for _, marker in looks.values()}) == 6
