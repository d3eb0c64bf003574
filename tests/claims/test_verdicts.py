"""The rule that makes a verdict of intervals, on numbers whose intervals are given."""

import math

import pytest

from anarch.claims.verdicts import Allowed, Found, Shown, verdict

ABOVE = Allowed(low=0.0, open=True)


def one(value: float, half: float, strict: float | None = None, label: str = "") -> Found:
    wide = half if strict is None else strict
    alone, shared = (value - half, value + half), (value - wide, value + wide)
    shown = Shown(ABOVE.holds(*alone), ABOVE.excludes(*alone), ABOVE.holds(*shared), ABOVE.excludes(*shared))
    return Found(label, value, 3, ABOVE, shown, alone)


@pytest.mark.parametrize(
    "value, half, name",
    [(2, 1, "reproduced"), (-2, 1, "not_reproduced"), (0.5, 1, "inconclusive"), (-0.5, 1, "inconclusive"),
     (1, 1, "inconclusive"), (-1, 1, "not_reproduced"), (0, 0, "not_reproduced")],
)  # fmt: skip
def test_one_comparison(value, half, name):
    """Above 0 strictly: an interval that touches 0 from above is not wholly above it."""
    assert verdict([one(value, half)])[0] == name


def test_all_of_each_must_hold_and_the_weakest_is_told():
    found = [one(5, 1, label="a"), one(0.5, 1, label="b"), one(9, 1, label="c")]
    assert verdict(found) == ("inconclusive", found[1])
    assert verdict(found[::2]) == ("reproduced", found[0])


def test_one_failure_of_each_refutes_only_where_chance_cannot():
    failed = one(-2, 1, strict=3, label="b")
    assert verdict([one(5, 1), failed]) == ("inconclusive", failed)
    certain = one(-2, 1, strict=1.5, label="b")
    assert verdict([one(5, 1), one(0.1, 9, label="wide"), certain]) == ("not_reproduced", certain)


def test_one_success_of_some_is_enough_where_chance_is_not():
    lucky, sure, bad = one(2, 1, strict=3), one(2, 1, strict=1.5), one(-2, 1)
    assert verdict([bad, lucky], some=True) == ("inconclusive", lucky)
    assert verdict([bad, sure], some=True) == ("reproduced", sure)
    assert verdict([bad, one(-1, 0.5)], some=True)[0] == "not_reproduced"
    # The larger number is no success if its interval is wide.
    assert verdict([one(9, 20), sure], some=True) == ("reproduced", sure)


def test_margins_are_signed_distances_from_the_nearer_end():
    assert Allowed(low=10.0).margin(13.0) == 3 and Allowed(high=10.0).margin(13.0) == -3
    band = Allowed(-1.0, 1.0)
    assert (band.margin(0.25), band.margin(-3.0), band.margin(1.0)) == (0.75, -2.0, 0.0)
    assert band.holds(-1.0, 1.0) and not band.holds(-1.1, 0.0)
    assert band.excludes(1.1, 2.0) and not band.excludes(1.0, 2.0)
    assert Allowed().margin(5.0) == math.inf
