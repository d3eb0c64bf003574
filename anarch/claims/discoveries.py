"""What the number of claims does to their verdicts.

Each verdict errs by chance with a probability of at most 2.5 %, so that some of a hundred are wrong.  Which
of them would stand if all are counted together is told by e-values: an e-value is a number that is large by
chance as seldom as a gain at fair bets, so that its mean is at most 1 where a verdict is wrong.  Unlike
p-values they control the share of false discoveries whatever hangs on whatever (Wang and Ramdas 2022), and
claims that are judged on the same networks do.
"""

from collections.abc import Sequence

from anarch.claims.sequential import ALPHA

LEVELS = (ALPHA, 0.01, 0.002)  # fixed beforehand; a verdict that stands at a stricter one is worth more
RATE = 0.05  # of false discoveries among the verdicts that stand together


def e_value(stands: Sequence[bool]) -> float:
    """Of a verdict that would have been made (``stands``) at each of `LEVELS`.

    At level alpha a wrong verdict in one direction comes about with probability alpha / 2, so that 2 / alpha
    where it does, and else 0, is an e-value, and so is the mean of several.
    """
    return sum(2 / level for level, one in zip(LEVELS, stands, strict=True) if one) / len(LEVELS)


def expected_errors(judged: int) -> float:
    """At most so many of the verdicts on ``judged`` claims are wrong by chance, on average."""
    return judged * ALPHA / 2


def stand_together(e_values: Sequence[float], rate: float = RATE) -> list[bool]:
    """Which verdicts stand if all judged claims are counted, 0 being an undecided one's (e-BH).

    Of every claim one verdict would be wrong and one right, so that of twice as many hypotheses half are
    true.
    """
    largest = sorted(e_values, reverse=True)
    enough = [e for k, e in enumerate(largest, 1) if e * k * rate >= len(e_values)]
    return [bool(enough) and e >= enough[-1] for e in e_values]
