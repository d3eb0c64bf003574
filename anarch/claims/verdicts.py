"""When a claim counts as reproduced.

Every comparison says where its number must lie.  It is inside if its whole interval is, outside if its whole
interval is, else undecided.  A claim of several comparisons that must all be inside (`each`) is reproduced if
they all are, and not if one is outside; one that asks for `some` is reproduced if one is inside, and not if
all are outside.  Where one of m may settle the matter by chance, it needs an interval of level 1 - 0.05 / m.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_JUDGED = (
    "reproduced",
    "not_reproduced",
    "inconclusive",
    "not_judged",
)


@dataclass(frozen=True)
class Allowed:
    """Where a claim says that its number lies: between ``low`` and ``high``; ``open``: not at the ends."""

    low: float = -math.inf
    high: float = math.inf
    open: bool = False

    def holds(self, low: float, high: float) -> bool:
        """Whether the whole interval lies inside."""
        if self.open:
            return low > self.low and high < self.high
        return low >= self.low and high <= self.high

    def excludes(self, low: float, high: float) -> bool:
        """Whether the whole interval lies outside."""
        if self.open:
            return high <= self.low or low >= self.high
        return high < self.low or low > self.high

    def margin(self, value: float) -> float:
        """Distance of ``value`` from the nearer end, positive inside."""
        return min(value - self.low, self.high - value)


@dataclass(frozen=True)
class Found:
    """One comparison: its number, the 95 % interval, and the one for where one may settle the matter."""

    label: str
    value: float
    interval: tuple[float, float]
    strict: tuple[float, float]
    replicates: int
    allowed: Allowed
    ends: tuple[float, float] | None = None  # of a curve: what -inf and inf stand for

    @property
    def margin(self) -> float:
        return self.allowed.margin(self.value)


def verdict(found: Sequence[Found], *, some: bool = False) -> tuple[str, Found]:
    """The verdict, and the comparison that decides it: the weakest, or with ``some`` the strongest."""
    if some:
        best = max(found, key=lambda one: (one.allowed.holds(*one.strict), one.margin))
        if best.allowed.holds(*best.strict):
            return REPRODUCED, best
        failed = all(one.allowed.excludes(*one.interval) for one in found)
        return (NOT_REPRODUCED if failed else INCONCLUSIVE), best
    worst = min(found, key=_weakness)
    if worst.allowed.excludes(*worst.strict):
        return NOT_REPRODUCED, worst
    return (REPRODUCED if all(one.allowed.holds(*one.interval) for one in found) else INCONCLUSIVE), worst


def _weakness(one: Found) -> tuple[int, float]:
    """Order of the comparisons of a claim, the one that harms it most first."""
    if one.allowed.excludes(*one.strict):
        return 0, one.margin
    return (2 if one.allowed.holds(*one.interval) else 1), one.margin
