"""Each figure of ``bad_minima`` from planted tables: it plots what was planted, every text can be read."""

import json

import numpy as np
import pandas as pd
import pytest
from endings import drawing, equal_bytes, missing_columns, missing_rows, words
from legible import assert_legible, texts, xy
from matplotlib.figure import Figure
from planted_bad_minima import ACCURACY_MODES, ONE, PAPER, history, made, measures, robustness, toy_table

from anarch.figures import bad_minima, rendered
from anarch.figures.bad_minima import published, series, toy
from anarch.figures.tables import TableError

ABOUT = "cluttered_digits (2,000 + 1,000 images), laptop scale"


of_study = drawing(bad_minima, ABOUT)


def draw(name, tables) -> Figure:
    """Table 2 has networks of its own."""
    return of_study(name, {**tables, "measures": tables["heuristics"]} if name == "table2" else tables)


@pytest.fixture(scope="module")
def small():
    return made(ONE, 3)


@pytest.fixture(scope="module")
def crossed():
    """Two data sets by two networks."""
    return {"history": history((*PAPER[:2], *PAPER[4:6]), 2)}


@pytest.fixture(scope="module")
def large():
    return made(PAPER, 2)


@pytest.mark.parametrize("name", bad_minima.__all__)
def test_every_text_is_legible_and_the_caption_tells_data_and_n(name, small):
    figure = draw(name, small)
    assert_legible(figure)
    assert ABOUT in words(figure)
    deviation = "mean ± standard deviation over n = 3 seeds"
    others = {"fig1": "n = 1 seed (seed 0)", "table1": deviation, "table2": deviation}
    assert others.get(name, "mean and range over n = 3 seeds") in words(figure)


@pytest.mark.parametrize("name", ["fig3", "fig5", "table1"])
def test_the_papers_sixteen_setups_have_room(name, large):
    assert_legible(draw(name, large))


@pytest.mark.parametrize("name", ["fig2", "fig4", "fig5", "fig6", "table2"])
def test_one_seed_has_neither_range_nor_deviation(name):
    one = {
        "history": history(ONE, 1),
        "measures": measures(ONE, 1),
        "heuristics": measures(ONE, 1, modes=tuple(ACCURACY_MODES)),
        "robustness": robustness(ONE, 1),
    }
    figure = draw(name, one)
    assert "n = 1 seed" in words(figure) and "mean" not in words(figure)
    assert not any(len(ax.collections) for ax in figure.axes)
    assert_legible(figure)


def test_fig1_draws_the_regions_of_the_first_seed_and_measures_the_margin(small):
    for table in (small["toy"], toy_table(1, logit=True)):
        titles = [ax.get_title() for ax in draw("fig1", {"toy": table}).axes]
        assert titles[0] == "true labels\ntrain accuracy 100 %\nmargin 0.75"
        assert titles[3].endswith("margin 0.75")
    ax = draw("fig1", small).axes[0]
    points = small["toy"].query("seed == 0 and setting == 1 and kind == 'point' and value == 1")
    np.testing.assert_array_equal(xy(ax, "class 1"), (points.x, points.y))


def test_the_boundary_lies_where_a_linear_function_is_zero():
    x, y = np.linspace(-1, 2, 13), np.linspace(-2, 1, 11)
    crossings = toy.boundary(x, y, x[None] * 2 + y[:, None] - 0.37)
    np.testing.assert_allclose(2 * crossings[:, 0] + crossings[:, 1], 0.37)
    assert len(crossings) > 11


@pytest.mark.parametrize(("name", "column"), [("fig2", "train_accuracy"), ("fig3", "test_accuracy")])
def test_curves_are_means_over_seeds_with_their_range(name, column, small):
    (ax,) = draw(name, small).axes
    for (mode, init), (label, *_) in series.LOOKS.items():
        history = small["history"]
        rows = history[(history["mode"] == mode) & (history.init == init)].groupby("epoch")[column]
        epochs, means = xy(ax, label)
        np.testing.assert_array_equal(epochs, np.arange(41))
        np.testing.assert_allclose(means, 100 * rows.mean())
    assert len(ax.collections) == 4
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    first = small["history"].query("mode == 'vanilla' and init == 'random'")[column] * 100
    assert (band.min(), band.max()) == pytest.approx((first.min(), first.max()))


def test_the_papers_accuracies_are_marked_at_resnet18_on_cifar10_alone(crossed):
    found = {
        ax.get_title(): {line.get_ydata()[0] for line in ax.get_lines() if line.get_label() == "_published"}
        for ax in draw("fig3", crossed).axes
    }
    assert len(found) == 4
    assert found.pop("CIFAR-10, ResNet18") == {84.838, 56.024, 95.324, 95.346}
    assert not any(found.values())


