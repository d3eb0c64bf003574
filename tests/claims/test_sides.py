"""Which rows of a table a side of a claim reads, and what holds exactly."""

import math

import pandas as pd
import pytest
from planted import REGISTRY, claim, curves, measures, side

from anarch.claims.judging import judge


def judged(tables, scale="laptop", looks=(), **changes):
    """Judged at ``looks``; without, once, at as many seeds as there are."""
    seeds = next((table.seed.nunique() for table in tables.values() if "seed" in table), 2)
    return judge(claim(**changes), tables, REGISTRY, scale=scale, looks=looks or (max(seeds, 2),))


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
    assert row["reason"] == "Not judged: the first look is at 2 seeds, and there is only one."
    row = judged(measures({"A": [0.9], "B": [0.1]}, time=3.0), replicate="time")
    assert row["reason"] == "Not judged: a verdict needs two replicates or more, and there is only one."


def test_a_seed_without_partner_or_number_does_not_count():
    tables = measures({"A": [0.9, 0.8, math.nan, math.inf, 0.7], "B": [0.1, 0.1, 0.1, 0.1]})
    assert judged(tables, looks=(2,))["replicates"] == 2


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
    b = measures({"B": [0.0, 0.9]}, time=math.nan)["measures"]
    tables = {"measures": pd.concat([a, b])}
    row = judged(tables, each=["time"], right=side(where="model == 'B'", shared_by=["time"]))
    assert row["value"] == 1.05 and row["verdict"] == "reproduced" and "time 0" in row["reason"]
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
