"""What a next look at a claim is worth: the chance that it decides, and the seeds that would.

A mean of n seeds lies a margin d from the nearest limit of its claim; seeds spread by s, which the interval
that is told says: its half width is c s / sqrt n, c being the look's t limit.  The mean of N > n seeds will
be normal about that of n, with variance s^2 (1 / n - 1 / N), and decides where it ends up farther from the
limit than C s / sqrt N.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from anarch.claims.sequential import Looks, reached, t_limits
from anarch.claims.verdicts import INCONCLUSIVE, NOT_JUDGED

UNKNOWN = 0.5  # of statistics without an interval: an even chance that the next look decides
MOST = 10_000  # seeds: more are never asked for

Row = Mapping[str, str]  # of claims.csv


@dataclass(frozen=True)
class Open:
    """A claim that is not decided."""

    name: str
    study: str
    seeds: int
    margin: float | None = (
        None  # from the nearest limit, on the scale on which it is judged; None: no interval
    )
    spread: float | None = None  # standard deviation of a seed


@dataclass(frozen=True)
class Look:
    """The next look at all claims of a study: its seeds, CPU seconds, and claims that it may decide."""

    study: str
    seeds: int
    cost: float
    expected: float  # number of claims decided


def open_claims(rows: Iterable[Row], looks: Looks) -> list[Open]:
    """Claims that more seeds may decide: inconclusive, or below the first look."""
    found = []
    for row in rows:
        seeds = int(row["replicates"] or 0)
        below = row["verdict"] == NOT_JUDGED and 0 < seeds < looks[0]
        if row["replicate"] != "seed" or not (row["verdict"] == INCONCLUSIVE or below):
            continue
        found.append(Open(row["id"], row["study"], seeds, *_margin_and_spread(row, looks, seeds)))
    return found


def chance(claim: Open, seeds: int, looks: Looks) -> float:
    """Probability that a look with so many ``seeds`` decides ``claim``."""
    if seeds < looks[0] or seeds <= claim.seeds:
        return 0.0
    if claim.margin is None or claim.spread is None:
        return UNKNOWN
    if claim.spread == 0:
        return 1.0
    limit = t_limits(looks)[reached(looks, seeds) - 1] * claim.spread / math.sqrt(seeds)
    ahead = NormalDist(claim.margin, claim.spread * math.sqrt(1 / claim.seeds - 1 / seeds))
    return ahead.cdf(-limit) + 1 - ahead.cdf(limit)


def needed(claim: Open, looks: Looks) -> int | None:
    """Seeds at which the last look's interval would be clear of the limit, at this mean and spread.

    None where these are not known, or no number of seeds that anybody trains would do.
    """
    if claim.margin is None or claim.spread is None or claim.margin == 0:
        return None
    seeds = math.ceil((t_limits(looks)[-1] * claim.spread / abs(claim.margin)) ** 2)
    return seeds if seeds <= MOST else None


def next_looks(
    claims: Iterable[Open], seeds: Mapping[str, int], seed_cost: Mapping[str, float], looks: Looks
) -> list[Look]:
    """The next look of each study that may decide anything, best first: claims decided per CPU second.

    ``seeds``: how many all parts of a study have, some may have more; ``seed_cost``: CPU seconds of one.
    """
    claims, found = list(claims), []
    for study in seeds.keys() & seed_cost.keys():
        mine = [claim for claim in claims if claim.study == study]
        for look in looks[reached(looks, seeds[study]) :]:
            expected = sum(chance(claim, look, looks) for claim in mine)
            if expected > 0:
                found.append(Look(study, look, (look - seeds[study]) * seed_cost[study], expected))
                break
    return sorted(found, key=lambda look: (-look.expected / max(look.cost, 1e-9), look.study))


def affordable(ranked: Sequence[Look], budget: float) -> list[Look]:
    """The best of the ``ranked`` looks that fit, one after the other, into ``budget`` CPU seconds."""
    chosen = []
    for look in ranked:
        if look.cost <= budget:
            chosen.append(look)
            budget -= look.cost
    return chosen


def _margin_and_spread(row: Row, looks: Looks, seeds: int) -> tuple[float | None, float | None]:
    if not (row["low"] and row["high"] and row["margin"]) or seeds < looks[0]:
        return None, None
    low, high, margin = float(row["low"]), float(row["high"]), float(row["margin"])
    if row["comparison"] == "ratio":  # judged by its logarithm
        if min(low, float(row["value"]), float(row["threshold"])) <= 0:
            return None, None
        low, high = math.log(low), math.log(high)
        margin = math.log(float(row["value"])) - math.log(float(row["threshold"]))
    limit = t_limits(looks)[reached(looks, seeds) - 1]
    return margin, (high - low) / 2 * math.sqrt(seeds) / limit