def test_the_papers_marks_do_not_squeeze_our_curves():
    """Curves between 10 and 47 % keep their axes; three of the four marks stand above them, outside."""
    low = history(ONE, 2).assign(test_accuracy=lambda rows: rows.test_accuracy / 2)
    (ax,) = draw("fig3", {"history": low}).axes
    bare = low.assign(model="ResNet9")  # the paper has no such network: no marks
    (without,) = draw("fig3", {"history": bare}).axes
    np.testing.assert_allclose(ax.get_ylim(), without.get_ylim())
    marks = [line for line in ax.get_lines() if line.get_label() == "_published"]
    assert [line.get_transform() == ax.transAxes for line in marks] == [True] * 4
    assert all(line.get_ydata()[0] > 1 for line in marks)
    assert len({line.get_xdata()[0] for line in marks}) == 4


def test_a_missing_setup_leaves_its_place_empty(crossed):
    part = {"history": crossed["history"].query("not (dataset == 'cifar10' and model == 'DenseNet40')")}
    figure = draw("fig3", part)
    assert [ax.get_title() for ax in figure.axes if ax.axison] == [
        "CIFAR-10, ResNet18",
        "CIFAR-100, ResNet18",
        "CIFAR-100, DenseNet40",
    ]
    assert_legible(figure)


def test_only_the_main_replication_factor_is_drawn_in_curves():
    several = history(ONE, 2, factors=(1, 2, 5))
    means = xy(draw("fig3", {"history": several}).axes[0], "vanilla SGD, adversarial init.")[1]
    main = several.query("mode == 'vanilla' and replicas == 2").groupby("epoch").test_accuracy.mean()
    np.testing.assert_allclose(means, 100 * main)
    with pytest.raises(TableError, match="history has replicas 1, 2, 5 and no column main_replicas"):
        draw("fig3", {"history": several.drop(columns="main_replicas")})


def test_fig4_starts_from_random_initialisation_at_zero(small):
    (ax,) = draw("fig4", small).axes
    for mode, label in (("vanilla", "vanilla SGD"), ("sota", "SOTA SGD")):
        rows = small["measures"][small["measures"]["mode"] == mode]
        means = 100 * rows.assign(replicas=rows.replicas.fillna(0)).groupby("replicas").test_accuracy.mean()
        factors, drawn = xy(ax, label)
        np.testing.assert_array_equal(factors, [0, 1, 2, 5])
        np.testing.assert_allclose(drawn, means)
    assert list(ax.get_xticks()) == [0, 1, 2, 5]


def test_fig4_draws_the_setups_that_were_swept():
    table = pd.concat([measures(PAPER[:1], 2), measures(PAPER[1:3], 2, factors=(2,))])
    assert [ax.get_title() for ax in draw("fig4", {"measures": table}).axes] == ["CIFAR-10, DenseNet40"]


def test_fig5_draws_each_norm_of_each_network(large):
    part = large["measures"].query("dataset == 'cinic10'")
    figure = draw("fig5", {"measures": part})
    rows = part[(part["mode"] == "sota") & (part.init == "random")]
    for ax, column in zip(figure.axes, ("frobenius", "log10_path1", "log10_path2"), strict=True):
        by_network = rows.groupby("model")[column]
        drawn, places = xy(ax, "SOTA SGD, random init.")
        np.testing.assert_allclose(drawn, by_network.mean())
        np.testing.assert_allclose(places, np.arange(4) + 0.1)
        ranges = np.array(ax.collections[2].get_segments())[:, :, 0]
        np.testing.assert_allclose(ranges, by_network.agg(["min", "max"]))


def test_fig6_draws_accuracy_and_the_share_of_it_that_is_kept(small):
    accuracy, kept = draw("fig6", small).axes
    rows = small["robustness"].query("mode == 'vanilla' and init == 'adversarial'")
    means = 100 * rows.groupby("epsilon").accuracy.mean()
    np.testing.assert_allclose(xy(accuracy, "vanilla SGD, adversarial init.")[1], means)
    shares = rows.accuracy / rows.groupby("seed").accuracy.transform(
        "first"
    )  # of each seed's own at epsilon 0
    means = 100 * shares.groupby(rows.epsilon).mean()
    np.testing.assert_allclose(xy(kept, "vanilla SGD, adversarial init.")[1], means)
    with pytest.raises(TableError, match="no row with epsilon = 0 of cluttered_digits, ResNet18, vanilla"):
        draw("fig6", {"robustness": small["robustness"].query("epsilon > 0")})


def test_table1_sets_the_papers_row_below_ours(small):
    shown = [text.get_text() for text in texts(draw("table1", small))]
    assert {"0.207 ± 0.004", "3.000 ± 0.060", "9.000 ± 0.180"} <= set(shown), "of the main R alone"
    assert [shown.count(name) for name in ("DA", "momentum", r"$\ell_2$")] == [1, 1, 1]
    assert "0.953 ± 0.019" in shown and "paper (CIFAR-10)" in shown
    assert {f"{v:.3f}" for v in published.DISTANCES["cifar10", "resnet18"]} <= set(shown)
    assert set(published.PAIRS.values()) <= set(shown)
    other = small["distances"].assign(model="ResNet9")
    assert "has no such network" in words(draw("table1", {"distances": other}))


