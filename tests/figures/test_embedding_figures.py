"""Each figure of ``embedding`` from planted tables: it plots what was planted, every text can be read."""

import numpy as np
import pandas as pd
import pytest
from endings import drawing, equal_bytes, missing_columns, missing_rows, words
from legible import assert_legible, texts, xy
from matplotlib.figure import Figure
from planted_embedding import GRID, curves, found, growth, made, output, spectra, wide_tables

from anarch.figures import embedding
from anarch.figures.embedding import published, series

ABOUT = "50 points of a target with three bends, digits (1,000 + 797 images), laptop scale"


draw = drawing(embedding, ABOUT)


def titles(figure: Figure) -> list[str]:
    return [ax.get_title(loc) for ax in figure.axes for loc in ("center", "left") if ax.get_title(loc)]


def labels(ax) -> list[str]:
    return [line.get_label() for line in ax.get_lines()]


@pytest.fixture(scope="module")
def three():
    return made(3)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("fig1", "n = 3 (small) and 3 (lifted) seeds"),
        ("fig2", "n = 1 network"),
        ("fig3", "n = 4 critical points, one a row"),
        ("fig4", "n = 4 critical points"),
        ("fig5", "mean and range over n = 3 seeds; strong lines, b and d: seed 0"),
        ("fig6", "mean and range over n = 3 seeds; strong lines, b and d: seed 0"),
        ("table1", "8 of 9 rows hold"),
    ],
)
def test_every_text_is_legible_and_the_caption_tells_data_and_n(name, counts, three):
    figure = draw(name, three)
    assert_legible(figure)
    assert ABOUT in words(figure) and counts in words(figure)


@pytest.mark.parametrize(("seeds", "name"), [(1, "fig1"), (1, "fig5"), (5, "fig1"), (5, "fig6")])
def test_one_seed_has_no_range_and_five_have_room(seeds, name):
    figure = draw(name, made(seeds))
    assert_legible(figure)
    ranged = [len(ax.collections) for ax in figure.axes if ax.get_xlabel() == "step of the reduction"]
    assert ("n = 1" in words(figure)) == (seeds == 1)
    assert all((count > 0) == (seeds > 1) for count in ranged)


def test_fig1_draws_each_run_and_the_levels_of_narrow_minima(three):
    ax = draw("fig1", three).axes[0]
    small = three["descent"].query("start == 'small'")
    for seed in range(3):
        steps, losses = xy(ax, f"origin 0, seed {seed}")
        np.testing.assert_array_equal(steps, small[small.seed == seed].step)
        np.testing.assert_array_equal(losses, small[small.seed == seed].loss)
    assert xy(ax, "width 1")[1][0] == 0.062 and xy(ax, "width 2")[1][0] == 0.0112
    assert "width 3" not in labels(ax)  # zero loss is not on a logarithmic axis
    marks = [line for line in ax.get_lines() if line.get_label() == "_shot"]
    assert [float(mark.get_xdata()[0]) for mark in marks] == [3e3, 3.6e4, 3e5]


def test_fig1_sets_outputs_beside_the_minima_of_widths_1_2_and_3(three):
    figure = draw("fig1", three)
    _, first, second, end, _, from_1, from_2, _ = figure.axes
    for ax, start, origin, plateau, width in (
        (first, "small", 0, 1, 1), (second, "small", 0, 2, 2), (end, "small", 0, 0, 3),
        (from_1, "lifted", 1, 1, 1), (from_2, "lifted", 2, 1, 2),
    ):  # fmt: skip
        shots = three["snapshots"].fillna({"origin": 0}).query("seed == 0")
        rows = shots[(shots.start == start) & (shots.origin == origin) & (shots.plateau == plateau)]
        np.testing.assert_array_equal(xy(ax, "wide")[1], rows.value)
        np.testing.assert_array_equal(xy(ax, f"width {width}")[1], output(width, 0, GRID))
    np.testing.assert_array_equal(xy(first, "nearest")[1], output(2, 1, GRID))
    assert "nearest" not in labels(second)
    assert titles(figure)[0].splitlines() == [
        "step 3,000: loss 0.0401", "1a: Δ −0.022, rms 0.07", "2b: Δ 0.001, rms 0.004",
    ]  # fmt: skip


@pytest.mark.parametrize(("origins", "plateaus", "panels"), [((), 0, 2), ((1,), 1, 6), ((1, 2), 4, 8)])
def test_fig1_draws_what_there_is(origins, plateaus, panels):
    figure = draw("fig1", {"curves": curves(), **wide_tables(2, origins, plateaus)})
    assert_legible(figure)
    assert sum(ax.axison for ax in figure.axes) == panels


