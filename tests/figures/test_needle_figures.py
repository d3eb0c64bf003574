"""Each figure of ``needle`` from planted tables: it plots what was planted, and every text can be read."""

import numpy as np
import pandas as pd
import pytest
from endings import drawing
from legible import assert_legible, line, xy
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg

from anarch.figures import needle, style
from anarch.figures.needle import published, relaxation
from anarch.figures.tables import TableError

ABOUT = "cluttered_digits (6,000 + 3,000 images), laptop scale"


PAPER_TIMES = (0, 1, 2, 3, 4, 6, 8, 10, 13, 18, 23, 30, 40, 52, 67, 88, 115, 150)


draw = drawing(needle, ABOUT)


def planted(tables, column, *, model="eFCN", moment="end", protocol="sgd") -> np.ndarray:
    rows = tables["measures"].query("model == @model and moment == @moment and protocol == @protocol")
    return rows.groupby("relax_time", dropna=False)[column].mean().to_numpy()


@pytest.fixture(scope="module")
def three(tables):
    return tables(seeds=3)


@pytest.fixture(scope="module")
def paper_like(tables):
    return tables(seeds=1, times=PAPER_TIMES, models=("CNN", "FCN", "eFCN"))


def damaged(tables) -> dict[str, pd.DataFrame]:
    """No FCN and no eLCN, a seed that failed, an eigenvalue below zero, and empty cells."""
    sick = {
        name: table[table["model"] != "FCN"] if name in ("measures", "history", "paths") else table.copy()
        for name, table in tables.items()
    }
    measures = sick["measures"].reset_index(drop=True)
    lost = (measures.seed == 2) & (measures.relax_time == 8)
    measures.loc[lost, ["settled_test_accuracy", "gradient_norm", "deviation", "local_accuracy"]] = np.nan
    measures.loc[(measures.moment == "start") & (measures.relax_time == 3), "hessian_top"] = -2.0
    history = sick["history"].reset_index(drop=True)
    history.loc[(history.seed == 1) & (history.epoch > 5), ["train_loss", "test_accuracy"]] = np.nan
    interpolation = sick["interpolation"].query("path != 'string'").reset_index(drop=True)
    interpolation.loc[interpolation.alpha == 0.5, "test_accuracy"] = np.nan
    sick |= {"measures": measures, "history": history, "interpolation": interpolation}
    return sick


SEEDLESS = {
    "fig1": "n = 1 seed (seed 0)",
    "fig6": "n = 1 seed",
    "fig7": "n = 1 seed",
    "figA": "n = 1 lifted network",
}


@pytest.mark.parametrize("name", needle.__all__)
def test_every_text_is_legible_every_axis_labelled_and_the_caption_tells_data_and_n(name, three):
    figure = draw(name, three)
    assert_legible(figure)
    for ax in figure.axes:
        heatmap = bool(ax.images) and name in ("fig6", "fig7")
        for axis, side in ((ax.xaxis, "labelbottom"), (ax.yaxis, "labelleft")):
            told = (
                axis.get_label_text()
                or ax.get_label() == "<colorbar>"
                or (name == "figA" and side == "labelleft")
            )
            assert heatmap or told or not axis.get_tick_params()[side], f"{ax} has numbers and no label"
    caption = " ".join(figure.get_supxlabel().split())
    assert ABOUT in caption
    assert SEEDLESS.get(name, "mean and range over n = 3 seeds") in caption


@pytest.mark.parametrize("name", ["fig1", "fig2", "fig3", "fig4", "figB1", "lcn"])
def test_one_seed_and_the_papers_eighteen_relax_times(name, paper_like):
    figure = draw(name, paper_like)
    assert_legible(figure)
    assert "n = 1 seed" in figure.get_supxlabel() and "mean" not in figure.get_supxlabel()
    assert not any(len(ax.collections) for ax in figure.axes), "a single seed has no band and no bar"


@pytest.mark.parametrize("name", ["fig1", "fig2", "fig3", "fig4", "fig5", "figB2", "figC", "lcn"])
def test_missing_models_and_empty_cells(name, three):
    figure = draw(name, damaged(three))
    assert_legible(figure)
    if name in ("fig3", "fig4", "figB2", "fig5"):
        assert "n = 2 to 3 seeds" in " ".join(figure.get_supxlabel().split())


def test_fig1_draws_the_paths_of_the_first_seed(three):
    figure = draw("fig1", three)
    whole, near, distance = figure.axes
    path = three["paths"].query("seed == 0 and model == 'eFCN' and relax_time == 8").sort_values("epoch")
    for ax, column in ((whole, "pc2"), (near, "pc2"), (distance, "off_subspace")):
        np.testing.assert_array_equal(xy(ax, "eFCN, $t_w$ = 8"), (path.pc1, path[column]))
    np.testing.assert_array_equal(xy(distance, "CNN")[1], 0)
    assert set(line(distance, "CNN subspace").get_ydata()) == {0}
    assert f"PC 1 ({100 * path.explained1.iloc[0]:.0f} % of variance)" == whole.get_xlabel()
    foot = three["paths"].query("seed == 0 and model == 'FCN'").sort_values("epoch").iloc[-1]
    links = [line.get_xydata()[1] for line in whole.get_lines() if line.get_label() == "_link"]
    assert any(np.array_equal(link, (foot.projected_pc1, foot.projected_pc2)) for link in links)
    assert len(links) == 7  # six eFCNs and the FCN


