"""Each comparison on tables that are planted for each verdict."""

import math

import numpy as np
import pandas as pd
import pytest
from planted import REGISTRY, claim, curves, measures, side

from anarch.claims.judging import judge, tally


def judged(tables, scale="laptop", looks=(), **changes):
    """Judged at ``looks``; without, once, at as many seeds as there are."""
    seeds = next((table.seed.nunique() for table in tables.values() if "seed" in table), 2)
    return judge(claim(**changes), tables, REGISTRY, scale=scale, looks=looks or (max(seeds, 2),))


@pytest.mark.parametrize(
    "a, verdict",
    [([0.9, 0.8, 0.7], "reproduced"), ([0.3, 0.2, 0.1], "not_reproduced"), ([0.9, 0.1, 0.6], "inconclusive")],
)
def test_greater_is_paired_by_seed(a, verdict):
    """B spreads as A does, so that only the differences tell: about 0.1, -0.5 or 0.4, -0.3, 0.3."""
    row = judged(measures({"A": a, "B": [0.8, 0.71, 0.59] if verdict != "inconclusive" else [0.5, 0.4, 0.3]}))
    assert row["verdict"] == verdict and row["replicates"] == 3 and row["replicate"] == "seed"
    assert row["low"] <= row["value"] <= row["high"]
    assert row["margin"] == row["value"] - row["threshold"] and row["threshold"] == 0
    assert row["reason"].startswith(f"{row['value']:.3g} %") and row["reason"].endswith(".")


@pytest.mark.parametrize("seeds, verdict", [(2, "inconclusive"), (5, "inconclusive"), (6, "reproduced")])
def test_seeds_that_do_not_differ_decide_only_where_a_sign_test_would(seeds, verdict):
    row = judged(measures({"A": [0.9] * seeds, "B": [0.5] * seeds}))
    assert row["verdict"] == verdict and row["value"] == pytest.approx(0.4)
    if verdict == "inconclusive":
        assert row["low"] is row["high"] is None and "there are too few" in row["reason"]


def test_a_sign_test_is_about_most_seeds():
    """The mean of 3, 3, 3, 3, 3, 3, 3, 9 is not 3; most of them are."""
    tables = measures({"A": [3.0] * 7 + [9.0]})
    options = {"right": None, "compare": "within", "of": 3, "tolerance": 0, "unit": None}
    row = judged(tables, **options, sign_test=True)
    assert row["verdict"] == "inconclusive" and row["value"] == 3 and "7 of 8 are exactly 3" in row["reason"]
    row = judged(measures({"A": [3.0] * 8}), **options, sign_test=True)
    assert row["verdict"] == "reproduced" and "8 of 8" in row["reason"]
    row = judged(measures({"A": [4.0, 2.0] * 4}), **options, sign_test=True)
    assert row["verdict"] == "not_reproduced" and "0 of 8" in row["reason"]


A, B = [0.5, 0.71, 0.6, 0.79, 0.7, 0.2, 0.1, 0.01], [0.0, 0.1, 0.11, 0.2, 0.2, 0.9, 0.9, 0.9]


def test_what_a_look_has_decided_later_seeds_do_not_revise():
    """Differences of 0.5 to 0.6 at the look of 5 seeds, then of about -0.8."""
    at_five = judged(measures({"A": A[:5], "B": B[:5]}), looks=(5, 8))
    assert at_five["verdict"] == "reproduced" and at_five["decided_at"] == at_five["all_replicates"] == 5
    later = judged(measures({"A": A, "B": B}), looks=(5, 8))
    told = ("verdict", "value", "low", "high", "margin", "replicates", "decided_at", "e_value")
    assert [later[name] for name in told] == [at_five[name] for name in told]
    assert later["all_replicates"] == 8 and later["value_of_all"] == pytest.approx(np.subtract(A, B).mean())
    assert later["reason"] == at_five["reason"] + " Of all 8 seeds: 0.0375."


