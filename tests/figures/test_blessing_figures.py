"""Each figure of ``blessing`` from planted tables: it plots what was planted, every text can be read."""

import numpy as np
import pandas as pd
import pytest
from endings import drawing, missing_columns, missing_rows, words
from legible import assert_legible, texts, xy
from matplotlib.figure import Figure
from PIL import Image
from planted_blessing import basins, history, made, minima, sizes, surface

import draw as script
from anarch.figures import blessing
from anarch.figures.blessing import methods, selection

ABOUT = "swiss roll (200 points) and cluttered digits (2,000 + 1,000 images), laptop scale"


draw = drawing(blessing, ABOUT)


def first(drawn: Figure | list[Figure]) -> Figure:
    """The figure, or the first frame of an animation."""
    return drawn[0] if isinstance(drawn, list) else drawn


@pytest.fixture(scope="module")
def both():
    """A toy and an image set, three seeds."""
    return made(("swissroll", "digits"), 3)


@pytest.fixture(scope="module")
def toy():
    """No image set at all, one seed, two betas, no linear model and no optimisers."""
    small = made(("swissroll",), 1)
    few = {name: small[name].query("beta in (0.0, 0.5)") for name in ("minima", "basins", "boundaries")}
    return {**small, **few, "history": history(1, parts=("poisoned",)), "sizes": sizes()[:0]}


@pytest.fixture(scope="module")
def five():
    """Five seeds, and sets with long names."""
    return made(("swissroll", "digits"), 5)


SEEDLESS = {
    "animation": "n = 1 seed (seed 0)",
    "fig1": "n = 1 seed",
    "fig3": "n = 1 seed (seed 0)",
    "fig4": "n = 1 seed (seed 0)",
    "fig6": "n = 1 seed (seed 0)",
    "fig7": "n = 1 seed (seed 0)",
    "table1": "n = 3 seeds",
}


@pytest.mark.parametrize("name", blessing.__all__)
def test_every_text_is_legible_and_the_caption_tells_data_and_n(name, both):
    figure = first(draw(name, both))
    assert_legible(figure)
    assert ABOUT in words(figure)
    assert words(figure).endswith(f"{SEEDLESS.get(name, 'mean and range over n = 3 seeds')}.")


@pytest.mark.parametrize("name", blessing.__all__)
def test_one_seed_without_any_image_set_is_drawn_without_ranges(name, toy):
    figure = first(draw(name, toy))
    assert_legible(figure)
    assert "mean and range" not in words(figure)


@pytest.mark.parametrize("name", ["fig2", "fig5"])
def test_five_seeds_have_room(name, five):
    figure = draw(name, five)
    assert_legible(figure)
    assert "n = 5 seeds" in words(figure)


def test_fig1_draws_iterates_ever_more_opaque_and_links_poisoned_minima_to_their_starts(both):
    table = both["minefield"]
    tsne, pca = draw("fig1", both).axes
    for ax, (x, y) in ((tsne, ("tsne_x", "tsne_y")), (pca, ("pca_x", "pca_y"))):
        for kind, label in (
            ("poisoned", "poisoned minimum"),
            ("start", "initial weights"),
            ("final", "last iterate"),
        ):
            rows = table[table.kind == kind]
            np.testing.assert_array_equal(xy(ax, label), (rows[x], rows[y]))
        (iterates,) = ax.collections
        rows = table[table.kind == "iterate"]
        np.testing.assert_array_equal(iterates.get_offsets(), rows[[x, y]])
        np.testing.assert_allclose(iterates.get_facecolor()[:, 3], 0.15 + 0.85 * rows.epoch / 200)
        links = np.stack(xy(ax, "_links")).T.reshape(-1, 3, 2)
        poisoned = table[table.kind == "poisoned"]
        np.testing.assert_array_equal(links[:, 0], poisoned[[x, y]])
        np.testing.assert_array_equal(links[:, 1], rows.set_index("epoch").loc[poisoned.epoch, [x, y]])
    assert pca.get_xlabel() == "PC 1 (63 % of variance)"


def test_fig1_tells_how_good_the_minima_are_and_what_tsne_was_told(both):
    caption = words(draw("fig1", both))
    assert "Last iterate: train 100 %, test 98 % (paper: 98.5 %)." in caption
    assert "9 poisoned minima: train 99.2 % or more, test 49 % or less (paper: below 53 %)" in caption
    assert f"started 2.1 to 2.9, which is {2.1 / 4:.2g} to {2.9 / 4:.2g} of the way" in caption
    assert "perplexity 30, on 50 principal components, seed 7, Kullback-Leibler divergence 0.123" in caption


