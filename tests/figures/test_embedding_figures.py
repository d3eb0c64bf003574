"""Each figure of ``embedding`` from planted tables: it plots what was planted, every text can be read."""

import numpy as np
import pandas as pd
import pytest
from endings import drawing, equal_bytes, missing_columns, missing_rows, words
from legible import assert_legible, texts, xy
from matplotlib.figure import Figure

from anarch.figures import embedding
from anarch.figures.embedding import published, series

ABOUT = "50 points of a target with three bends, digits (1,000 + 797 images), laptop scale"
GRID = np.linspace(-2, 2, 61)
LOSSES = {(1, 0): 0.062, (2, 0): 0.0112, (2, 1): 0.0391, (3, 0): 1.4e-31}


def output(width: int, point: int, x: np.ndarray) -> np.ndarray:
    """Sums of tanh that come nearer to the target with the width."""
    parts = [0.9 * np.tanh(1.3 * x), 0.5 * np.tanh(4 * (x - 1)), -0.6 * np.tanh(5 * (x + 1))]
    return np.sum(parts[:width], axis=0) + 0.15 * point * np.cos(2 * x)


def curves(losses=LOSSES) -> pd.DataFrame:
    x = np.linspace(-1.9, 1.9, 50)
    parts = [pd.DataFrame({"kind": "data", "x": x, "value": output(3, 0, x)})]
    for (width, point), loss in losses.items():
        narrow = {"kind": "narrow", "width": width, "point": point, "loss": loss}
        parts.append(pd.DataFrame({**narrow, "x": GRID, "value": output(width, point, GRID)}))
    return pd.DataFrame(pd.concat(parts, ignore_index=True))


def moments(origins=(1, 2), plateaus=2) -> list[tuple]:
    """start, origin, plateau, step, loss of every stagnation and every end."""
    small = [("small", np.nan, k + 1, 3e3 * 12.0**k, 0.0401 * 0.3**k) for k in range(plateaus)]
    lifted = [("lifted", o, 1, 800.0, LOSSES[o, 0] * 0.999) for o in origins]
    ends = [("small", np.nan, 0, 3e5, 3e-6), *(("lifted", o, 0, 3e5, 2e-6) for o in origins)]
    return [*small, *lifted, *ends]


def wide_tables(seeds: int, origins=(1, 2), plateaus=2, last=3e5) -> dict[str, pd.DataFrame]:
    steps = np.unique(np.geomspace(1, last + 1, 120).round()) - 1
    descents, stagnations, shots = [], [], []
    for seed in range(seeds):
        shake = 1 + 0.3 * seed
        fall = 3e-6 + 0.028 / (1 + (steps / 5e4 / shake) ** 4) + 0.012 / (1 + (steps / 2e5) ** 8)
        small = {"start": "small", "origin": np.nan, "loss": fall + 0.4 * np.exp(-steps / 100 / shake)}
        lifted = [
            {"start": "lifted", "origin": o, "loss": 2e-6 + LOSSES[o, 0] / (1 + (steps / 3e3 / shake) ** 3)}
            for o in origins
        ]
        for run in (small, *lifted):
            told = {"seed": seed, "width": 500, "step": steps, "gradient_norm": 1.0}
            descents.append(pd.DataFrame({**run, **told}))
        for start, origin, plateau, step, loss in moments(origins, plateaus):
            key = {"start": start, "origin": origin, "seed": seed, "plateau": plateau}
            key |= {"step": step, "loss": loss}
            early = origin == 1 or (start == "small" and plateau == 1)
            near = (3, 0) if plateau == 0 else (1, 0) if early else (2, 0)
            value = output(*near, GRID) + (0.1 * GRID if start == "small" and plateau else 0)
            shots.append(pd.DataFrame({**key, "x": GRID, "value": value}))
            for (width, point), narrow in LOSSES.items():
                wanted = (2, 1) if start == "small" and plateau == 1 else near
                apart = 0.004 if (width, point) == wanted else 0.07
                stagnations.append(
                    {**key, "gradient_norm": 1e-4, "rate": 0.01, "narrow_width": width}
                    | {
                        "narrow_point": point,
                        "narrow_loss": narrow,
                        "gap": loss - narrow,
                        "relative_gap": 0.1,
                    }
                    | {"output_gap": apart, "nearest": int((width, point) == wanted)}
                )
    return {
        "descent": pd.concat(descents, ignore_index=True),
        "plateaus": pd.DataFrame(stagnations),
        "snapshots": pd.concat(shots, ignore_index=True),
    }


