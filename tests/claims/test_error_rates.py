"""How often verdicts are wrong, and how often an effect is found: planted tables, judged from end to end.

A table has many worlds, which are judged each for itself.  In a world without an effect its number lies just
at the limit that the claim sets, where a wrong verdict is likeliest.
"""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from planted import REGISTRY, claim, side
from scipy.stats import binom, nct, t

from anarch.claims.comparisons import Numbers, numbers
from anarch.claims.judging import decided, judge
from anarch.claims.samples import parts
from anarch.claims.sequential import spent

WORLDS, SEEDS, POINTS = 800, 12, 5
LOOKS = (3, 5, 8, 12)
DESIGNS = {LOOKS: WORLDS, tuple(range(2, 13)): 300}
NOISE = {
    "normal": lambda rng, *shape: rng.standard_normal(shape),
    "skewed": lambda rng, *shape: rng.exponential(size=shape) - 1,
}
ALONE = {"each": ["world"], "unit": None}
CURVE = ALONE | {"left": side(), "right": None, "over": "time"}
# Each comparison at its limit: what is added to A, or to the points of a curve, and to the loss.
CLAIMS = {
    "greater": (ALONE | {"by": 0.5}, 0.5),
    "less": (ALONE | {"compare": "less", "by": -0.5}, -0.5),
    "within": (ALONE | {"compare": "within", "of": 3.0, "tolerance": 2.0}, 5.0),
    "ratio": (
        ALONE | {"compare": "ratio", "at_least": 2.0, "left": side("exp(accuracy)", where="model == 'A'")}
        | {"right": side("exp(accuracy)", where="model == 'B'")}, math.log(2)
    ),
    "sign": (ALONE | {"sign_test": True, "by": 0.5}, 0.5),
    "flat": (CURVE | {"compare": "monotone", "direction": "rising"}, np.zeros(POINTS)),
    "setback": (
        CURVE | {"compare": "monotone", "direction": "falling", "tolerance": 1.0}, np.array([9, 6, 7, 3, 0])
    ),
    "peak": (CURVE | {"compare": "peak_near", "at": "inside"}, np.zeros(POINTS)),
    "correlation": (
        CURVE | {"compare": "correlation", "sign": "positive", "right": side("loss")}, np.zeros(POINTS)
    ),
}  # fmt: skip


def planted(rng, noise, effect, worlds=WORLDS) -> dict[str, pd.DataFrame]:
    """Of every world and seed: models A and B, or a curve; ``effect`` is added to A, or to the curve."""
    curve = np.ndim(effect) > 0
    shape = (worlds, SEEDS, POINTS if curve else 2)
    values = NOISE[noise](rng, *shape) + (effect if curve else np.array([effect, 0.0]))
    world, seed, last = (index.ravel() for index in np.indices(shape))
    columns = {"time": last, "model": "A"} if curve else {"model": np.array(["A", "B"])[last], "time": 0}
    loss = NOISE[noise](rng, *shape).ravel()
    frame = pd.DataFrame({"world": world, "seed": seed, "accuracy": values.ravel(), "loss": loss, **columns})
    return {"measures": frame}


def given(told, tables) -> list[Numbers]:
    """The numbers of every world."""
    return [numbers(told, part) for part in parts(told, tables, "seed")]


def first(one: Numbers, seeds: int) -> Numbers:
    """What a table of fewer seeds would have given."""
    return Numbers(one.label, one.values[:seeds], one.allowed, one.over, one.ties[:seeds])


@cache
def without_effect(kind: str, noise: str):
    options, effect = CLAIMS[kind]
    told = claim(**options)
    rng = np.random.default_rng([sorted(CLAIMS).index(kind), sorted(NOISE).index(noise)])
    return told, given(told, planted(rng, noise, effect))


def at_most(share: float, worlds: int = WORLDS) -> float:
    """What such a share is exceeded by once in 100,000 times."""
    return binom.ppf(1 - 1e-5, worlds, share) / worlds


