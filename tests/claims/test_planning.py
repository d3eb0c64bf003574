"""What a next look is worth: against simulated seeds, and against limits computed by hand."""

import math

import numpy as np
import pytest

from anarch.claims.planning import Look, Open, affordable, chance, needed, next_looks, open_claims
from anarch.claims.sequential import t_limits

LOOKS = (3, 5, 8, 12)


def row(**other: str) -> dict[str, str]:
    return {
        "id": "s.claim",
        "study": "s",
        "comparison": "greater",
        "replicate": "seed",
        "replicates": "5",
        "verdict": "inconclusive",
        "value": "2",
        "low": "-1",
        "high": "5",
        "threshold": "0",
        "margin": "2",
        **other,
    }


def test_margin_and_spread_are_those_of_the_interval():
    """Half a width of 3 is c s / sqrt 5, so that s = 3 sqrt 5 / c."""
    (claim,) = open_claims([row()], LOOKS)
    assert claim.margin == 2 and claim.seeds == 5
    assert claim.spread == pytest.approx(3 * math.sqrt(5) / t_limits(LOOKS)[1])


def test_a_ratio_is_judged_by_its_logarithm():
    told = {"comparison": "ratio", "value": "20", "threshold": "10", "low": "5", "high": "80", "margin": "10"}
    (claim,) = open_claims([row(**told)], LOOKS)
    assert claim.margin == pytest.approx(math.log(2))
    assert claim.spread == pytest.approx(math.log(4) * math.sqrt(5) / t_limits(LOOKS)[1])


@pytest.mark.parametrize(
    ("told", "is_open"),
    [
        ({"verdict": "reproduced"}, False),
        ({"verdict": "not_judged", "replicates": "2", "low": "", "high": "", "margin": ""}, True),
        ({"verdict": "not_judged", "replicates": "5"}, False),  # not judged at this scale, whatever the seeds
        ({"verdict": "not_judged", "replicates": ""}, False),
        ({"replicate": "trial"}, False),
    ],
)
def test_open_is_what_more_seeds_may_decide(told, is_open):
    assert bool(open_claims([row(**told)], LOOKS)) == is_open


@pytest.mark.parametrize("mean", [0.0, 0.5, 1.0, 2.0])
def test_the_chance_of_a_decision_is_how_often_it_is_taken(mean):
    """What mean and spread of 5 seeds promise for 8, and what comes of it, in 4,000 experiments.

    The estimate is right on average where the prior is flat; at one true mean it is off by its regression
    to that mean, so it is compared over means drawn as widely as the data see them.
    """
    rng = np.random.default_rng(7)
    limits, promised, taken = t_limits(LOOKS), [], []
    for _ in range(4000):
        truth = rng.normal(mean, 20)
        seeds = rng.normal(truth, 1, 8)
        first, spread = seeds[:5].mean(), seeds[:5].std(ddof=1)
        if abs(first) > 6 * spread:  # far from the limit every look decides
            continue
        promised.append(chance(Open("c", "s", 5, first, spread), 8, LOOKS))
        taken.append(abs(seeds.mean()) > limits[2] * seeds.std(ddof=1) / math.sqrt(8))
    assert np.mean(promised) == pytest.approx(np.mean(taken), abs=0.06)


def test_no_look_decides_before_the_first_or_what_it_has_seen():
    claim = Open("c", "s", 2)
    assert chance(claim, 2, LOOKS) == 0 < chance(claim, 3, LOOKS)
    assert chance(Open("c", "s", 5, 9.0, 1.0), 5, LOOKS) == 0


def test_needed_seeds_put_the_interval_clear_of_the_limit():
    claim = Open("c", "s", 5, 0.5, 1.0)
    number = needed(claim, LOOKS)
    c = t_limits(LOOKS)[-1]
    assert c / math.sqrt(number) <= 0.5 < c / math.sqrt(number - 1)
    assert needed(Open("c", "s", 5, 0.0, 1.0), LOOKS) is None


def test_the_best_looks_come_first_and_those_that_fit_are_chosen():
    claims = [Open("a.1", "a", 2), Open("b.1", "b", 2), Open("b.2", "b", 2), Open("c.1", "c", 3)]
    ranked = next_looks(claims, {"a": 2, "b": 2, "c": 2, "d": 2}, {"a": 10, "b": 10, "c": 100, "d": 1}, LOOKS)
    # c has three seeds in the part that its claim is of: its next look is at five, and costs three seeds.
    assert ranked == [Look("b", 3, 10, 1.0), Look("a", 3, 10, 0.5), Look("c", 5, 300, 0.5)]
    assert [look.study for look in affordable(ranked, 15)] == ["b"]
    assert [look.study for look in affordable(ranked, 320)] == ["b", "a", "c"]
    assert next_looks(claims, {"a": 12}, {"a": 10}, LOOKS) == []