def split(alpha=0.3) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    inner, outer = draws.normal(size=(5, 2)), draws.normal(size=(3, 3))  # 4 inputs, 2 hidden, 3 outputs
    rows = []
    for network, roles in (("narrow", ("other", "split")), ("wide", ("other", "kept", "copy"))):
        for hidden, role in enumerate(roles):
            original, share = min(hidden, 1), {"kept": 1 - alpha, "copy": alpha}.get(role, 1.0)
            rows += [(network, 1, k if k < 4 else -1, hidden, inner[k, original], role) for k in range(5)]
            rows += [(network, 2, hidden, k, share * outer[original, k], role) for k in range(3)]
        rows += [(network, 2, -1, k, outer[2, k], "") for k in range(3)]
    table = pd.DataFrame(rows, columns=["network", "layer", "source", "target", "weight", "role"])
    return table.assign(alpha=alpha, loss=0.0421375, residual=3.1e-16)


def spectra(cases=("line", "line_zero", "iris", "iris_bias")) -> pd.DataFrame:
    rows = []
    for case in cases:
        first, outputs = (3, 1) if case == "line_zero" else (2, 1 if case == "line" else 3)
        for step in range(3):
            m = first + step
            size = m * (2 + outputs) + outputs
            grown = {"line": (step, step), "line_zero": (0, 3 * step)}
            negative, zero = grown.get(case, (3 + 2 * step, 1 + step))
            positive = size - negative - zero
            values = [-np.geomspace(2e-2, 3e-5, negative), np.resize([0.0, -3e-18, 5e-17], zero)]
            values += [np.geomspace(2e-6, 4.0, positive)]
            signs = np.repeat([-1, 0, 1], [negative, zero, positive])
            kinds = {"float64": 1.0} | ({"50 digits": 1e-30} if case == "line" else {})
            for arithmetic, shrink in kinds.items():
                exact = np.where(signs == 0, np.concatenate(values) * shrink, np.concatenate(values))
                told = {
                    "loss": 0.0 if case == "line_zero" else 0.0112,
                    "residual": 6e-16,
                    "negative": negative,
                }
                told |= {"zero": zero, "positive": positive, "threshold": 3e-11, "margin": 8.0}
                rows.append(
                    pd.DataFrame(
                        {"case": case, "width": m, "index": range(size), "eigenvalue": exact, "sign": signs}
                        | {**told, "arithmetic": arithmetic}
                    )
                )
    return pd.DataFrame(pd.concat(rows, ignore_index=True))


def found(losses=LOSSES) -> dict[str, pd.DataFrame]:
    points, diagram = [], []
    for (width, point), loss in losses.items():
        told = {"width": width, "point": point, "loss": loss, "residual": 4e-16}
        points.append({**told, "case": "line", "starts": 2000, "found": 1200 - 300 * point, "zero": 0})
        for main in (1, 0) if width == 2 else (1,):
            counts = {"negative": 3 - width + point, "zero": 3 - width + 1 - main}
            told |= {"positive": 5, "copies": "2+1", "main": main, "minimal": 3 - width}
            diagram.append({**told, **counts})
    frame = pd.DataFrame(points)
    return {
        "points": pd.concat([frame, frame.assign(case="iris")], ignore_index=True),
        "diagram": pd.DataFrame(diagram),
        "curves": curves(losses),
    }


def reduced(model: str, seeds: int, neurons=40, sizes=(14, 9, 6, 3, 1, 1)) -> dict[str, pd.DataFrame]:
    training, reductions = [], []
    steps, points = np.unique(np.geomspace(1, 2e4, 80).round()), (1500.0, 6000.0, 20000.0)
    for seed in range(seeds):
        key = {"model": model, "dataset": "digits", "seed": seed}

        def loss(step, seed=seed):
            return 0.03 + 0.07 / (1 + (step / 3e3) ** 2) + 0.8 * np.exp(-step / (300 + 40 * seed))

        whole = {"stage": "original", "point": np.nan, "marked": np.nan, "loss": loss(steps)}
        training.append(pd.DataFrame({**key, **whole, "width": neurons, "step": steps}))
        for point in points:
            mark, groups = int(seed == 0 and point == points[1]), len(sizes) + seed
            after = np.arange(0, 401, 20.0)
            smaller = {"stage": "reduced", "point": point, "marked": mark, "width": groups, "step": after}
            falling = loss(point) * (1 + 0.5 * np.exp(-after / 30))
            training.append(pd.DataFrame({**key, **smaller, "loss": falling}))
            agree = 0.97 - 0.01 * seed - 200 / point / 10
            reductions.append(
                {
                    **key,
                    "point": point,
                    "marked": mark,
                    "width": neurons,
                    "loss": loss(point),
                    "low": 6 + seed,
                }
                | {
                    "groups": groups,
                    "largest": 14,
                    "loss_merged": 1.5 * loss(point),
                    "loss_retrained": falling[15],
                }
                | {"retrain_steps": 300, "agreement_merged": agree - 0.05, "agreement": agree}
                | {"test_samples": 797, "accuracy": 0.9, "accuracy_reduced": 0.89, "gradient_norm": 1e-4}
            )
    return {
        "training": pd.concat(training, ignore_index=True),
        "reductions": pd.DataFrame(reductions),
        **pictures(model, neurons, sizes),
    }