def test_fig2_draws_means_over_seeds_and_their_range(three):
    loss, accuracy = draw("fig2", three).axes
    rows = three["history"].query("protocol == 'sgd' and model == 'eFCN' and relax_time == 3")
    for ax, column, scale in ((loss, "train_loss", 1), (accuracy, "test_accuracy", 100)):
        epochs, means = xy(ax, "eFCN, $t_w$ = 3")
        np.testing.assert_array_equal(epochs, np.arange(31))
        np.testing.assert_allclose(means, scale * rows.groupby("epoch")[column].mean(), rtol=1e-12)
        assert len(ax.collections) == 14  # a band for each of CNN, FCN, six eFCNs and six CNNs trained on
    first = accuracy.collections[0].get_paths()[0].vertices[:, 1]
    cnn = 100 * three["history"].query("protocol == 'sgd' and model == 'CNN'").test_accuracy
    assert (first.min(), first.max()) == pytest.approx((cnn.min(), cnn.max()))


def test_fig2_reads_the_sgd_protocol_alone(three):
    others = {
        **three,
        "history": three["history"].assign(
            train_loss=lambda t: t.train_loss.where(t.protocol == "sgd", 99.0)
        ),
    }
    assert xy(draw("fig2", others).axes[0], "CNN")[1].max() < 3


def test_fig3_draws_the_planted_means_and_the_papers_marks(three):
    performance, gradient, hessian = draw("fig3", three).axes
    named = {"eFCN": "eFCN", "continued CNN": "CNN trained on", "CNN": "CNN", "FCN": "FCN"}
    for model, label in {**named, "padded FCN": "FCN, padded start"}.items():
        for entry, column in ((label, "settled_test_accuracy"), (f"_best {label}", "best_test_accuracy")):
            found, wanted = line(performance, entry), 100 * planted(three, column, model=model)
            np.testing.assert_allclose(found.get_ydata(), wanted if len(wanted) > 1 else wanted.repeat(2))
            assert (found.get_alpha() or 1) == (1 if entry == label else relaxation.PALE)
    np.testing.assert_array_equal(xy(performance, "eFCN")[0], [0, 1, 3, 8, 20, 60])
    assert line(performance, "eFCN").get_marker() == "x"
    for ax, column in ((gradient, "gradient_norm"), (hessian, "hessian_top")):
        assert ax.get_yscale() == "log"
        for moment in ("start", "end"):
            np.testing.assert_allclose(xy(ax, moment)[1], planted(three, column, moment=moment))
    marks = {mark.get_ydata()[0] for mark in performance.get_lines() if mark.get_label() == "_published"}
    assert (
        marks
        == {published.CNN_ACCURACY, published.FCN_ACCURACY, published.RELAXED_AT_0_ACCURACY}
        == {72, 57.5, 62.5}
    )


def test_fig3_shows_bars_from_the_smallest_to_the_largest_seed(three):
    performance = draw("fig3", three).axes[0]
    bars = next(c for c in performance.collections if len(c.get_paths()) == 6)
    ends = np.array([path.vertices[:, 1] for path in bars.get_paths()])
    rows = three["measures"].query("protocol == 'sgd' and model == 'eFCN' and moment == 'end'")
    range_ = rows.groupby("relax_time").settled_test_accuracy.agg(["min", "max"]).to_numpy() * 100
    np.testing.assert_allclose(ends, range_)


def test_fig3_puts_eigenvalues_below_zero_on_the_edge_and_says_so(three):
    hessian = draw("fig3", damaged(three)).axes[2]
    edge = line(hessian, "_not positive")
    assert list(edge.get_xdata()) == [3] and "0 or less" in [
        text.get_text() for text in hessian.get_legend().get_texts()
    ]
    assert 3 not in xy(hessian, "start")[0]


def test_fig4_draws_delta_against_time_loss_and_accuracy(three):
    time, loss, accuracy = draw("fig4", three).axes
    deltas = 100 * planted(three, "deviation")
    np.testing.assert_allclose(xy(time, "eFCN")[1], deltas)
    for ax, x in (
        (loss, planted(three, "train_loss", moment="start")),
        (accuracy, 100 * planted(three, "settled_test_accuracy")),
    ):
        points = [xy(ax, f"eFCN, $t_w$ = {t}") for t in (0, 1, 3, 8, 20, 60)]
        np.testing.assert_allclose(np.ravel([p[0] for p in points]), x)
        np.testing.assert_allclose(np.ravel([p[1] for p in points]), deltas)
        np.testing.assert_allclose(xy(ax, "FCN")[1], 96.1)
        assert line(ax, "FCN").get_color() == style.BLUE
    marks = {mark.get_ydata()[0] for mark in accuracy.get_lines() if mark.get_label() == "_published"}
    assert marks == {8, 97}