@pytest.mark.parametrize("seeds, used", [(3, 3), (4, 3), (5, 5), (7, 5), (8, 8), (9, 8)])
def test_between_looks_the_last_one_counts(seeds, used):
    row = judged(
        measures({"A": [1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, -4.0, 9.0][:seeds]}),
        right=None,
        looks=(3, 5, 8),
    )
    assert row["verdict"] == "inconclusive" and row["replicates"] == used and row["all_replicates"] == seeds
    assert row["decided_at"] is None and row["e_value"] == 0
    following = {3: "The next look is at 5 seeds.", 5: "The next look is at 8 seeds.", 8: "No look is left."}
    assert row["reason"].endswith(f". {following[used]}")


def test_a_sequential_interval_is_wider_than_one_of_a_single_look():
    """At the look of 5 of 12 seeds 6.84 standard errors (Student's t of 4 degrees for 0.239 %), not 2.78."""
    tables = measures({"A": [1.0, 2.0, 3.0, 4.0, 5.0]})
    row = judged(tables, right=None, looks=(5, 8, 12))
    error = math.sqrt(2.5 / 5)
    assert (row["low"], row["high"]) == pytest.approx((3 - 6.8367 * error, 3 + 6.8367 * error), abs=1e-3)
    assert judged(tables, right=None)["low"] == pytest.approx(3 - 2.7764451 * error)


def test_replicates_of_which_there_are_no_more_are_looked_at_once():
    tables = measures({"A": [1.0, 2.0, 3.0, 4.0, 5.0]})
    tables["measures"]["time"] = range(5)
    row = judged(tables, right=None, looks=(8, 12), replicate="time")
    assert row["verdict"] == "reproduced" and row["low"] == pytest.approx(3 - 2.7764451 * math.sqrt(0.5))


def test_an_e_value_tells_at_which_levels_a_verdict_stands():
    """Half an interval of two seeds is t times half their difference, t being 12.7, 63.7 and 318."""
    for mean, e in ((5, 0), (10, 40 / 3), (50, 240 / 3), (200, 1240 / 3)):
        row = judged(measures({"A": [mean - 0.5, mean + 0.5]}), right=None)
        assert row["e_value"] == pytest.approx(e) and (row["verdict"] == "reproduced") == (e > 0)
    assert judged(certificate(0.0), **EXACT)["e_value"] is None


def test_less_is_greater_the_other_way_round():
    tables = measures({"A": [1.0, 2.0, 3.0], "B": [2.0, 3.0, 4.5]})
    less = judged(tables, compare="less")
    other = judged(
        tables, compare="greater", left=side(where="model == 'B'"), right=side(where="model == 'A'")
    )
    assert less["verdict"] == other["verdict"] == "reproduced"
    assert (less["value"], less["margin"]) == pytest.approx((-other["value"], other["margin"]))


def test_a_number_is_held_against_a_threshold_without_a_right_side():
    tables = measures({"A": [0.94, 0.95, 0.96]})
    below = judged(tables, right=None, compare="less", by=1.0)
    above = judged(tables, right=None, compare="greater", by=1.0)
    assert (below["verdict"], above["verdict"]) == ("reproduced", "not_reproduced")
    assert below["margin"] == pytest.approx(0.05) and above["margin"] == pytest.approx(-0.05)
    assert "the claim fails" in above["reason"]


@pytest.mark.parametrize(
    "of, verdict, margin",
    [(0.95, "reproduced", 0.1), (2.0, "not_reproduced", -0.95), (1.04, "inconclusive", 0.01)],
)
def test_within(of, verdict, margin):
    row = judged(measures({"A": [0.94, 0.95, 0.96]}), right=None, compare="within", of=of, tolerance=0.1)
    assert row["verdict"] == verdict and row["margin"] == pytest.approx(margin) and row["threshold"] == of


@pytest.mark.parametrize(
    "limits, verdict, margin",
    [({"at_least": 5}, "reproduced", 5), ({"at_least": 20}, "not_reproduced", -10),
     ({"at_most": 5}, "not_reproduced", -5), ({"at_least": 10}, "inconclusive", 0),
     ({"at_least": 5, "at_most": 20}, "reproduced", 5)],
)  # fmt: skip
def test_ratio_is_a_geometric_mean(limits, verdict, margin):
    row = judged(measures({"A": [8.0, 10.0, 12.5], "B": [1.0, 1.0, 1.0]}), compare="ratio", **limits)
    assert row["value"] == pytest.approx(10) and row["verdict"] == verdict
    assert row["margin"] == pytest.approx(margin, abs=1e-9)
    assert math.log(row["high"] / 10) == pytest.approx(math.log(10 / row["low"]))