def test_fig2_draws_an_edge_a_weight_and_the_halves_add_up(three):
    narrow, wide, bars = draw("fig2", three).axes
    assert (labels(narrow).count("_edge"), labels(wide).count("_edge")) == (10 + 6 + 3, 15 + 9 + 3)
    edges = [line for line in narrow.get_lines() if line.get_label() == "_edge"]
    sizes = three["split"].weight.abs()
    shares = sizes / sizes.groupby(three["split"].layer).transform("max")
    drawn = sorted(line.get_linewidth() for line in edges)
    np.testing.assert_allclose(drawn, np.sort(0.25 + 3.5 * shares[three["split"].network == "narrow"]))
    assert (
        sum(line.is_dashed() for line in edges)
        == (three["split"].query("network == 'narrow'").weight < 0).sum()
    )
    whole, kept, copy = ([bar.get_height() for bar in group] for group in bars.containers)
    np.testing.assert_allclose(np.add(kept, copy), whole)
    np.testing.assert_allclose(copy, 0.3 * np.array(whole))


def test_fig3_tells_positive_zero_and_negative_eigenvalues_apart(three):
    figure = draw("fig3", three)
    for ax, (_, rows) in zip(
        figure.axes[:3], three["spectra"].query("case == 'line'").groupby("width"), strict=True
    ):
        plain = rows[rows.arithmetic == "float64"]
        for sign, label in ((1, "positive"), (-1, "negative")):
            part = plain[plain.sign == sign]
            if part.empty:
                assert label not in labels(ax)
                continue
            drawn = xy(ax, label)
            np.testing.assert_array_equal(drawn, (part["index"], part.eigenvalue.abs()))
        assert xy(ax, "threshold")[1][0] == 3e-11
        assert len(xy(ax, "precise")[0]) == (plain.sign != 0).sum()
    zeros = xy(figure.axes[4], "zero")
    bottom = figure.axes[4].get_ylim()[0]
    assert list(zeros[0]) == [0, 1, 2] and bottom < zeros[1].min()  # an exact 0 stands at the lower edge


def test_fig3_prints_the_counts_beside_the_papers(three):
    told = titles(draw("fig3", three))
    line, zero_loss = told[2].splitlines(), told[5].splitlines()
    assert line[0].startswith("$m$ = 4, loss 0.0112")
    assert line[1] == "2 negative (paper 2), 2 zero, 9 positive"
    assert line[2].startswith("in 50 digits 2, 2, 9, zeros up to")
    assert zero_loss[1] == "0 negative, 6 zero, 10 positive" and len(zero_loss) == 2
    assert "7 negative (paper 7)" in told[8] and "7 negative (paper 7)" in told[11]
    assert told[2].endswith("negative: 2 (2×)") and told[8].endswith("negative: 7 (1×), 9 (3×)")
    some = draw("fig3", {"spectra": spectra(("iris", "own")), "growth": growth()})
    assert some.axes[3].get_ylabel().startswith("own") and "paper" not in titles(some)[3]
    assert_legible(some)


def test_fig4_sets_every_point_at_its_loss_with_its_output_beside(three):
    tree, *outputs = draw("fig4", three).axes
    marks = [line for line in tree.get_lines() if line.get_label().startswith("width")]
    places = sorted((int(mark.get_xdata()[0]), float(mark.get_ydata()[0])) for mark in marks)
    assert places[:3] == [(1, 0.062), (2, 0.0112), (2, 0.0391)]
    assert places[3][0] == 3 and tree.get_ylim()[0] < places[3][1] < 0.0112
    filled = {int(mark.get_xdata()[0]) for mark in marks if mark.get_markerfacecolor() != "white"}
    assert filled == {1, 2, 3}  # minima of their own width, though saddles in width 3
    assert [mark.get_markerfacecolor() for mark in marks].count("white") == 1
    for ax, point in zip(outputs, [(1, 0), (2, 1), (2, 0), (3, 0)], strict=True):
        np.testing.assert_array_equal(xy(ax, "output")[1], output(*point, GRID))
    assert outputs[1].texts[0].get_text().splitlines() == [
        "2b: loss 0.0391, index 1 → 2",
        "degeneracy 1, $m-m_0$ = 1",
        "(by other splits 1 to 2)",
        "from 900 of 2,000 starts",
    ]


def test_fig4_has_room_for_many_points():
    many = {(w, p): 0.06 / w + 0.001 * p for w, n in ((1, 2), (2, 5), (3, 7)) for p in range(n)}
    figure = draw("fig4", found(many))
    assert_legible(figure)
    shown = [ax.texts[0].get_text()[:2] for ax in figure.axes[1:]]
    assert len(shown) == 10 and {"1a", "1b", "2a", "2d", "3a", "3d"} <= set(shown)
    assert "the 4 others are left out" in words(figure) and "1, 1, 1 minima" in words(figure)
    assert "1, 2, 1 points) and 1, 4, 6 saddles" in words(figure)


