"""Which measure orders accuracy: tau against closed forms, over groups, and what is left out."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from anarch.atlas.ranking import MEASURES, Draws, rank, taus, weighted_taus


def group(
    accuracy: list[float],
    values: list[float],
    *,
    study: str = "one",
    name: str = "g",
    measure: str = "frobenius",
) -> pd.DataFrame:
    """Networks of one group; all other measures are not defined."""
    rows = pd.DataFrame(dict.fromkeys(MEASURES, [np.nan] * len(values)))
    rows[measure] = values
    return rows.assign(test_accuracy=accuracy, study=study, group=name, dataset="d")


def found(rows: list[dict], **wanted: object) -> dict:
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
    weights = Draws((3,), 40).of(13)
    assert (weights.sum(1) == 13).all()
    for tau, counts in zip(weighted_taus(x, y, weights), weights.astype(int), strict=True):
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
            [row for row in table if (row["level"], row["measure"]) == (level, "frobenius")]
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
        ([0.5, 0.5, 0.5], [1.0, 2.0, 3.0], "all equally accurate"),
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
        one = rank(group(list(x + rng.normal(size=count)), list(x)), "frobenius", Draws((0,), 400))
        widths.append(np.quantile(one.draws, 0.9) - np.quantile(one.draws, 0.1))
    assert widths[1] < widths[0] / 1.8