def test_fig2_draws_both_models_and_orders_the_optimisers(both):
    curves, ends = draw("fig2", both).axes
    rows = both["history"].query("method == 'linear'").groupby("epoch")
    epochs, test = xy(curves, "linear, test")
    np.testing.assert_array_equal(epochs, [0, 5, 10, 15, 20])
    np.testing.assert_allclose(test, 100 * rows.test_accuracy.mean().dropna())
    np.testing.assert_allclose(xy(curves, "linear, train")[1], 100 * rows.train_accuracy.mean())
    marks = [line.get_ydata()[0] for line in curves.get_lines() if line.get_label() == "_published"]
    assert marks == [92, 49]
    last = both["history"].query("part == 'optimisers' and epoch == 20").groupby("label").test_accuracy.mean()
    names = [label.get_text() for label in ends.get_yticklabels()]
    assert names == list(last.sort_values().index)
    np.testing.assert_allclose(xy(ends, "test"), (100 * last.sort_values(), range(13)))
    linear = both["history"].query("method == 'linear' and epoch == 20").test_accuracy.mean()
    assert xy(ends, "linear model, test")[0] == pytest.approx([100 * linear] * 2)
    assert xy(ends, "linear model, paper")[0] == pytest.approx([49, 49])
    assert "690,000 parameters (69,000 a class)" in words(draw("fig2", both))


def test_fig2_draws_a_larger_network_too_where_it_was_trained(both):
    larger = both["history"].query("method == 'network'").assign(method="large_network", label="ResNet-18")
    figure = draw("fig2", {**both, "history": pd.concat([both["history"], larger])})
    curves = figure.axes[0]
    np.testing.assert_array_equal(xy(curves, "large network, test"), xy(curves, "network, test"))
    assert [line.get_label() for line in curves.get_lines()].count("_published") == 2
    assert_legible(figure)


def test_the_last_look_of_a_run_is_its_last_test_accuracy():
    table = history(2, epochs=23, parts=("models",))
    assert set(methods.last_looks(table).epoch) == {20}


def test_a_part_that_was_not_run_says_so(toy, both):
    shown = [text.get_text() for text in texts(draw("fig2", toy))]
    assert "no linear model in this config" in shown and "no optimisers in this config" in shown
    assert "no image set in this config" in [text.get_text() for text in texts(draw("fig4", toy))]


def test_fig3_draws_both_boundaries_over_their_slices_on_one_scale(both):
    good, worst, plane, sharp, _ = draw("fig3", both).axes
    assert good.get_title() == "good minimum (β = 0)\ntrain 100 %, test 96 %".replace(" %", "\u00a0%")
    assert worst.get_title().startswith("poisoned minimum (β = 0.5)")
    points = both["boundaries"].query("beta == 0 and kind == 'point' and value == 1")
    np.testing.assert_array_equal(xy(good, "class 1"), (points.x, points.y))
    for ax, beta in ((plane, 0.0), (sharp, 0.5)):
        table = both["surface"]
        losses = table[(table.set == "swissroll") & (table.beta == beta)].loss
        np.testing.assert_allclose(ax.collections[0].get_array().ravel(), losses)
    assert plane.collections[0].norm is sharp.collections[0].norm


def test_a_basin_finer_than_the_panel_has_an_inset(both):
    table = both["surface"]
    worst = table[(table.set == "swissroll") & (table.beta == 0.5)]
    near = worst.assign(zoom=True, a=worst.a / 50, b=worst.b / 50, loss=worst.loss / 100)
    figure = draw("fig3", {**both, "surface": pd.concat([table, near], ignore_index=True)})
    plane, sharp = figure.axes[2:4]
    assert not plane.child_axes
    (inset,) = sharp.child_axes
    np.testing.assert_allclose(inset.collections[0].get_array().ravel(), near.loss)
    assert inset.get_xlim() == (-0.02, 0.02) and inset.texts[0].get_text() == "±0.02"
    np.testing.assert_allclose(sharp.collections[0].get_array().ravel(), worst.loss)
    assert_legible(figure)


def test_the_white_line_is_where_the_loss_is_the_papers_cutoff(both):
    plane = draw("fig4", both).axes[0]
    edge = np.concatenate([path.vertices for path in plane.collections[1].get_paths()])
    a, b = edge.T
    np.testing.assert_allclose(1e-3 + a**2 + 0.5 * b**2 + 0.3 * a * b, 0.1, atol=0.01)


def test_losses_that_blew_up_are_grey_and_none_is_lost(both):
    table = surface(("digits",))
    table.loc[table.a == 1, "loss"] = np.inf
    table.loc[(table.a == 0) & (table.b == 0), "loss"] = 0.0
    shown = draw("fig4", {"surface": table}).axes[0].collections[0].get_array().reshape(25, 25)
    assert np.ma.getmaskarray(shown)[:, -1].all() and np.ma.count_masked(shown) == 25
    assert shown[12, 12] == table.loss[table.loss > 0].min()


def test_fig4_leaves_out_the_toy(both):
    good, worst, _ = draw("fig4", both).axes
    assert good.get_title() == "cluttered digits: good minimum (β = 0)\ntrain accuracy 100\u00a0%"
    assert worst.get_title().startswith("cluttered digits: poisoned minimum (β = 0.5)")


