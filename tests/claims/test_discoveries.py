"""What the number of claims does to their verdicts."""

import numpy as np
import pytest

from anarch.claims.discoveries import LEVELS, e_value, expected_errors, stand_together


def test_an_e_value_has_a_mean_of_one_at_most_where_a_verdict_is_wrong():
    """A wrong verdict stands at level alpha with probability alpha / 2, and then at every larger one."""
    mean = 0.0
    for k, level in enumerate(LEVELS):
        stricter = LEVELS[k + 1] if k + 1 < len(LEVELS) else 0.0
        mean += (level - stricter) / 2 * e_value([j <= k for j in range(len(LEVELS))])
    assert mean == pytest.approx(1) and e_value([False] * 3) == 0


def test_one_verdict_in_forty_is_wrong_by_chance_at_most():
    assert expected_errors(40) == 1


def test_verdicts_that_stand_together():
    """e-BH: the k largest, where each of them is at least 4 / (0.05 k)."""
    assert stand_together([0.0, 40.0, 80.0, 26.0]) == [False, True, True, False]
    assert stand_together([0.0, 40.0, 80.0, 27.0]) == [False, True, True, True]
    assert stand_together([0.0, 39.0, 79.0, 26.0]) == [False] * 4
    assert stand_together([]) == []


def test_among_claims_without_any_effect_few_stand_whatever_hangs_on_whatever():
    """All verdicts of a world wrong together, at the probability that level allows: the worst dependence."""
    rng = np.random.default_rng(1)
    chance = rng.random(200_000)
    stands = [np.array(LEVELS) / 2 >= one for one in chance[:20_000]]
    wrong = sum(any(stand_together([e_value(row.tolist())] * 30)) for row in stands) / len(stands)
    assert wrong <= 0.05