def pictures(model: str, neurons: int, sizes: tuple[int, ...], classes=10) -> dict[str, pd.DataFrame]:
    """Groups, cosines and predictions of the marked point: 76 of each class agree, 9 do not."""
    draws = np.random.default_rng(1)
    group = np.r_[np.repeat(np.arange(len(sizes)), sizes), np.full(neurons - sum(sizes), -1)]
    centre = draws.normal(size=(len(sizes), 12))
    weight = np.where(group[:, None] < 0, draws.normal(size=(neurons, 12)), 3 * centre[group])
    weight = weight + 0.3 * draws.normal(size=weight.shape)
    unit = weight / np.linalg.norm(weight, axis=1, keepdims=True)
    row, column = np.divmod(np.arange(neurons**2), neurons)
    first, second = np.divmod(np.arange(classes**2), classes)
    key = {"model": model, "dataset": "digits"}
    grouped = {"position": range(neurons), "neuron": draws.permutation(neurons), "group": group}
    pairs = {"original": first, "reduced": second, "count": np.where(first == second, 76, 1 * (second == 3))}
    return {
        "groups": pd.DataFrame({**key, "seed": 0, **grouped, "amplitude": 1.0}),
        "cosines": pd.DataFrame({**key, "row": row, "column": column, "cosine": (unit @ unit.T).ravel()}),
        "agreement": pd.DataFrame({**key, **pairs}),
    }


def certificate() -> pd.DataFrame:
    claims = [
        ("Lemma 1 (i)", "features are kept, the split one twice", 3.2e-16, 1e-10),
        ("Lemma 1 (iii)", "error vectors: shares alpha and 1 - alpha", 4.1e-15, 1e-10),
        ("Theorem 1", "the wide gradient is a linear image of the narrow one", 8.8e-16, 1e-10),
    ]
    rows = [(c, s, network, 200, v, t, True) for network in ("perceptron", "CNN") for c, s, v, t in claims]
    rows += [
        ("Theorem 1", "critical points stay critical (|gradient|_1)", "perceptron", 60, 2e-13, 1e-12, True),
        ("Theorem 2", "K embeddings add at least K zeros", "perceptron", 51, 0.0, 0.0, True),
        ("inertia", "index and zeros grow by those of S", "perceptron", 51, 1.0, 0.0, False),
    ]
    names = ["claim", "statement", "network", "trials", "violation", "tolerance", "holds"]
    return pd.DataFrame(rows, columns=names)


def made(seeds: int) -> dict[str, pd.DataFrame]:
    small = [reduced("two_layer", seeds), reduced("cnn", seeds, neurons=12, sizes=(4, 3, 2, 1))]
    both = {name: pd.concat([part[name] for part in small], ignore_index=True) for name in small[0]}
    return {
        **found(),
        **wide_tables(seeds),
        **both,
        "split": split(),
        "spectra": spectra(),
        "certificate": certificate(),
    }


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
    some = draw("fig3", {"spectra": spectra(("iris", "own"))})
    assert some.axes[3].get_ylabel().startswith("own") and "paper" not in titles(some)[3]
    assert_legible(some)


def test_fig4_sets_every_point_at_its_loss_with_its_output_beside(three):
    tree, *outputs = draw("fig4", three).axes
    marks = [line for line in tree.get_lines() if line.get_label().startswith("width")]
    places = sorted((int(mark.get_xdata()[0]), float(mark.get_ydata()[0])) for mark in marks)
    assert places[:3] == [(1, 0.062), (2, 0.0112), (2, 0.0391)]
    assert places[3][0] == 3 and tree.get_ylim()[0] < places[3][1] < 0.0112
    filled = {int(mark.get_xdata()[0]) for mark in marks if mark.get_markerfacecolor() != "white"}
    assert filled == {3}
    for ax, point in zip(outputs, [(1, 0), (2, 1), (2, 0), (3, 0)], strict=True):
        np.testing.assert_array_equal(xy(ax, "output")[1], output(*point, GRID))
    assert outputs[1].texts[0].get_text().splitlines() == [
        "2b: loss 0.0391, index 2",
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
    assert "the 4 others are left out" in words(figure) and "2, 5, 7 of each width" in words(figure)


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
