"""Each comparison on tables that are planted for each verdict."""

import math

import numpy as np
import pandas as pd
import pytest
from planted import REGISTRY, claim, curves, measures, side
from scipy.stats import kendalltau

from anarch.claims.comparisons import kendall
from anarch.claims.judging import judge, tally


def judged(tables, scale="laptop", **changes):
    return judge(claim(**changes), tables, REGISTRY, scale)


@pytest.mark.parametrize(
    "a, verdict",
    [([0.9, 0.8, 0.7], "reproduced"), ([0.3, 0.2, 0.1], "not_reproduced"), ([0.9, 0.1, 0.6], "inconclusive")],
)
def test_greater_is_paired_by_seed(a, verdict):
    """B spreads as A does, so that only the differences tell: 0.1, -0.5 or 0.4, -0.3, 0.3."""
    row = judged(measures({"A": a, "B": [0.8, 0.7, 0.6] if verdict != "inconclusive" else [0.5, 0.4, 0.3]}))
    assert row["verdict"] == verdict and row["replicates"] == 3 and row["replicate"] == "seed"
    assert row["low"] <= row["value"] <= row["high"]
    assert row["margin"] == row["value"] - row["threshold"] and row["threshold"] == 0
    assert row["reason"].startswith(f"{row['value']:.3g} %") and row["reason"].endswith(".")


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
    [([[3, 2, 1], [9, 5, 5], [4, 3, 0]], "reproduced", 0),
     ([[3, 1, 2.0], [9, 5, 6.1], [4, 3, 3.9]], "not_reproduced", 1.0),
     ([[3, 2, 1], [9, 5, 5], [4, 3, 3.9]], "inconclusive", 0.3)],
)  # fmt: skip
def test_monotone_is_the_largest_setback_of_each_curve(falls, verdict, value):
    row = judged(curves(falls), left=side(), right=None, compare="monotone", over="time", direction="falling")
    assert row["verdict"] == verdict and row["value"] == pytest.approx(value)
    assert row["margin"] == pytest.approx(-value) and row["threshold"] == 0 and row["low"] >= 0


def test_a_setback_is_from_the_best_so_far_and_may_be_tolerated():
    """3, 2.9, 2.8: two small steps back are one setback of 0.2."""
    tables = curves([[1, 3, 2.9, 2.8], [1, 3, 2.9, 2.8]])
    options = {"left": side(), "right": None, "compare": "monotone", "over": "time", "direction": "rising"}
    assert judged(tables, **options)["value"] == pytest.approx(0.2)
    assert judged(tables, **options)["verdict"] == "not_reproduced"
    assert judged(tables, **options, tolerance=0.25)["verdict"] == "reproduced"


@pytest.mark.parametrize(
    "curve, at, verdict, value",
    [([[1, 2, 9, 3, 1], [1, 3, 8, 3, 1]], 20, "reproduced", 20),
     ([[1, 9, 2, 3, 1], [1, 8, 3, 3, 1]], 20, "not_reproduced", 5),
     ([[1, 9, 2, 3, 1], [1, 3, 8, 3, 1]], 20, "inconclusive", 5),
     ([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]], 80, "not_reproduced", 80),  # at the end: no peak, though near it
     ([[9, 2, 3, 4, 5], [9, 2, 3, 4, 5]], "inside", "not_reproduced", 0),
     ([[1, 2, 3, 8, 5], [1, 6, 3, 4, 5]], "inside", "reproduced", 5)],
)  # fmt: skip
def test_a_peak_lies_where_the_mean_curve_is_largest_and_not_at_an_end(curve, at, verdict, value):
    options = {"compare": "peak_near", "over": "time", "at": at} | ({} if at == "inside" else {"factor": 2})
    row = judged(curves(curve, (0, 5, 20, 40, 80)), left=side(), right=None, **options)
    assert row["verdict"] == verdict
    assert row["value"] == value if verdict != "reproduced" or at != "inside" else row["value"] in (5, 40)


def test_kendall_agrees_with_scipy_also_for_ties():
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.integers(5, size=(2, 9))
        assert kendall(x, y) == pytest.approx(kendalltau(x, y).statistic)


@pytest.mark.parametrize(
    "loss, sign, verdict, value",
    [([[1, 2, 3, 4]] * 3, "positive", "reproduced", 1), ([[1, 2, 3, 4]] * 3, "negative", "not_reproduced", 1),
     ([[1, 2, 3, 4], [4, 3, 2, 1]], "positive", "inconclusive", 0)],
)  # fmt: skip
def test_correlation_is_kendalls_tau_along_each_curve(loss, sign, verdict, value):
    tables = curves([[0.1, 0.2, 0.5, 0.9]] * len(loss), loss=loss)
    row = judged(tables, left=side(), right=side("loss"), compare="correlation", over="time", sign=sign)
    assert (row["verdict"], row["value"]) == (verdict, value) and -1 <= row["low"] <= row["high"] <= 1
    assert row["margin"] == (value if sign == "positive" else -value)


def test_correlation_without_a_right_side_is_with_the_column_itself():
    tables = curves([[9, 4, 2], [8, 5, 0]], (1, 2, 5))
    row = judged(tables, left=side(), right=None, compare="correlation", over="time", sign="negative")
    assert row["value"] == -1 and row["verdict"] == "reproduced"