def test_fig4_tells_the_delta_that_counts_padding(three):
    assert "97.5 % with the padded columns" in " ".join(draw("fig4", three).get_supxlabel().split())
    bare = {**three, "measures": three["measures"].drop(columns="deviation_padded")}
    assert "padded" not in draw("fig4", bare).get_supxlabel()


def test_fig5_draws_both_parts_and_chance(three):
    (ax,) = draw("fig5", three, classes=4).axes
    for label, column, colour in (
        ("local part alone", "local_accuracy", style.ORANGE),
        ("off-local part alone", "off_local_accuracy", style.BLUE),
        ("local and off-local", "test_accuracy", style.GREEN),
    ):
        np.testing.assert_allclose(xy(ax, label)[1], 100 * planted(three, column))
        assert line(ax, label).get_color() == colour
    assert set(line(ax, "chance").get_ydata()) == {25}


@pytest.mark.parametrize(("name", "protocol"), [("figB1", "alexnet"), ("figB2", "adam")])
def test_variants_read_their_own_protocol(name, protocol, three):
    table = three["measures"].copy()
    table.loc[table.protocol == protocol, ["settled_test_accuracy", "deviation"]] *= 0.5
    performance, deviation, curves = draw(name, {**three, "measures": table}).axes
    np.testing.assert_allclose(xy(performance, "eFCN")[1], 50 * planted(three, "settled_test_accuracy"))
    np.testing.assert_allclose(xy(deviation, "eFCN")[1], 50 * planted(three, "deviation"))
    assert len(xy(curves, "CNN")[0]) == 61
    assert not [mark for mark in performance.get_lines() if mark.get_label() == "_published"]


def test_figC_draws_each_path_and_names_the_right_ends(three):
    figure = draw("figC", three)
    axes = np.array(figure.axes).reshape(4, 2)
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    for column, (pair, last) in enumerate((("eFCN-CNN", "CNN"), ("eFCN-FCN", "FCN"))):
        for row, (time, value, scale) in enumerate(
            ((0, "train_loss", 1), (0, "test_accuracy", 100), (8, "train_loss", 1), (8, "test_accuracy", 100))
        ):
            ax = axes[row, column]
            for path, label in (
                ("linear", "linear"),
                ("norm_preserving", "norm preserving"),
                ("output", "output space"),
                ("string", "relaxed string"),
            ):
                rows = three["interpolation"].query(
                    f"pair == {pair!r} and path == {path!r} and relax_time == {time}"
                )
                np.testing.assert_allclose(xy(ax, label)[1], scale * rows.groupby("alpha")[value].mean())
        shown = [tick.get_text() for tick in axes[3, column].get_xticklabels()]
        assert (shown[0], shown[-1]) == ("0\neFCN", f"1\n{last}")


def test_lcn_sets_both_relaxations_side_by_side(three, paper_like):
    final, training = draw("lcn", three).axes
    np.testing.assert_allclose(
        xy(final, "eLCN")[1], 100 * planted(three, "settled_test_accuracy", model="eLCN")
    )
    np.testing.assert_allclose(xy(final, "eFCN")[1], 100 * planted(three, "settled_test_accuracy"))
    solid, dotted = line(training, "eFCN, $t_w$ = 8"), line(training, "eLCN, $t_w$ = 8")
    assert solid.get_color() == dotted.get_color() and solid.get_linestyle() != dotted.get_linestyle()
    assert "hold no eLCN" in " ".join(draw("lcn", paper_like).get_supxlabel().split())


@pytest.mark.parametrize(
    ("name", "tables_", "message"),
    [
        (
            "fig3",
            {"measures": pd.DataFrame({"protocol": ["sgd"], "model": ["CNN"]})},
            "table measures lacks column relax_time",
        ),
        (
            "fig7",
            {
                "filters": pd.DataFrame(
                    columns=["model", "relax_time", "epoch", "panel", "row", "column", "log_abs_weight"]
                )
            },
            "table filters has no row with model = FCN; there is: none",
        ),
        (
            "figA",
            {"blocks": pd.DataFrame(columns=["layer", "row", "column", "filled", "rows", "columns"])},
            "blocks has no row",
        ),
    ],
)
def test_a_table_that_will_not_do_is_named(name, tables_, message):
    with pytest.raises(TableError, match=message):
        draw(name, tables_)


def test_a_missing_protocol_is_named(three):
    sgd = {name: three[name].query("protocol == 'sgd'") for name in ("measures", "history")}
    with pytest.raises(TableError, match="no row with protocol = adam; there is: sgd"):
        draw("figB2", sgd)


def test_drawing_changes_neither_settings_nor_tables(three):
    before, tables_ = dict(rcParams), {name: table.copy() for name, table in three.items()}
    assert draw("fig3", three) is not draw("figC", three)
    assert dict(rcParams) == before
    for name, table in three.items():
        pd.testing.assert_frame_equal(table, tables_[name])
