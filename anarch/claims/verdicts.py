"""When a claim counts as reproduced.

Every comparison says where its number must lie.  At a look it is shown to lie there, or shown to lie
elsewhere, or neither.  A claim of several comparisons that must all be inside (`each`) is reproduced where
each is shown to be, and not reproduced where one is shown to be outside; one that asks for `some` is
reproduced where one is inside, and not where each is outside.  Where one of m may settle the matter by
chance, it has 1 / m of the chance; where all must agree, none needs a correction.
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
VERDICTS = (REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_JUDGED)
COLUMNS = (  # of claims.csv
    "id", "study", "paper", "location", "statement", "measured", "tables", "figures", "comparison",
    "paper_value", "paper_text", "value", "low", "high", "replicates", "replicate", "threshold", "margin",
    "unit", "verdict", "reason", "decided_at", "all_replicates", "value_of_all", "e_value",
)  # fmt: skip


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
class Shown:
    """What is shown of a comparison by itself, and (``shared``) where it is one of several that may
    decide."""

    holds: bool
    fails: bool
    holds_shared: bool
    fails_shared: bool


@dataclass(frozen=True)
class Found:
    """One comparison at one look: its number, what is shown of it, and by what."""

    label: str
    value: float
    replicates: int
    allowed: Allowed
    shown: Shown
    interval: tuple[float, float] | None = None  # of a mean
    inside: int | None = None  # of a sign test: how many replicates lie where they should
    chance: float | None = None  # of an order: how often chance gives one as strong
    points: tuple[float, float] | None = None  # of a curve: where it sets back most; of a peak: its ends

    @property
    def margin(self) -> float:
        return self.allowed.margin(self.value)


def verdict(found: Sequence[Found], *, some: bool = False) -> tuple[str, Found]:
    """The verdict, and the comparison that decides it: the weakest, or with ``some`` the strongest."""
    if some:
        best = max(found, key=lambda one: (one.shown.holds_shared, one.margin))
        if best.shown.holds_shared:
            return REPRODUCED, best
        return (NOT_REPRODUCED if all(one.shown.fails for one in found) else INCONCLUSIVE), best
    worst = min(found, key=_weakness)
    if worst.shown.fails_shared:
        return NOT_REPRODUCED, worst
    return (REPRODUCED if all(one.shown.holds for one in found) else INCONCLUSIVE), worst


def _weakness(one: Found) -> tuple[int, float]:
    """Order of the comparisons of a claim, the one that harms it most first."""
    if one.shown.fails_shared:
        return 0, one.margin
    return (2 if one.shown.holds else 1), one.margin
