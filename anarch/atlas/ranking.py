"""Which measure orders test accuracy: Kendall's tau-b within groups of networks, and over groups.

A group is what was trained on one dataset under one protocol of one study: only within it do accuracies
compare.  Over groups, of one study or of all, the answer is the mean of the groups' taus, weighted by their
numbers of pairs: pairs of networks from two groups count for nothing.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, rankdata

MEASURES = (
    "train_loss",
    "train_accuracy",
    "gradient_norm",
    "hessian_top",
    "radius_median",
    "radius_mean",
    "frobenius",
    "log10_path1",
    "log10_path2",
    "distance",
    "deviation",
    "sparsity",
    "parameters",
)
OUTCOME = "test_accuracy"
KEYS = ("study", "group", "dataset")
LEAST = 3  # networks of a group, and groups of a pooled interval: with two of either nothing can vary
LEVEL = 0.95

Rows = list[dict[str, object]]
Key = tuple[str, ...]  # of a group: its KEYS


@dataclass(frozen=True)
class Ranked:
    """How one measure orders the networks of one group."""

    tau: float  # nan where it is not defined; then ``reason`` says why
    networks: int
    reason: str = ""
    draws: np.ndarray = field(default_factory=lambda: np.empty(0))  # taus of resampled networks, (B,)

    @property
    def pairs(self) -> int:
        return self.networks * (self.networks - 1) // 2


def taus(atlas: pd.DataFrame, *, resamples: int = 1000, seed: int = 0) -> Rows:
    """A row per measure and level: each group, each study, and all studies pooled.

    - level: group | study | pooled; study, group, dataset: as far as the level knows them
    - tau: Kendall's tau-b of the measure and test accuracy; positive where larger goes with more accurate
    - low, high: 95 % percentile interval over resampled networks of a group (of each group of a study); for
      all studies pooled over resampled groups and networks; empty where there is too little to resample
    - networks, pairs, groups: what tau is over
    - reason: why there is no tau, or which groups were left out

    A group of fewer than `LEAST` networks, or in which the measure or the accuracy is the same for all, is
    left out.
    """
    groups = [(tuple(map(str, key)), part) for key, part in atlas.groupby(list(KEYS), sort=False)]
    rows: Rows = []
    for measure in MEASURES:
        ranked = {key: rank(part, measure, _draws(key, seed, resamples)) for key, part in groups}
        for key, one in ranked.items():
            names = dict(zip(KEYS, key, strict=True))
            rows.append({"level": "group", **names, "measure": measure, **_row(one.tau, [one], one.draws)})
        for study in dict.fromkeys(key[0] for key in ranked):
            mine = {key: one for key, one in ranked.items() if key[0] == study}
            rows.append({"level": "study", "study": study, "measure": measure, **_over(mine)})
        of_groups = np.random.default_rng([seed, resamples])
        rows.append({"level": "pooled", "measure": measure, **_pooled(ranked, of_groups, resamples)})
    return rows


def rank(part: pd.DataFrame, measure: str, draws: "Draws") -> Ranked:
    """How ``measure`` orders the networks of one group; missing cells are left out."""
    known = part[[measure, OUTCOME]].astype(float).dropna()
    count = len(known)
    if count == 0:
        return Ranked(np.nan, 0, "not defined")
    if count < LEAST:
        return Ranked(np.nan, count, f"{count} network{'s' * (count > 1)} only")
    for column, words in ((measure, "all alike"), (OUTCOME, "all equally accurate")):
        if known[column].nunique() == 1:
            return Ranked(np.nan, count, words)
    x, y = known[measure].to_numpy(), known[OUTCOME].to_numpy()
    return Ranked(float(kendalltau(x, y).statistic), count, "", weighted_taus(x, y, draws.of(count)))


def weighted_taus(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """tau-b of ``x``, ``y`` (n,) with network i taken ``weights[b, i]`` times: (B,), nan where undefined.

    sum_ij w_i w_j a_ij b_ij / sqrt(sum_ij w_i w_j a_ij^2 sum_ij w_i w_j b_ij^2), a and b the signs of the
    differences: equal to scipy's of the repeated entries, but without a loop over resamples.
    """
    ranks = [rankdata(values, "dense").astype(float) for values in (x, y)]  # infinities have no difference
    a, b = (np.sign(np.subtract.outer(r, r)) for r in ranks)
    both, ofx, ofy = (((weights @ m) * weights).sum(1) for m in (a * b, a * a, b * b))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(both / np.sqrt(ofx * ofy))


@dataclass(frozen=True)
class Draws:
    """Resamplings of a group, the same for each of its measures."""

    seed: Sequence[int]
    resamples: int

    def of(self, count: int) -> np.ndarray:
        """How often each of ``count`` networks is drawn, (B, count)."""
        rng = np.random.default_rng(self.seed)
        return rng.multinomial(count, np.full(count, 1 / count), size=self.resamples).astype(float)


def _draws(key: Key, seed: int, resamples: int) -> Draws:
    return Draws((seed, zlib.crc32("/".join(key).encode())), resamples)


def _usable(ranked: Mapping[Key, Ranked]) -> list[Ranked]:
    return [one for one in ranked.values() if not np.isnan(one.tau)]


def _over(ranked: Mapping[Key, Ranked]) -> dict[str, object]:
    """The groups of one study; each resample draws anew within every group."""
    usable, reason = _usable(ranked), _left_out(ranked)
    if not usable:
        return _row(np.nan, [], np.empty(0), reason)
    pairs = [one.pairs for one in usable]
    tau = float(np.average([one.tau for one in usable], weights=pairs))
    return _row(tau, usable, np.average([one.draws for one in usable], axis=0, weights=pairs), reason)


def _pooled(ranked: Mapping[Key, Ranked], rng: np.random.Generator, resamples: int) -> dict[str, object]:
    """All groups of all studies; each resample draws groups, and anew within every group."""
    usable, reason = _usable(ranked), _left_out(ranked)
    if not usable:
        return _row(np.nan, [], np.empty(0), reason)
    count, pairs = len(usable), np.array([one.pairs for one in usable], float)
    tau = np.average([one.tau for one in usable], weights=pairs)
    if count < LEAST:
        return _row(float(tau), usable, np.empty(0), reason)
    draws = np.array([one.draws for one in usable]).T
    weights = rng.multinomial(count, np.full(count, 1 / count), size=resamples) * pairs * np.isfinite(draws)
    with np.errstate(invalid="ignore"):
        return _row(float(tau), usable, (weights * np.nan_to_num(draws)).sum(1) / weights.sum(1), reason)


def _row(
    tau: float, over: Sequence[Ranked], draws: np.ndarray, reason: str | None = None
) -> dict[str, object]:
    known = draws[np.isfinite(draws)]
    tail = (1 - LEVEL) / 2
    enough = len(known) > len(draws) / 2  # else most resamples have no tau, and the rest are no sample
    low, high = np.quantile(known, (tail, 1 - tail)) if enough else (None, None)
    return {
        "tau": None if np.isnan(tau) else tau,
        "low": low,
        "high": high,
        "networks": sum(one.networks for one in over),
        "pairs": sum(one.pairs for one in over),
        "groups": len(over),
        "reason": "; ".join(one.reason for one in over if one.reason) if reason is None else reason,
    }


def _left_out(ranked: Mapping[Key, Ranked]) -> str:
    """Groups without a tau, by reason: "all alike: needle/sgd (cifar10); not defined: a/b (c)"."""
    by_reason: dict[str, list[str]] = {}
    for key, one in ranked.items():
        if one.reason:
            by_reason.setdefault(one.reason, []).append("{}/{} ({})".format(*key))
    return "; ".join(f"{reason}: {', '.join(names)}" for reason, names in by_reason.items())