def test_fig5_draws_losses_matrix_and_agreement(three):
    figure = draw("fig5", three)
    whole, matrix, shared, reduced_, confusion, sizes = figure.axes[:6]
    training, reductions = (three[name].query("model == 'two_layer'") for name in ("training", "reductions"))
    original = training.query("stage == 'original' and seed == 0")
    np.testing.assert_array_equal(xy(whole, "seed 0")[1], original.loss)
    marked = reductions[reductions.marked == 1].iloc[0]
    assert xy(whole, "marked") == (marked.point, marked.loss)
    assert xy(whole, "level")[1][0] == xy(reduced_, "level")[1][0] == marked.loss
    assert xy(reduced_, "marked") == (300, marked.loss_retrained)
    own = training.query("stage == 'reduced' and seed == 0 and point == 6000")
    np.testing.assert_array_equal(xy(reduced_, "seed 0, point 6000")[1], own.loss)
    cosines = three["cosines"].query("model == 'two_layer'").cosine.to_numpy().reshape(40, 40)
    np.testing.assert_array_equal(matrix.images[0].get_array(), cosines)
    assert [frame.get_width() for frame in matrix.patches] == [14, 9, 6, 3]
    assert matrix.get_title() == "6 groups, 6 of low amplitude"
    table = np.where(np.eye(10) > 0, 76.0, 0)
    table[:, 3] += np.arange(10) != 3
    np.testing.assert_allclose(confusion.images[0].get_array(), 100 * table / table.sum(1, keepdims=True))
    assert confusion.get_title() == f"{100 * 760 / 769:.1f} % agree"
    by_point = reductions.groupby("point")
    np.testing.assert_allclose(xy(shared, "retrained")[1], 100 * by_point.agreement.mean())
    np.testing.assert_allclose(xy(shared, "merged")[1], 100 * by_point.agreement_merged.mean())
    np.testing.assert_allclose(xy(sizes, "groups")[1], by_point["groups"].mean())
    np.testing.assert_allclose(xy(sizes, "neurons kept")[1], [33, 33, 33])
    assert xy(shared, "_published")[1][0] == published.AGREEMENT == 98.5
    assert xy(sizes, "_published")[1][0] == published.GROUPS == 58


def test_fig6_is_of_the_cnn_and_the_paper_has_no_such_number(three):
    figure = draw("fig6", three)
    assert not any("_published" in labels(ax) for ax in figure.axes)
    assert figure.axes[1].images[0].get_array().shape == (12, 12)
    assert "channels' input weights" in words(figure) and "MNIST" not in words(figure)


def test_table1_sets_every_row_of_the_certificate_and_shows_what_fails(three):
    shown = [text.get_text() for text in texts(draw("table1", three))]
    assert shown.count("yes") == 8 and shown.count("NO") == 1
    assert shown.count("CNN") == 3 and shown.count("Theorem 1") == 1
    assert "error vectors: shares α and 1 - α" in shown and shown.count("200") == 6
    assert r"$2.0\cdot10^{-13}$" in shown


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 3, "0"), (0.06213, 3, "0.0621"), (0.0009999, 2, "0.001"),
        (-0.0217, 2, "−0.022"), (np.nan, 2, "–"), (np.inf, 2, "–"),
        (7.15e-15, 3, r"$7.15\cdot10^{-15}$"), (-4e-4, 2, r"$-4.0\cdot10^{-4}$"),
    ],
)  # fmt: skip
def test_numbers_in_titles_are_short(value, digits, text):
    assert series.short(value, digits) == text


@pytest.mark.parametrize(("low", "high"), [(540, 540), (240, 2100), (100, 8e4), (1, 3e5), (1, 1e12)])
def test_steps_have_few_ticks_and_zero_none(low, high):
    ax = Figure().subplots()
    series.step_axis(ax, pd.Series([0.0, low, high]))
    left, right = ax.get_xlim()
    assert left < low and right > high
    assert 1 <= sum(left <= tick <= right for tick in ax.get_xticks()) <= 6


test_a_missing_column_is_named = missing_columns(
    draw,
    "three",
    [
        ("fig1", "descent", "origin"),
        ("fig1", "curves", "kind"),
        ("fig2", "split", "role"),
        ("fig3", "spectra", "threshold"),
        ("fig3", "growth", "copies"),
        ("fig4", "diagram", "minimal"),
        ("fig5", "training", "stage"),
        ("fig6", "agreement", "count"),
        ("table1", "certificate", "holds"),
    ],
)


test_missing_rows_are_named = missing_rows(
    draw,
    "three",
    [
        ("fig1", "descent", "start != 'small'", "descent has no row with start = small"),
        (
            "fig1",
            "snapshots",
            "plateau != 1",
            "snapshots has no row with start = small, seed = 0, plateau = 1",
        ),
        ("fig2", "split", "role != 'copy'", "split has no row with role = copy of the wide network"),
        ("fig3", "spectra", "arithmetic != 'float64'", "no row with arithmetic = float64"),
        ("fig4", "diagram", "main == 0", "diagram has no row with main = 1"),
        ("fig4", "curves", "point != 1", "curves has no row with width = 2, point = 1"),
        ("fig4", "points", "case != 'line'", "points has no row with case = line"),
        ("fig5", "reductions", "marked == 0", "reductions has no row with marked = 1 of model two_layer"),
        ("fig6", "groups", "model == 'two_layer'", "groups has no row with model = cnn"),
        ("table1", "certificate", "trials > 999", "certificate has no row"),
    ],
)


test_equal_tables_are_equal_bytes = equal_bytes(draw, "three", "fig2")
