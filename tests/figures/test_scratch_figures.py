"""Each figure of ``scratch`` from planted tables: it plots what was planted, every text can be read."""

import numpy as np
import pandas as pd
import pytest
from endings import drawing, equal_bytes, missing_columns, missing_rows, words
from legible import assert_legible, texts, xy
from matplotlib.figure import Figure
from planted_scratch import DIGITS, FIT, KERNELS, PAPER, SHRINKS, made, weights

from anarch.figures import scratch
from anarch.figures.scratch import published, sweep
from anarch.figures.tables import TableError
from anarch.workflow import scratch_counts

ABOUT = "cluttered digits (5,000 + 2,000 images), laptop scale"


draw = drawing(scratch, ABOUT)


@pytest.fixture(scope="module")
def small():
    return made(DIGITS, 3)


@pytest.fixture(scope="module")
def large():
    return made(PAPER, 2, (400, 4000), channels=3)


def cells(figure: Figure) -> list[str]:
    return [text.get_text() for text in texts(figure)]


def of(table: pd.DataFrame, family: str, **wanted) -> pd.DataFrame:
    rows = table[table.family == family]
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


EXACT = ("fig1", "table3", "table4")


FILTERS = ("fig4", "fig7", "fig8", "fig9")


TYPESET = ("table1", "table2", "table5")


@pytest.mark.parametrize("name", scratch.__all__)
def test_every_text_is_legible_and_the_caption_tells_data_and_n(name, small):
    figure = draw(name, small)
    assert_legible(figure)
    assert ABOUT in words(figure)
    deviation = "mean ± standard deviation over n = 3 seeds"
    others = {
        **dict.fromkeys(EXACT, "exact numbers"),
        **dict.fromkeys(FILTERS, f"filters of one seed, medians: {deviation}"),
        **dict.fromkeys(TYPESET, deviation),
    }
    assert others.get(name, "mean and range over n = 3 seeds") in words(figure)


@pytest.mark.parametrize("name", ["fig2", "fig3", "fig4", "fig6", "fig8", "fig10", *TYPESET])
def test_three_data_sets_at_two_lengths_in_colour_have_room(name, large):
    assert_legible(draw(name, large))


@pytest.mark.parametrize("name", ["fig2", "fig3", "fig10", "table5"])
def test_one_seed_has_neither_range_nor_deviation(name, small):
    one = {key: t[t.seed == 0] if key in ("results", "layers") else t for key, t in small.items()}
    figure = draw(name, one)
    assert "n = 1 seed" in words(figure) and "mean and" not in words(figure)
    assert not any(len(ax.collections) for ax in figure.axes)
    assert not any("±" in text for text in cells(figure))
    assert_legible(figure)


def test_fig1_draws_layers_from_the_image_up_and_every_weight_count(small):
    deep, shallow, alpha, size = draw("fig1", small).axes
    assert [text.get_text() for text in shallow.texts] == ["image", "conv 9×9 (α, 2)", "FC (24α)", "FC (c)"]
    assert [text.get_text() for text in deep.texts][:3] == ["image", "conv 3×3 (α, 1)", "conv 3×3 (2α, 2)"]
    assert [text.get_text() for text in deep.texts][9:] == ["FC (64α)", "FC (c)", "a"]  # and the letter
    for ax, panel in ((alpha, "alpha"), (size, "size")):
        for network, rows in small["scaling"].query("panel == @panel").groupby("network"):
            np.testing.assert_array_equal(xy(ax, network), (rows[panel], rows.weights))
    assert alpha.get_ylim() == size.get_ylim()
    assert alpha.get_title() == "image size $s$ = 32" and size.get_title() == r"$\alpha$ = 16"


def test_accuracy_against_weights_is_the_mean_over_seeds(small):
    curves = draw("fig2", small).axes[0]
    upper, lower = draw("fig6", small).axes
    for ax, column in ((curves, "test_accuracy"), (lower, "test_accuracy"), (upper, "train_accuracy")):
        for network in FIT:
            rows = of(small["results"], "sweep", network=network)
            drawn, means = xy(ax, network)
            np.testing.assert_array_equal(drawn, sorted(rows.weights.unique()))
            np.testing.assert_allclose(means, 100 * rows.groupby("weights")[column].mean())