def test_a_ratio_of_nothing_is_not_judged():
    row = judged(measures({"A": [1.0, 1.0], "B": [0.0, 1.0]}), compare="ratio", at_least=1)
    assert row["verdict"] == "not_judged" and "not a positive number" in row["reason"]


@pytest.mark.parametrize(
    "falls, verdict, value",
    [([[6, 4, 1], [9, 6.8, 4.1], [5, 3.1, 0]], "reproduced", -2.0333333),  # steps of 2, 2.2, 1.9 and more
     ([[6, 1, 4], [9, 4.1, 6.8], [5, 0, 3.1]], "not_reproduced", 2.9333333),
     ([[3, 2, 1], [9, 5, 5], [4, 3, 3.9]], "inconclusive", -1 / 30)],
)  # fmt: skip
def test_monotone_is_about_the_mean_curve(falls, verdict, value):
    row = judged(curves(falls), left=side(), right=None, compare="monotone", over="time", direction="falling")
    assert row["verdict"] == verdict and row["value"] == pytest.approx(value)
    assert row["margin"] == pytest.approx(-value) and row["threshold"] == 0
    assert row["low"] <= row["value"] <= row["high"] and " from time " in row["reason"]


def test_a_setback_is_over_any_two_points_and_may_be_tolerated():
    """3, 2.9, 2.8: two small steps back are one setback of 0.2."""
    noise = np.array([[0, 0, 0.01, -0.01], [0.01, 0, -0.01, 0], [0, -0.01, 0, 0.01]])
    tables = curves((np.array([1, 3, 2.9, 2.8]) + noise).tolist())
    options = {"left": side(), "right": None, "compare": "monotone", "over": "time", "direction": "rising"}
    row = judged(tables, **options)
    assert row["verdict"] == "not_reproduced" and row["value"] == pytest.approx(0.2, abs=0.01)
    assert "from time 1 to 3: the claim fails, it sets back by more than 0." in row["reason"]
    assert judged(tables, **options, tolerance=0.15)["verdict"] == "inconclusive"
    assert judged(tables, **options, tolerance=0.35)["verdict"] == "reproduced"


@pytest.mark.parametrize(
    "curve, at, verdict, value",
    [([[1, 2, 9, 3, 1]] * 6, 20, "reproduced", 20),
     ([[1, 2, 9, 3, 1]] * 5, 20, "inconclusive", 20),  # five may agree by chance in 1 of 16 cases
     ([[1, 9, 2, 3, 1]] * 6, 20, "not_reproduced", 5),
     ([[1, 9, 2, 3, 1]] * 3 + [[1, 3, 8, 3, 1]] * 3, 20, "inconclusive", 5),
     ([[1, 2, 3, 4, 5]] * 6, 80, "not_reproduced", 80),  # at the end: no peak, though near it
     ([[9, 2, 3, 4, 5]] * 6, "inside", "not_reproduced", 0),
     ([[1, 2, 3, 8, 5]] * 6, "inside", "inconclusive", 40),  # a curve without a shape has it inside in 3 of 5
     ([[1, 2, 3, 8, 5]] * 8, "inside", "reproduced", 40)],
)  # fmt: skip
def test_a_peak_is_where_a_curve_is_largest_and_not_at_an_end(curve, at, verdict, value):
    options = {"compare": "peak_near", "over": "time", "at": at} | ({} if at == "inside" else {"factor": 2})
    row = judged(curves(curve, (0, 5, 20, 40, 80)), left=side(), right=None, **options)
    assert (row["verdict"], row["value"]) == (verdict, value) and row["low"] is row["high"] is None


@pytest.mark.parametrize(
    "loss, sign, verdict, value",
    [([[1, 2, 3, 4]] * 3, "positive", "reproduced", 1), ([[1, 2, 3, 4]] * 3, "negative", "not_reproduced", 1),
     ([[1, 2, 3, 4], [4, 3, 2, 1]], "positive", "inconclusive", 0)],
)  # fmt: skip
def test_correlation_is_kendalls_tau_along_each_curve(loss, sign, verdict, value):
    tables = curves([[0.1, 0.2, 0.5, 0.9]] * len(loss), loss=loss)
    row = judged(tables, left=side(), right=side("loss"), compare="correlation", over="time", sign=sign)
    assert (row["verdict"], row["value"]) == (verdict, value) and row["low"] is row["high"] is None
    assert row["margin"] == (value if sign == "positive" else -value)


