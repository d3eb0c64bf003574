"""Which measure orders accuracy: tau against closed forms, over groups, and what is left out."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from anarch.atlas.environments import sign_errors
from anarch.atlas.pairs import comparable, settings_apart, signs
from anarch.atlas.ranking import EXPECTED, MEASURES, Draws, rank, taus, weighted_tau


def group(
    accuracy: list[float],
    values: list[float],
    *,
    study: str = "one",
    name: str = "g",
    measure: str = "frobenius",
) -> pd.DataFrame:
    """Networks of one group, each of a seed of its own and tested on very many images; all other measures are
    not defined.  Only the order of ``accuracy`` counts."""
    rows = pd.DataFrame(dict.fromkeys(MEASURES, [np.nan] * len(values)))
    rows[measure] = values
    rows = rows.assign(seed=range(len(values)), settings="{}", test_images=1e20)
    return rows.assign(test_accuracy=0.5 + np.array(accuracy) / 1000, study=study, group=name, dataset="d")


def found(rows: list[dict], **wanted: object) -> dict:
    wanted = {"way": "all", **wanted}
    (row,) = [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]
    return row


def ranked(*groups: pd.DataFrame, **options: int) -> list[dict]:
    return taus(pd.concat(groups, ignore_index=True), resamples=options.pop("resamples", 200), **options)


@pytest.mark.parametrize(
    "values, tau",
    [
        ([1, 2, 3, 4], 1.0),
        ([9, 4, 1, -1], -1.0),
        ([1, 3, 2, 4], (5 - 1) / 6),
        ([1, 1, 2, 3], 5 / np.sqrt(5 * 6)),  # tau-b: one pair tied in the measure
        ([-np.inf, 0, 1, np.inf], 1.0),
    ],
)
def test_tau_of_a_group_has_its_closed_form(values, tau):
    row = found(ranked(group([0.1, 0.2, 0.3, 0.4], values)), level="group", measure="frobenius")
    assert row["tau"] == pytest.approx(tau)
    assert (row["networks"], row["pairs"], row["reason"]) == (4, 6, "")


def test_resampled_taus_are_those_of_the_repeated_networks():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, 13).astype(float), rng.normal(size=13).round(1)
    x[0] = np.inf
    weights = Draws("one", 3, 40).of(np.arange(13))
    assert (weights.sum(1) == 13).all()
    taus_found = weighted_tau(signs(pd.Series(x)), signs(pd.Series(y)), np.ones((13, 13)), weights)
    for tau, counts in zip(taus_found, weights.astype(int), strict=True):
        repeated = kendalltau(np.repeat(np.minimum(x, 99), counts), np.repeat(y, counts)).statistic
        assert tau == pytest.approx(repeated, nan_ok=True)


def test_a_monotone_map_of_measure_or_accuracy_changes_nothing():
    rng = np.random.default_rng(1)
    accuracy, values = rng.uniform(0.2, 0.9, 12), rng.normal(size=12)
    rows = ranked(group(accuracy, values), group(accuracy[::-1], values, name="h"))
    assert (
        ranked(group(accuracy**3, np.exp(values)), group(accuracy[::-1] ** 3, np.exp(values), name="h"))
        == rows
    )
    mirrored = ranked(group(accuracy, -values), group(accuracy[::-1], -values, name="h"))
    for level in ("group", "study", "pooled"):
        one, other = (
            [
                row
                for row in table
                if (row["way"], row["level"], row["measure"]) == ("all", level, "frobenius")
            ]
            for table in (rows, mirrored)
        )
        assert [row["tau"] for row in one] == [-row["tau"] for row in other]


def test_groups_are_never_compared_with_each_other():
    """Within every group accuracy rises with the measure; across groups it falls."""
    rows = ranked(
        *(
            group([0.9 - 0.1 * k + 0.01 * i for i in range(4)], [10 * k + i for i in range(4)], name=f"g{k}")
            for k in range(3)
        )
    )
    for level in ("study", "pooled"):
        row = found(rows, level=level, measure="frobenius")
        assert (row["tau"], row["low"], row["high"]) == (1.0, 1.0, 1.0)
        assert (row["networks"], row["pairs"], row["groups"]) == (12, 18, 3)


def test_groups_weigh_by_their_pairs_and_studies_have_their_own():
    up = group([1, 2, 3], [1, 2, 3])
    down = group([1, 2, 3, 4, 5], [5, 4, 3, 2, 1], name="h")
    other = group([1, 2, 3, 4], [1, 3, 2, 4], study="two")
    rows = ranked(up, down, other)
    assert found(rows, level="study", study="one", measure="frobenius")["tau"] == pytest.approx((3 - 10) / 13)
    assert found(rows, level="study", study="two", measure="frobenius")["tau"] == pytest.approx(2 / 3)
    pooled = found(rows, level="pooled", measure="frobenius")
    assert pooled["tau"] == pytest.approx((3 - 10 + 6 * 2 / 3) / 19)
    assert -1 <= pooled["low"] <= pooled["tau"] <= pooled["high"] <= 1


def test_two_groups_are_too_few_to_resample():
    pooled = found(
        ranked(group([1, 2, 3], [1, 2, 3]), group([1, 2, 3], [3, 1, 2], name="h")),
        level="pooled",
        measure="frobenius",
    )
    assert pooled["tau"] is not None and pooled["low"] is None and pooled["high"] is None


@pytest.mark.parametrize(
    "accuracy, values, reason",
    [
        ([0.5], [1.0], "1 network only"),
        ([0.5, 0.6], [1.0, 2.0], "2 networks only"),
        ([0.5, 0.6, 0.7], [2.0, 2.0, 2.0], "all alike"),
        ([0.5, 0.5, 0.5], [1.0, 2.0, 3.0], "all within noise"),
        ([0.5, 0.6, 0.7], [np.nan] * 3, "not defined"),
        ([0.5, 0.6, 0.7], [1.0, np.nan, np.nan], "1 network only"),
    ],
)
def test_what_cannot_be_ranked_is_left_out_with_its_reason(accuracy, values, reason):
    rows = ranked(group(accuracy, values, name="left"), group([1, 2, 3], [3, 2, 1]))
    row = found(rows, level="group", group="left", measure="frobenius")
    assert row["tau"] is None and row["low"] is None and row["reason"] == reason
    for level in ("study", "pooled"):
        row = found(rows, level=level, measure="frobenius")
        assert (row["tau"], row["networks"], row["groups"]) == (-1, 3, 1)
        assert row["reason"] == f"{reason}: one/left (d)"


def test_a_measure_that_no_group_has_gives_no_tau():
    row = found(ranked(group([1, 2, 3], [1, 2, 3])), level="pooled", measure="deviation")
    assert row["tau"] is None and row["groups"] == 0 and row["reason"] == "not defined: one/g (d)"


def test_an_interval_belongs_to_its_group_alone():
    """Neither a further group nor the order of groups moves it; it encloses its tau."""
    rng = np.random.default_rng(2)
    values = np.arange(30.0)
    noisy = group(list(values + rng.normal(scale=8, size=30)), list(values))
    further = group([1, 2, 3], [1, 2, 3], name="h")
    first, second = (
        found(table, level="group", group="g", measure="frobenius")
        for table in (ranked(noisy), ranked(further, noisy))
    )
    assert first == second
    assert 0 < first["low"] < first["tau"] < first["high"] < 1


def test_more_networks_narrow_the_interval():
    rng = np.random.default_rng(3)
    widths = []
    for count in (8, 80):
        x = rng.normal(size=count)
        one = rank(group(list(x + rng.normal(size=count)), list(x)), "frobenius", Draws("one", 0, 400))
        widths.append(np.quantile(one.draws, 0.9) - np.quantile(one.draws, 0.1))
    assert widths[1] < widths[0] / 1.8


def test_the_ways_to_compare_are_what_they_say():
    """Six networks: two do not fit; the measure is the loss's rank but for one swap."""
    accuracy, loss, values = [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1.0], [1, 2, 3, 4, 6, 5.0]
    one = group(accuracy, values).assign(train_loss=loss, train_accuracy=[0.5, 0.98, 0.99, 1, 1, 1])
    rows = ranked(one)
    plain = found(rows, level="group", measure="frobenius")["tau"]
    assert plain == pytest.approx(13 / 15)
    fit = found(rows, level="group", measure="frobenius", way="fit")
    assert (fit["networks"], fit["tau"]) == (4, pytest.approx(4 / 6))
    # The loss orders accuracy perfectly: nothing is left for any other measure to explain.
    partial = found(rows, level="group", measure="frobenius", way="partial")
    assert partial["tau"] is None and partial["reason"] == "not defined"
    told = found(rows, level="group", measure="train_loss", way="partial")
    assert told["tau"] is None and told["reason"] == "what is given"
    other = [6, 5, 3, 4, 1, 2.0]
    rows = ranked(one.assign(train_loss=other))
    xz, yz = -kendalltau(values, other).statistic, -kendalltau(accuracy, other).statistic
    expected = (plain - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert found(rows, level="group", measure="frobenius", way="partial")["tau"] == pytest.approx(expected)


def test_pairs_within_the_chance_of_their_test_images_do_not_count():
    """Of 1,000 images at 50 % a difference has a standard error of 2.24 points."""
    part = group([0, 40, 65, 70], [1, 2, 3, 4.0]).assign(test_images=1000)
    apart = comparable(part, "frobenius")
    assert [(int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(apart)), strict=True)] == [(0, 2), (0, 3)]
    row = found(ranked(part), level="group", measure="frobenius")
    assert (row["tau"], row["pairs"]) == (1, 2)