def test_fewest_weights_that_fit_are_the_planted_ones(small):
    ax = draw("fig2", small).axes[-1]
    for network, width in FIT.items():
        rows = of(small["results"], "sweep", network=network)
        at, best = xy(ax, network)
        assert at == [weights(network, width)]
        assert best == pytest.approx(100 * rows.groupby("weights").test_accuracy.mean().max())


def sized(train: list[float], test: list[float]) -> pd.DataFrame:
    columns = {"weights": [10, 20, 30], "train_accuracy": train, "test_accuracy": test}
    return pd.DataFrame(columns).assign(fit_accuracy=0.9)


def test_the_best_network_is_sought_where_the_training_set_is_fitted():
    smallest, best = sweep.smallest_fit(sized([0.8, 0.9, 1.0], [0.7, 0.5, 0.6]))
    assert (smallest, best["mean"]) == (20, pytest.approx(60))
    smallest, best = sweep.smallest_fit(sized([0.8, 0.85, 0.89], [0.7, 0.5, 0.6]))
    assert smallest is None and best["mean"] == pytest.approx(70)
    seeds = [sized([0.8, 0.89, 1.0], [0.5] * 3), sized([0.8, 0.92, 1.0], [0.5] * 3)]
    assert (
        sweep.smallest_fit(pd.concat(seeds, ignore_index=True))[0] == 20
    )  # the mean over seeds fits, one of them does not


def test_a_network_that_never_fits_is_an_open_mark_with_an_arrow(small):
    results = small["results"].assign(fit_accuracy=0.9999)
    figure = draw("fig2", {"results": results})
    ax = figure.axes[-1]
    (resnet,) = (line for line in ax.get_lines() if line.get_label() == "ResNet18")
    assert resnet.get_markerfacecolor() == "white" and len(ax.texts) == 5  # with the letter
    assert "fits at none" in words(figure) and "fits at none" not in words(draw("fig2", small))
    assert_legible(figure)


def published_marks(ax) -> list[np.ndarray]:
    return [line.get_xydata()[0] for line in ax.get_lines() if line.get_label() == "_published"]


def test_table_1_is_marked_on_the_papers_data_alone(small, large):
    def marks(figure):
        return [set(map(tuple, published_marks(ax))) for ax in figure.axes]

    assert not any(marks(draw("fig2", small)) + marks(draw("fig6", small)))
    cifar10 = {(138.31e6, 84.14), (1.446e6, 88.84), (256e6, 69.19)}
    cifar100 = {(138.31e6, 59.48), (1.446e6, 63.73), (256e6, 44.95)}
    assert marks(draw("fig2", large)) == [cifar10, cifar100, set()]
    figure = draw("fig6", large)
    assert marks(figure)[:5] == [set(), set(), set(), cifar10, cifar100]
    assert all(ax.get_xlim()[1] > 256e6 for ax in figure.axes)


def test_fig3_draws_non_zeros_by_layer_between_the_weights_of_the_counterparts(small):
    panels = draw("fig3", small).axes
    for layer, ax in enumerate(panels, start=1):
        rows = of(small["layers"], "shrink", layer=layer)
        shrinks, means = xy(ax, "digits")
        np.testing.assert_array_equal(shrinks, SHRINKS)
        np.testing.assert_allclose(means, rows.groupby("shrink").nonzero.mean())
    heights = {line.get_ydata()[0] for line in panels[0].get_lines() if line.get_color() == "#c22d1f"}
    assert heights == {81 * 3 * 16, scratch_counts.weights("s_conv", "local", 16)["conv1"], 3072 * 256 * 16}
    second = {line.get_ydata()[0] for line in panels[1].get_lines() if line.get_color() == "#c22d1f"}
    assert second == {256 * 16 * 24 * 16}


def test_fig3_shows_a_layer_of_which_nothing_is_left(small):
    layers = small["layers"].copy()
    layers.loc[(layers.family == "shrink") & (layers.shrink == 0.2) & (layers.layer == 2), "nonzero"] = 0
    figure = draw("fig3", {"layers": layers})
    (mark,) = (line for line in figure.axes[1].get_lines() if line.get_marker() == "v")
    assert list(mark.get_xdata()) == [0.2] and "Triangles: no weight left." in words(figure)
    assert "Triangles" not in words(draw("fig3", small))