def test_a_world_is_judged_as_a_table_of_its_own():
    """What the other tests take for a verdict is what the judge says."""
    for kind, (options, effect) in CLAIMS.items():
        told = claim(**options)
        tables = planted(np.random.default_rng(5), "skewed", np.add(effect, 0.3), worlds=4)
        for world, one in enumerate(given(told, tables)):
            frame = tables["measures"]
            alone = {"measures": frame[frame.world == world]}
            row = judge(told, alone, REGISTRY, scale="laptop", looks=LOOKS)
            assert row["verdict"] == decided(told, [one], LOOKS)[0], kind


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("kind", CLAIMS)
def test_without_an_effect_few_verdicts_are_wrong_at_any_look(kind, noise):
    """Of either verdict: at the limit itself both are wrong, or one cannot come about."""
    told, worlds = without_effect(kind, noise)
    for looks, count in DESIGNS.items():
        results = [decided(told, [one], looks) for one in worlds[:count]]
        for look, allowed in zip(looks, spent(looks), strict=True):
            wrong = sum(name != "inconclusive" and found.replicates <= look for name, found in results)
            assert wrong / count <= at_most(allowed, count), (looks, look)


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("kind", CLAIMS)
def test_without_an_effect_few_verdicts_are_wrong_with_any_number_of_seeds(kind, noise):
    told, worlds = without_effect(kind, noise)
    for seeds in range(2, 13):
        names = [decided(told, [first(one, seeds)], (seeds,))[0] for one in worlds[:300]]
        assert sum(name != "inconclusive" for name in names) / 300 <= at_most(0.05, 300), seeds


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("group", ["each", "some"])
@pytest.mark.parametrize("kind", ["greater", "sign", "flat", "peak", "correlation"])
def test_of_several_comparisons_none_decides_by_chance(kind, group, noise):
    """Five comparisons without an effect, of which the best or the worst is looked for."""
    told, worlds = without_effect(kind, noise)
    told = claim(
        **{"each": None, "some": None, **CLAIMS[kind][0], group: ["world"]}
        | ({"each": None} if group == "some" else {})
    )
    names = [decided(told, worlds[k : k + 5], LOOKS)[0] for k in range(0, WORLDS, 5)]
    assert sum(name != "inconclusive" for name in names) * 5 / WORLDS <= at_most(0.05, WORLDS // 5)


@pytest.mark.parametrize("noise", NOISE)
def test_one_comparison_without_an_effect_is_not_carried_by_others(noise):
    """Each must hold, and one lies at its limit; one must hold, and all others lie far away from it."""
    rng = np.random.default_rng(11)
    all_of, some_of = claim(**ALONE), claim(**ALONE | {"each": None, "some": ["world"]})
    at_limit = given(all_of, planted(rng, noise, 0.0))
    for told, effect, wrong in ((all_of, 9.0, "reproduced"), (some_of, -9.0, "not_reproduced")):
        far = given(told, planted(rng, noise, effect, worlds=2))
        names = [decided(told, [one, *far], LOOKS)[0] for one in at_limit[:400]]
        assert names.count(wrong) / 400 <= at_most(0.025, 400)


@pytest.mark.parametrize("effect", [1.0, 1.5])
def test_a_planted_effect_is_found_with_nearly_the_power_of_a_single_look(effect):
    """Normal differences whose mean is ``effect`` standard deviations, against noncentral t of 12 seeds."""
    told = claim(**ALONE)
    tables = planted(np.random.default_rng(3), "normal", effect * math.sqrt(2))
    names = [decided(told, [one], LOOKS)[0] for one in given(told, tables)]
    limit = t.ppf(0.975, SEEDS - 1)
    single = nct.sf(limit, SEEDS - 1, effect * math.sqrt(SEEDS))
    found = names.count("reproduced") / WORLDS
    assert binom.ppf(1e-5, WORLDS, single - 0.03) / WORLDS <= found <= at_most(single)
    assert "not_reproduced" not in names


@pytest.mark.parametrize(
    "kind, effect, look",
    [("correlation", np.arange(5) * 40.0, 3), ("sign", 40.0, 8), ("peak", np.array([0, 0, 40.0, 0, 0]), 12),
     ("flat", np.arange(5) * 400.0, 5), ("within", 3.0, 12), ("ratio", math.log(2) + 40, 5)],
)  # fmt: skip
def test_what_is_plain_is_found_at_the_first_look_that_can_tell(kind, effect, look):
    """Perfect orders of five: 1 in 120^3.  Seeds that agree: 8, where 5 do so by chance too often."""
    told = claim(**CLAIMS[kind][0])
    tables = planted(np.random.default_rng(4), "normal", effect, worlds=300)
    if kind == "correlation":
        tables["measures"]["loss"] = tables["measures"]["accuracy"]
    results = [decided(told, [one], LOOKS) for one in given(told, tables)]
    found = [name == "reproduced" and found.replicates <= look for name, found in results]
    assert np.mean(found) > 0.9