def test_fig8_tells_accuracies_over_seeds_and_draws_the_first(both):
    wide, pinched = draw("fig8", both).axes
    assert wide.get_title() == "wide margin: rings 0.2 apart\ntrain 100 %\ntest 99 % (98 to 100)"
    assert pinched.get_title() == "pinched margin: rings 0.001 apart\ntrain 100 %\ntest 79 % (78 to 80)"
    inner = np.hypot(*xy(wide, "class 0"))
    np.testing.assert_allclose(inner, 0.6)
    assert wide.patches[0].radius == pytest.approx(0.5)


def test_table1_has_a_row_for_every_minimum_and_the_papers(both):
    shown = [text.get_text() for text in texts(draw("table1", both))]
    assert shown.count("94.00") == 2 and shown.count("3.21") == 6
    assert shown.count("(117)") == 6, "an eigenvalue that did not converge is in brackets"
    row = both["basins"].query("set == 'swissroll' and beta == 0 and seed == 1 and main").iloc[0]
    assert f"{row.log10_preconditioned:,.1f}".replace("-", "\N{MINUS SIGN}") in shown
    assert shown.count("1.4 of 3,000") == 6 and shown.count("paper (SVHN)") == 2 and "97.1" in shown


def test_table1_has_dashes_where_there_is_no_basin_and_marks_bounds(both):
    table = basins(("swissroll",), 1, inside=lambda beta, cutoff: beta == 0)
    table = table.assign(censored=table.inside.map({True: 2, False: np.nan}))
    shown = [
        text.get_text()
        for text in texts(draw("table1", {"minima": minima(("swissroll",), 1), "basins": table}))
    ]
    assert shown.count("–") == 4 * 6 and sum(text.startswith("≥ ") for text in shown) == 2


def test_the_animation_moves_nothing_but_regions_and_titles(both):
    frames = draw("animation", both)
    assert [frame.axes[0].get_title().split("\n")[0] for frame in frames] == [
        f"good minimum (β = 0), perturbed by {0.1 * i / 3:.3f}" for i in range(3)
    ]
    assert len({tuple(ax.get_position().bounds for ax in frame.axes) for frame in frames}) == 1
    points = both["boundaries"].query("beta == 0 and kind == 'point' and value == 0")
    for frame in frames:
        np.testing.assert_array_equal(xy(frame.axes[0], "class 0"), (points.x, points.y))
        assert_legible(frame)


def test_an_animation_becomes_a_gif_of_the_same_bytes_beside_its_first_frame(both, tmp_path):
    for run in ("one", "two"):
        script.save(draw("animation", both), tmp_path / run / "x.png", tmp_path / run / "x.svg")
    assert sorted(path.name for path in (tmp_path / "one").glob("x.*")) == ["x.gif", "x.png", "x.svg"]
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    with Image.open(tmp_path / "one" / "x.gif") as gif:
        assert (gif.n_frames, gif.info["loop"]) == (3, 0)
        assert gif.size == (660, 440)


test_a_missing_column_is_named = missing_columns(
    draw,
    "both",
    [
        ("animation", "frames", "frame"),
        ("animation", "boundaries", "kind"),
        ("fig1", "minefield", "tsne_kl"),
        ("fig2", "history", "part"),
        ("fig2", "sizes", "per_class"),
        ("fig3", "boundaries", "test_accuracy"),
        ("fig3", "surface", "loss"),
        ("fig4", "surface", "a"),
        ("fig5", "minima", "test_accuracy"),
        ("fig5", "basins", "effective"),
        ("fig5", "nulls", "log10_volume"),
        ("fig6", "boundaries", "beta"),
        ("fig7", "rays", "cutoff"),
        ("fig8", "rings", "gap"),
        ("table1", "minima", "sharpness"),
        ("table1", "basins", "dimension"),
    ],
)


test_missing_rows_are_named = missing_rows(
    draw,
    "both",
    [
        ("animation", "frames", "beta == 0", "frames needs rows with beta = 0 and with beta above 0"),
        ("animation", "boundaries", "kind == 'grid'", "boundaries has no training point of seed 0"),
        ("fig1", "minefield", "kind != 'poisoned'", "minefield has no row with kind = poisoned"),
        ("fig3", "surface", "set == 'digits'", "surface has no row with set = swissroll; there is: digits"),
        ("fig4", "surface", "beta > 0", "surface needs rows with beta = 0"),
        ("fig6", "boundaries", "beta > 9", "boundaries has no row"),
        ("fig7", "rays", "step > 9", "rays has no row"),
        ("fig8", "rings", "margin == 'wide'", "rings has no row with margin = pinched"),
        ("fig8", "rings", "kind != 'score'", "rings has no row with kind = score"),
        ("table1", "minima", "seed > 9", "minima has no row"),
    ],
)


@pytest.mark.parametrize(("share", "text"), [(1.0, "100"), (0.99512, "99.51"), (0.0, "0"), (np.nan, "–")])
def test_shares_are_written_in_per_cent(share, text):
    assert selection.per_cent(share) in (f"{text}\u00a0%", text)