def test_the_papers_row_is_that_of_the_data_where_it_has_it():
    assert published.distances("R-ImageNet", "VGG16") == published.distances("restricted_imagenet", "vgg-16")
    assert published.distances("cifar100", "ResNet50, 16 channels")[0] == "paper"
    assert published.distances("digits", "ResNet50")[0] == "paper (CIFAR-10)"
    assert published.distances("cifar10", "ResNet9") is None


def test_table2_sets_the_paper_beside_ours(small):
    shown = [text.get_text() for text in texts(draw("table2", small))]
    assert shown.count("56.02 ± 2.00") == 1 and shown.count("56.024 ± 0.883") == 1
    assert shown.count("ours") == shown.count("paper") == 4 and shown.count("test accuracy (%)") == 2
    some = {"heuristics": small["heuristics"].query("mode != 'da'")}
    assert [text.get_text() for text in texts(draw("table2", some))].count("–") == 4


@pytest.mark.parametrize(
    ("values", "text"), [([0.5, np.nan, 0.7], "60.0 ± 14.1"), ([0.5], "50.0"), ([], "–"), ([np.nan], "–")]
)
def test_mean_and_deviation_of_what_is_there(values, text):
    assert rendered.mean_sd(pd.Series(values, dtype=float), 1, 100) == text


def test_wide_headings_and_long_cells_keep_apart():
    columns = pd.MultiIndex.from_tuples(
        [
            ("a heading far wider than its columns", "x"),
            ("a heading far wider than its columns", "y"),
            ("b", "x"),
        ]
    )
    table = pd.DataFrame(
        [["1", "2", "a long cell " * 3], ["3", "4", "5"]], index=["one", "two"], columns=columns
    )
    figure = rendered.render(table, "Text.", about=ABOUT, counts="n = 1 seed")
    assert_legible(figure)
    assert [text.get_text() for text in texts(figure)].count("a heading far wider than its columns") == 1
    told = json.loads(figure.get_label())
    assert told["heads"] == [
        [["a heading far wider than its columns", 2], ["b", 1]],
        [["x", 1], ["y", 1], ["x", 1]],
    ]
    assert told["names"] == [""] and [row["labels"] for row in told["rows"]] == [[["one", 1]], [["two", 1]]]
    assert [[text for text, _ in row["cells"]] for row in told["rows"]] == table.to_numpy().tolist()


def test_a_tables_texts_keep_groups_and_what_is_the_papers():
    rows = pd.MultiIndex.from_tuples([("a", "1"), ("a", "paper"), ("b", "1")], names=["group", "seed"])
    table = pd.DataFrame([["1", "2"], ["3", "4"], ["5", "6"]], index=rows, columns=["ours", "paper's"])
    told = json.loads(rendered.as_text(table, quiet="paper"))
    assert told["names"] == ["group", "seed"]
    assert [row["labels"] for row in told["rows"]] == [
        [["a", 2], ["1", 1]],
        [["paper", 1]],
        [["b", 1], ["1", 1]],
    ]
    assert [[quiet for _, quiet in row["cells"]] for row in told["rows"]] == [
        [False, True],
        [True, True],
        [False, True],
    ]


test_a_missing_column_is_named = missing_columns(
    draw,
    "small",
    [
        ("fig1", "", "value"),
        ("fig2", "", "train_accuracy"),
        ("fig3", "", "epoch"),
        ("fig4", "", "replicas"),
        ("fig5", "", "frobenius"),
        ("fig6", "", "epsilon"),
        ("table1", "", "pair"),
        ("table2", "", "train_accuracy"),
    ],
)


test_missing_rows_are_named = missing_rows(
    draw,
    "small",
    [
        ("fig1", "toy", "setting != 3", "toy has no row with setting = 3 of seed 0"),
        ("fig1", "toy", "seed > 9", "toy has no row"),
        ("fig3", "history", "stage == 'pretraining'", "history has no row with stage = training"),
        ("fig4", "measures", "init == 'random'", "no training from adversarial initialisation"),
        ("table1", "distances", "pair == 'd(a,b)'", "no row with a pair of the paper's"),
    ],
)


@pytest.mark.parametrize(
    ("name", "key", "message"),
    [("fig3", "history", "mode = vanilla or sota"), ("table2", "heuristics", "mode = vanilla, da, l2")],
)
def test_unknown_modes_are_named(name, key, message, small):
    with pytest.raises(TableError, match=f"no row of training with {message}"):
        draw(name, {key: small[key].assign(mode="adam")})


test_equal_tables_are_equal_bytes = equal_bytes(draw, "small", "table2")