def test_correlation_without_a_right_side_is_with_the_column_itself():
    tables = curves([[9, 4, 2], [8, 5, 0], [3, 2, 1]], (1, 2, 5))
    row = judged(tables, left=side(), right=None, compare="correlation", over="time", sign="negative")
    assert row["value"] == -1 and row["verdict"] == "reproduced"


def test_two_equal_taus_of_three_settings_show_nothing():
    """One discordant pair of three, twice: chance does as much in 13 of 36 cases."""
    tables = curves([[1, 3, 2], [2, 1, 3]])
    row = judged(tables, left=side(), right=None, compare="correlation", over="time", sign="positive")
    assert row["value"] == pytest.approx(1 / 3) and row["verdict"] == "inconclusive"
    assert "chance gives one as strong in 36 % of cases" in row["reason"]


def test_a_strong_correlation_is_asked_of_most_seeds():
    """Of three settings only the perfect order has a tau above 0.5."""
    options = {"left": side(), "right": None, "compare": "correlation", "over": "time", "sign": "positive"}
    strong = judged(curves([[1, 2, 3]] * 6), **options, by=0.5)
    weak = judged(curves([[1, 3, 2]] * 6), **options, by=0.5)
    assert (strong["verdict"], weak["verdict"]) == ("reproduced", "not_reproduced")
    assert "6 of 6 are above 0.5" in strong["reason"] and "0 of 6 are above 0.5" in weak["reason"]


@pytest.mark.parametrize(
    "curve, says",
    [([[1, 1, 1], [2, 2, 2]], "the same everywhere"), ([[1, 2], [1, 2]], "needs 3 values of time")],
)
def test_no_order_is_not_judged(curve, says):
    row = judged(curves(curve), left=side(), right=None, compare="correlation", over="time", sign="positive")
    assert row["verdict"] == "not_judged" and says in row["reason"]


def certificate(*violations: float, tolerance: float = 1e-10, trials: int = 100) -> dict[str, pd.DataFrame]:
    rows = [
        {"claim": f"Lemma {k}", "trials": trials, "violation": value, "tolerance": tolerance}
        for k, value in enumerate(violations)
    ]
    return {"certificate": pd.DataFrame(rows)}


EXACT = {
    "compare": "holds",
    "left": {"table": "certificate", "value": "violation"},
    "right": None,
    "tolerance": "tolerance",
    "trials": "trials",
}


@pytest.mark.parametrize(
    "scales, scale, verdict",
    [("any", "smoke", "reproduced"), ("trained", "smoke", "not_judged"), ("trained", "laptop", "reproduced"),
     ("trained", "a_scale_of_mine", "reproduced"), (["paper"], "laptop", "not_judged"),
     (["paper"], "paper", "reproduced"), (["cifar", "paper"], "cifar", "reproduced")],
)  # fmt: skip
def test_scales(scales, scale, verdict):
    row = judged(measures({"A": [0.9, 0.8, 0.9], "B": [0.1, 0.2, 0.1]}), scale=scale, scales=scales)
    assert row["verdict"] == verdict
    assert row["value"] == pytest.approx(11 / 15)  # our number is told all the same
    if verdict == "not_judged":
        assert f"Not judged at the {scale} scale" in row["reason"]


def test_the_paper_stands_in_the_row():
    row = judged({}, paper={"value": 5.0, "text": "62.5 vs 57.5 %"})
    assert row["study"] == "needle" and row["tables"] == "measures"
    assert (row["paper_value"], row["paper_text"]) == (5.0, "62.5 vs 57.5 %")


def test_tally_counts_all_four():
    rows = pd.DataFrame({"verdict": ["reproduced", "inconclusive", "reproduced"]})
    assert tally(rows) == {"reproduced": 2, "not_reproduced": 0, "inconclusive": 1, "not_judged": 0}