@pytest.mark.parametrize(
    "curve, says",
    [([[1, 1, 1], [1, 2, 3]], "the same everywhere"), ([[1, 2], [1, 2]], "needs 3 values of time")],
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


def test_what_holds_exactly_is_refuted_by_one_violation():
    holds = judged(certificate(1e-16, 3e-16), **EXACT)
    assert holds["verdict"] == "reproduced" and holds["replicates"] == 200 and holds["value"] == 3e-16
    assert holds["margin"] == pytest.approx(1e-10) and holds["low"] is holds["high"] is None
    fails = judged(certificate(1e-16, 1e-9), **EXACT)
    assert fails["verdict"] == "not_reproduced" and fails["margin"] == pytest.approx(-9e-10)
    assert "in 1 of 2 cases more than the 1e-10" in fails["reason"] and fails["replicate"] == "trial"


def test_what_holds_may_be_asked_of_the_extreme_rows_of_groups():
    """The last time of each seed: 9 and 8, of which 9 is too large."""
    tables = curves([[1.0, 9.0], [20.0, 8.0]])
    options = {"compare": "holds", "tolerance": 8.5, "right": None, "replicate": "time"}
    row = judged(tables, left=side(largest="time"), each=["seed"], **options)
    assert row["value"] == 9.0 and row["replicates"] == 2 and row["verdict"] == "not_reproduced"


def test_one_trial_is_no_verdict():
    row = judged(certificate(0.0, trials=1), **EXACT)
    assert row["verdict"] == "not_judged" and "two trials or more, and there are 1" in row["reason"]


def test_never_a_verdict_from_one_seed():
    row = judged(measures({"A": [0.9], "B": [0.1]}))
    assert row["verdict"] == "not_judged" and row["value"] == pytest.approx(0.8) and row["replicates"] == 1
    assert row["reason"] == "Not judged: a verdict needs two replicates or more, and there is only one."


def test_a_seed_without_partner_or_number_does_not_count():
    tables = measures({"A": [0.9, 0.8, math.nan, math.inf, 0.7], "B": [0.1, 0.1, 0.1, 0.1]})
    assert judged(tables)["replicates"] == 2


def test_every_group_of_each_must_hold():
    groups = [measures({"A": [0.9, 0.8, 0.9], "B": [0.1, 0.2, 0.1]}, time=1.0)["measures"]]
    groups += [measures({"A": [0.1, 0.2, 0.1], "B": [0.9, 0.8, 0.9]}, time=2.0)["measures"]]
    tables = {"measures": pd.concat(groups)}
    row = judged(tables, each=["time"])
    assert row["verdict"] == "not_reproduced" and "at time 2, the weakest of 2 comparisons" in row["reason"]
    row = judged(tables, some=["time"])
    assert row["verdict"] == "reproduced" and "at time 1, the best of 2 comparisons" in row["reason"]
    # Without groups a seed's number is the mean over both: no difference.
    assert judged(tables)["value"] == 0


def test_a_group_without_others_needs_no_word_and_what_cancels_is_nothing():
    tables = measures({"A": [0.8235, 0.5, 0.2765], "B": [0.5, 0.5, 0.6]}, time=5.0)
    row = judged(tables, each=["time"])
    assert row["value"] == 0.0 and "time" not in row["reason"] and "comparisons" not in row["reason"]


def test_several_values_are_compared_each_for_itself():
    tables = curves([[0.5], [0.6], [0.55]], loss=[[3.0], [-3.0], [1.0]])
    row = judged(tables, left=side({"accuracy": "accuracy", "loss": "loss"}), right=None)
    assert row["verdict"] == "inconclusive" and "at loss, the weakest of 2 comparisons" in row["reason"]


def test_a_side_may_be_shared_by_groups_or_by_replicates():
    a = curves([[1, 2], [2, 3]], (0, 7))["measures"]
    b = measures({"B": [0.0, 1.0]}, time=math.nan)["measures"]
    tables = {"measures": pd.concat([a, b])}
    row = judged(tables, each=["time"], right=side(where="model == 'B'", shared_by=["time"]))
    assert row["value"] == 1.0 and row["verdict"] == "reproduced" and "time 0" in row["reason"]
    row = judged(tables, left=side(where="model == 'A' and time == 0"),
                 right=side(where="model == 'B' and seed == 0", shared_by=["seed"]))  # fmt: skip
    assert row["value"] == 1.5 and row["replicates"] == 2


def test_minus_per_largest_and_smallest():
    tables = curves([[1.0, 5.0, 9.0], [2.0, 6.0, 8.0]], (0, 1, 4))
    last = judged(tables, left=side(largest="time"), right=side(smallest="time"))
    assert last["value"] == 7.0
    gain = judged(tables, left=side(where="time == 4", minus="time == 0"), right=None)
    assert gain["value"] == 7.0
    share = judged(tables, left=side(where="time == 4", per="time == 0"), right=None)
    assert share["value"] == pytest.approx((9 + 4) / 2)
    assert judged(tables, left=side(reduce="max"), right=side(reduce="min"))["value"] == 7.0


@pytest.mark.parametrize(
    "changes, says",
    [({"left": {"table": "certificate", "value": "violation"}, "replicate": "trials"}, "no table certif"),
     ({"left": side(where="model == 'C'")}, "table measures has no number for model == 'C'"),
     ({"left": side("loss")}, "table measures has no loss"),
     ({"left": side(largest="time")}, "table measures has no column time"),
     ({"left": side(where="time > 3")}, "cannot be asked for time > 3"),
     ({"right": side(where="model == 'B' and seed > 1")}, "no row of the left side has a partner")],
)  # fmt: skip
def test_what_the_tables_lack_is_told(changes, says):
    row = judged(measures({"A": [0.9, 0.8], "B": [0.1, 0.2, 0.3]}), **changes)
    assert row["verdict"] == "not_judged" and says in row["reason"] and "\n" not in row["reason"]


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
