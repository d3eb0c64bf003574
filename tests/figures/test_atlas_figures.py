"""The figures of the atlas from planted tables: points and taus where they were planted, legible texts."""

import numpy as np
import pandas as pd
import pytest
from legible import assert_legible, texts, xy

from anarch.atlas import environments, ranking
from anarch.figures import atlas as figures
from anarch.figures.atlas.looks import MEASURES, POOLED, STUDIES, WAYS, flips, series
from anarch.figures.atlas.minima import PANELS
from anarch.figures.tables import TableError

ABOUT = "laptop scale"
GROUPS = {
    "needle": ("sgd", "adam", "alexnet"),
    "bad_minima": ("resnet18",),
    "scratch": ("digits", "digits_permuted"),
    "blessing": ("poisoned/digits", "optimisers", "swissroll"),
}


def planted(studies=tuple(GROUPS), networks: int = 12) -> pd.DataFrame:
    rng, rows = np.random.default_rng(0), []
    for study in studies:
        for group in GROUPS[study]:
            for i in range(networks):
                quality = rng.uniform()
                rows.append(
                    {
                        "study": study, "run": f"{group}/{i}", "group": group, "what": "a network",
                        "dataset": "digits", "seed": i % 3, "test_images": 2000,
                        "settings": f'{{"width": {i // 3}}}',
                        "noise": 0.01 + 0.1 * quality, "pac_bayes": 10 ** rng.normal(),
                        "margin": 4 * quality, "log10_path2_margin": 2 * rng.normal(),
                        "train_loss": 10 ** (-4 * quality), "train_accuracy": 0.9 + 0.1 * quality,
                        "test_accuracy": 0.4 + 0.5 * quality + 0.02 * rng.normal(),
                        "gradient_norm": 10 ** rng.normal(), "hessian_top": 10 ** (2 * rng.normal()),
                        "radius_median": 0.3 + quality, "radius_mean": 0.31 + quality,
                        "frobenius": 20 + 100 * rng.uniform(), "log10_path1": 3 + 4 * rng.uniform(),
                        "log10_path2": 1 + rng.uniform(), "distance": rng.uniform(0.2, 1.1),
                        "deviation": rng.uniform(0, 0.9) if study in ("needle", "scratch") else np.nan,
                        "sparsity": 0.9 * quality if study == "scratch" else 0.0,
                        "parameters": int(10 ** rng.uniform(3, 7)),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def ranked(atlas: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(ranking.taus(atlas, resamples=100))


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    atlas = planted()
    return atlas, ranked(atlas)


def words(figure) -> str:
    return " ".join(figure.get_supxlabel().split())


def test_the_measures_are_those_that_are_ranked():
    assert tuple(MEASURES) == ranking.MEASURES


def test_fig1_is_legible_and_its_caption_counts(tables):
    figure = figures.fig1(*tables, about=ABOUT)
    assert_legible(figure)
    assert "108 minima" in words(figure) and "9 groups" in words(figure)
    assert words(figure).endswith("laptop scale; n = 3 seeds.")


def test_fig1_draws_every_network_in_every_panel_that_its_measure_has(tables):
    atlas, taus = tables
    figure = figures.fig1(atlas, taus, about=ABOUT)
    assert len(figure.axes) == len(PANELS) + 1
    for ax, measure in zip(figure.axes[:-1], PANELS, strict=True):
        assert ax.get_ylabel() == MEASURES[measure].name
        for study in STUDIES:
            mine = atlas[(atlas.study == study) & atlas[measure].notna()]
            x, y = xy(ax, study)
            np.testing.assert_allclose(x, 100 * mine.test_accuracy)
            np.testing.assert_allclose(y, MEASURES[measure].scale * mine[measure])


def test_fig1_shows_the_taus_with_their_intervals(tables):
    atlas, taus = tables
    partial = taus[taus.way == "partial"]
    forest = figures.fig1(atlas, taus, about=ABOUT).axes[-1]
    for name in (*STUDIES, POOLED):
        rows = (
            partial[partial.level == "pooled"]
            if name == POOLED
            else partial[(partial.level == "study") & (partial.study == name)]
        )
        _, y = xy(forest, name)
        np.testing.assert_allclose(y, rows.tau.dropna())
    pooled = partial[(partial.level == "pooled") & (partial.measure == "frobenius")].iloc[0]
    shown = figures.fig1(atlas, taus, about=ABOUT).axes[PANELS.index("frobenius")].get_title(loc="right")
    assert f"{abs(pooled.tau):.2f}" in shown and "[" in shown


def test_measures_whose_sign_turns_with_intervals_clear_of_0_are_marked(tables):
    atlas, taus = tables
    turned = taus.copy()
    of_study = (turned.way == "partial") & (turned.level == "study") & (turned.measure == "frobenius")
    for study, limits in (("needle", (0.2, 0.4)), ("scratch", (-0.5, -0.1)), ("blessing", (-0.1, 0.1))):
        turned.loc[of_study & (turned.study == study), ["low", "high"]] = limits
    turned.loc[of_study & (turned.study == "bad_minima"), ["low", "high"]] = np.nan
    assert "frobenius" in flips(series(turned, "partial"))
    level = turned.assign(low=turned.low.where(turned.study != "scratch", -1.0))
    level.loc[of_study & (level.study == "scratch"), "high"] = 0.1
    assert "frobenius" not in flips(series(level, "partial"))
    forest = figures.fig1(atlas, turned, about=ABOUT).axes[-1]
    names = [label.get_text() for label in forest.get_xticklabels()]
    assert names[list(MEASURES).index("frobenius")].endswith("†")
    shown = [text.get_text() for text in texts(figures.table1(turned, about=ABOUT))]
    assert "Frobenius norm†" in shown


def test_zeros_and_negatives_lie_on_the_edge_of_a_logarithmic_axis(tables):
    atlas = tables[0].copy()
    atlas.loc[0, "train_loss"], atlas.loc[1, "hessian_top"], atlas.loc[2, "log10_path1"] = 0.0, -1.0, -np.inf
    figure = figures.fig1(atlas, ranked(atlas), about=ABOUT)
    assert_legible(figure)
    for measure, row in (("train_loss", 0), ("hessian_top", 1), ("log10_path1", 2)):
        ax = figure.axes[PANELS.index(measure)]
        (lost,) = [one for one in ax.get_lines() if one.get_label() == "_lost"]
        assert list(lost.get_xdata()) == [100 * atlas.test_accuracy[row]]
        assert len(xy(ax, "needle")[0]) == 35


@pytest.mark.parametrize("studies", [("needle",), ("bad_minima", "blessing")])
def test_few_studies_and_one_seed_can_be_drawn(studies):
    atlas = planted(studies, 5).assign(seed=0)
    taus = ranked(atlas)
    figure = figures.fig1(atlas, taus, about=ABOUT)
    assert_legible(figure)
    assert words(figure).endswith("n = 1 seed.")
    assert_legible(figures.table1(taus, about=ABOUT))


def test_single_networks_leave_empty_panels_and_dashes():
    atlas = planted(("blessing",), 1)
    taus = ranked(atlas)
    figure = figures.fig1(atlas, taus, about=ABOUT)
    assert_legible(figure)
    assert all(ax.get_title(loc="right").endswith("–") for ax in figure.axes[:-1])
    table = figures.table1(taus, about=ABOUT)
    assert sum(text.get_text() == "–" for text in texts(table)) == 2 * len(MEASURES) * len(WAYS)


def test_table1_writes_taus_and_marks_those_that_are_certain(tables):
    _, taus = tables
    table = figures.table1(taus, about=ABOUT)
    assert_legible(table)
    seen = [text.get_text() for text in texts(table)]
    taus = taus[taus.way != "all"]
    for _, row in taus[taus.level != "group"].iterrows():
        if pd.isna(row.tau):
            continue
        number = f"{round(row.tau, 2) + 0.0:+.2f}".replace("-", "\N{MINUS SIGN}")
        ours = [text for text in seen if text.startswith(number)]
        assert ours
    certain = taus[(taus.level != "group") & ((taus.low > 0) | (taus.high < 0))]
    assert sum(text.endswith("*") for text in seen) == len(certain) > 0


def test_table2_writes_mean_and_worst_errors(tables):
    atlas, _ = tables
    signs = pd.DataFrame(environments.sign_errors(atlas))
    table = figures.table2(signs, about=ABOUT)
    assert_legible(table)
    seen = [text.get_text() for text in texts(table)]
    row = signs[(signs.level == "all") & (signs.measure == "margin")].iloc[0]
    assert f"{row.error:.2f}" in seen and f"{row.study}/{row.group}, width" in seen
    none = pd.DataFrame(environments.sign_errors(atlas.head(2)))
    blank = figures.table2(none, about=ABOUT)
    assert sum(text.get_text() == "–" for text in texts(blank)) == 3 * len(MEASURES)
    with pytest.raises(TableError, match="table signs has no row with level = all"):
        figures.table2(signs[signs.level == "none"], about=ABOUT)


def test_tables_that_lack_something_are_refused(tables):
    atlas, taus = tables
    with pytest.raises(TableError, match="table atlas lacks column sparsity"):
        figures.fig1(atlas.drop(columns="sparsity"), taus, about=ABOUT)
    with pytest.raises(TableError, match=r"must hold networks of needle, .*; got \['other'\]"):
        figures.fig1(atlas.assign(study="other"), taus, about=ABOUT)
    with pytest.raises(TableError, match="table taus lacks column tau"):
        figures.table1(taus.drop(columns="tau"), about=ABOUT)
    with pytest.raises(TableError, match="no row with way = fit and level = pooled"):
        figures.table1(taus[taus.level == "group"], about=ABOUT)