@pytest.mark.parametrize("name", ["fig5", "fig3"])
def test_only_the_longest_training_is_drawn(name, large):
    key = {"fig5": "results", "fig3": "layers"}[name]
    short = large[key].assign(epochs=40, test_accuracy=0.0, nonzero=1)
    figure, same = draw(name, {key: pd.concat([large[key], short])}), draw(name, large)
    for ax, other in zip(figure.axes, same.axes, strict=True):
        for line, twin in zip(ax.get_lines(), other.get_lines(), strict=True):
            np.testing.assert_array_equal(line.get_xydata(), twin.get_xydata())


def test_fig5_draws_both_methods_by_kernel_size(small):
    (ax,) = draw("fig5", small).axes
    for method, label in (("SGD", "SGD"), ("beta-LASSO", "β-LASSO")):
        rows = of(small["results"], "kernels", method=method)
        sizes, means = xy(ax, label)
        np.testing.assert_array_equal(sizes, KERNELS)
        np.testing.assert_allclose(means, 100 * rows.groupby("kernel").test_accuracy.mean())
    assert list(ax.get_xticks()) == list(KERNELS)


def test_fig10_sets_permuted_beside_intact_pixels(small, large):
    upper, lower = draw("fig10", small).axes
    intact, permuted = xy(upper, "intact")[1], xy(upper, "permuted")[1]
    np.testing.assert_allclose(intact - permuted, [25, 25, 0, 0], atol=1e-9)
    places, ratios = xy(lower, "permuted")
    np.testing.assert_allclose(places, [1.13, 2.13, 3.13])  # S-CONV has no filter of its own at a place
    np.testing.assert_allclose(ratios, [0.95, 0.95, 0.25])
    marks = [y for _, y in published_marks(draw("fig10", large).axes[2])]
    assert marks == [93.38, 93.98, 91.80, 94.07]


@pytest.mark.parametrize(
    ("label", "kin"),
    [("CIFAR-10", "cifar10"), ("CIFAR-10 at 16x16", "cifar10"), ("CIFAR-100", "cifar100"), ("digits", None)],
)
def test_the_papers_data_are_known_by_their_first_word(label, kin):
    assert published.kin(label) == kin


test_a_missing_column_is_named = missing_columns(
    draw,
    "small",
    [
        ("fig1", "", "description"),
        ("fig2", "", "fit_accuracy"),
        ("fig3", "", "shrink"),
        ("fig4", "", "radius"),
        ("fig5", "", "kernel"),
        ("fig6", "", "train_accuracy"),
        ("fig8", "", "weight"),
        ("fig10", "", "locality"),
        ("table1", "", "weights"),
        ("table2", "", "beta"),
        ("table3", "", "true_formula"),
        ("table5", "", "distinct"),
    ],
)


test_missing_rows_are_named = missing_rows(
    draw,
    "small",
    [
        ("fig1", "scaling", "panel == 'alpha'", "scaling has no row with panel = size; there is: alpha"),
        ("fig1", "counts", "network == 'S-CONV'", "counts has no row with network = D-CONV"),
        ("fig2", "results", "family != 'sweep'", "results has no row with family = sweep"),
        ("fig6", "results", "network == 'S-FC'", "no row with family = sweep; there is: table1"),
        ("fig3", "layers", "method == 'SGD'", "layers has no row with family = shrink"),
        ("table2", "results", "network == 'S-FC' and beta == 2", "no row with family = table2"),
        ("table4", "counts", "table == 3", "counts has no row with table = 4"),
    ],
)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fig2", "no row with network = ResNet18, D-CONV, S-CONV, 3-FC"),
        ("table1", "no row with network = D-CONV, D-LOCAL"),
        ("table2", "no row of Table 2's networks and methods; there is: LeNet SGD"),
        ("fig10", "no row of family = permuted of the networks of Fig. 10"),
        ("table5", "no row of family = bound of S-CONV, S-LOCAL or S-FC"),
    ],
)
def test_unknown_networks_are_named(name, message, small):
    with pytest.raises(TableError, match=message):
        draw(name, {"results": small["results"].assign(network="LeNet")})


test_equal_tables_are_equal_bytes = equal_bytes(draw, "small", "fig5")