def test_matched_sizes_say_nothing_of_size():
    part = group([1, 2, 3, 4], [1000, 1050, 2000, 2100.0], measure="parameters")
    row = found(ranked(part), level="group", measure="parameters")
    assert row["pairs"] == 4 and row["tau"] == 1
    assert comparable(part.assign(frobenius=part.parameters), "frobenius").sum() == 12


def test_granulated_pairs_are_of_one_seed_and_differ_in_one_setting():
    """Of each of two seeds: width up, accuracy up and measure up; decay up, accuracy up and measure down."""
    made = [(0, 1, 0), (0, 2, 0), (0, 1, 1), (1, 1, 0), (1, 2, 0), (1, 1, 1)]
    part = group([1, 2, 3, 1.1, 2.1, 3.1], [5, 6, 4, 5, 6, 4]).assign(
        seed=[seed for seed, _, _ in made],
        settings=[
            json.dumps({"width": width} | ({"decay": decay} if decay else {})) for _, width, decay in made
        ],
    )
    pairs = settings_apart(part, comparable(part, "frobenius"))
    assert {name: int(kind.sum()) for name, kind in pairs.items()} == {"width": 4, "decay": 4}
    row = found(ranked(part), level="group", measure="frobenius", way="granulated")
    assert (row["tau"], row["pairs"], row["low"]) == (0, 4, None)
    none = found(ranked(group([1, 2, 3], [1, 2, 3])), level="group", measure="frobenius", way="granulated")
    assert none["reason"] == "no pair differs in one setting"


def test_seeds_are_resampled_and_not_networks():
    """Every seed has the same networks: whichever are drawn, tau is the same; two seeds are too few."""
    parts = [group([1, 3, 2], [1, 2, 3.0]).assign(seed=seed) for seed in range(4)]
    row = found(ranked(pd.concat(parts, ignore_index=True)), level="group", measure="frobenius")
    assert row["low"] == pytest.approx(row["high"]) == pytest.approx(row["tau"])
    few = found(ranked(pd.concat(parts[:2], ignore_index=True)), level="study", measure="frobenius")
    assert few["tau"] is not None and few["low"] is None
    drawn = Draws("one", 0, 50).of(np.array([0, 0, 1, 2]))
    assert (drawn[:, 0] == drawn[:, 1]).all() and (drawn[:, 1:].sum(1) == 3).all()


def test_sign_errors_by_environment_and_at_worst():
    """A larger norm is expected to be worse.  Width: right in three pairs of three; decay: wrong in all."""
    told = [{"width": 1}, {"width": 2}, {"width": 1, "decay": 1}]
    parts = [
        group([3, 2, 1], [1, 2, 0.5], name="g").assign(seed=seed, settings=[json.dumps(one) for one in told])
        for seed in range(3)
    ]
    rows = [row for row in sign_errors(pd.concat(parts, ignore_index=True)) if row["measure"] == "frobenius"]
    by_setting = {row["setting"]: row for row in rows if row["level"] == "environment"}
    assert by_setting["width"]["error"] == 0 and by_setting["decay"]["error"] == 1
    assert by_setting["width"]["pairs"] == by_setting["decay"]["pairs"] == 3
    (over,) = [row for row in rows if row["level"] == "all"]
    assert (over["error"], over["worst"], over["setting"], over["environments"]) == (0.5, 1, "decay", 2)
    assert set(EXPECTED.values()) == {1, -1}
    few = sign_errors(parts[0])
    assert {(row["level"], row["environments"], row["error"]) for row in few} == {("all", 0, None)}
