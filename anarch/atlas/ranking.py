"""Which measure orders test accuracy: Kendall's tau within groups of networks, and over groups.

A group is what was trained on one dataset under one protocol of one study: only within it do accuracies
compare.  Over groups, of one study or of all, the answer is the mean of the groups' taus, weighted by their
numbers of pairs: pairs of networks from two groups count for nothing.  Neither do pairs whose accuracies
differ by no more than chance in their test images, nor, for the number of parameters, sizes that are matched.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from anarch.atlas.pairs import LEAST, OUTCOME, comparable, settings_apart, signs

# Measure -> 1 where theory has more of it with accurate networks, -1 where less.
EXPECTED = {
    "train_loss": -1,
    "train_accuracy": 1,
    "gradient_norm": -1,
    "hessian_top": -1,
    "radius_median": 1,
    "radius_mean": 1,
    "noise": 1,
    "pac_bayes": -1,
    "margin": 1,
    "frobenius": -1,
    "log10_path1": -1,
    "log10_path2": -1,
    "log10_path2_margin": -1,
    "distance": -1,
    "deviation": -1,
    "sparsity": 1,
    "parameters": -1,
}
MEASURES = tuple(EXPECTED)
# How networks are made comparable: not at all; only those that fit; by the partial tau given the training
# loss; pairs of one seed that differ in one setting.
WAYS = ("all", "fit", "partial", "granulated")
FIT = 0.99  # train accuracy of a network that fits
KEYS = ("study", "group", "dataset")
LEVEL = 0.95

Rows = list[dict[str, object]]
Key = tuple[str, ...]  # of a group: its KEYS
Statistic = Callable[[np.ndarray], np.ndarray]  # weights of networks (B, n) -> (B,), nan where undefined


@dataclass(frozen=True)
class Ranked:
    """How one measure orders the networks of one group."""

    tau: float  # nan where it is not defined; then ``reason`` says why
    networks: int
    pairs: int = 0  # that count
    reason: str = ""
    draws: np.ndarray = field(default_factory=lambda: np.empty(0))  # taus of resampled seeds, (B,) or none


def taus(atlas: pd.DataFrame, *, resamples: int = 1000, seed: int = 0) -> Rows:
    """A row per way, measure and level: each group, each study, and all studies pooled.

    - way: one of `WAYS`; level: group | study | pooled; study, group, dataset: as far as the level knows them
    - tau: positive where larger goes with more accurate.  Kendall's tau-b; granulated, the mean over settings
      of the mean sign of their pairs
    - low, high: 95 % percentile interval over resampled seeds, those of a study together; for all studies
      pooled over resampled groups and seeds; empty where there are too few to resample
    - networks, pairs, groups: what tau is over
    - reason: why there is no tau, or which groups were left out

    A group of fewer than `LEAST` networks, or in which the measure is the same for all, is left out.
    """
    groups = [(tuple(map(str, key)), part) for key, part in atlas.groupby(list(KEYS), sort=False)]
    rows: Rows = []
    for way in WAYS:
        for measure in MEASURES:
            told = {"way": way, "measure": measure}
            ranked = {key: rank(part, measure, Draws(key[0], seed, resamples), way) for key, part in groups}
            for key, one in ranked.items():
                names = dict(zip(KEYS, key, strict=True))
                rows.append({"level": "group", **names, **told, **_row(one.tau, [one], one.draws)})
            for study in dict.fromkeys(key[0] for key in ranked):
                mine = {key: one for key, one in ranked.items() if key[0] == study}
                rows.append({"level": "study", "study": study, **told, **_over(mine)})
            of_groups = np.random.default_rng([seed, resamples])
            rows.append({"level": "pooled", **told, **_pooled(ranked, of_groups, resamples)})
    return rows


@dataclass(frozen=True)
class Draws:
    """Resamplings of the seeds of a study, the same for all of its groups and measures."""

    study: str
    seed: int
    resamples: int

    def of(self, seeds: np.ndarray) -> np.ndarray:
        """How often each network, of ``seeds`` (n,), is drawn: (B, n), without a row for too few seeds."""
        known, place = np.unique(seeds, return_inverse=True)
        if len(known) < LEAST:
            return np.empty((0, len(seeds)))
        rng = np.random.default_rng([self.seed, zlib.crc32(self.study.encode())])
        share = np.full(len(known), 1 / len(known))
        return rng.multinomial(len(known), share, size=self.resamples).astype(float)[:, place]


def rank(part: pd.DataFrame, measure: str, draws: Draws, way: str = "all") -> Ranked:
    """How ``measure`` orders the networks of one group; missing cells are left out."""
    known = part[part[[measure, OUTCOME]].notna().all(axis=1)]
    if way == "fit":
        known = known[known.train_accuracy >= FIT]
    count = len(known)
    if count < LEAST:
        words = "that fits" if way == "fit" else "only"
        return Ranked(
            np.nan, count, reason=f"{count} network{'s' * (count != 1)} {words}" if count else "not defined"
        )
    if known[measure].nunique() == 1:
        return Ranked(np.nan, count, reason="all alike")
    if way == "partial" and measure == "train_loss":
        return Ranked(np.nan, count, reason="what is given")
    pairs = comparable(known, measure)
    kinds = list(settings_apart(known, pairs).values()) if way == "granulated" else [pairs]
    counted = sum(int(kind.sum()) // 2 for kind in kinds)
    if not counted:
        none = "no pair differs in one setting" if way == "granulated" and pairs.any() else "all within noise"
        return Ranked(np.nan, count, reason=none)
    statistic = _statistic(known, measure, way, kinds)
    tau = float(statistic(np.ones((1, count)))[0])
    return Ranked(
        tau,
        count,
        counted,
        "" if np.isfinite(tau) else "not defined",
        statistic(draws.of(known.seed.to_numpy())),
    )


def _statistic(known: pd.DataFrame, measure: str, way: str, kinds: Sequence[np.ndarray]) -> Statistic:
    a, b = signs(known[measure]), signs(known[OUTCOME])
    if way == "granulated":
        return lambda weights: _mean_signs(a * b, kinds, weights)
    (pairs,) = kinds
    if way != "partial":
        return lambda weights: weighted_tau(a, b, pairs, weights)
    c = signs(known["train_loss"])

    def partial(weights: np.ndarray) -> np.ndarray:
        xy, xz, yz = (weighted_tau(p, q, pairs, weights) for p, q in ((a, b), (a, c), (b, c)))
        # A loss that is the same for all explains nothing.
        xz, yz = np.nan_to_num(xz), np.nan_to_num(yz)
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = (1 - xz**2) * (1 - yz**2)
            return np.where(rest > 1e-9, (xy - xz * yz) / np.sqrt(rest), np.nan)

    return partial


def weighted_tau(a: np.ndarray, b: np.ndarray, pairs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """tau-b over the ``pairs`` (n, n) with network i taken ``weights[b, i]`` times: (B,), nan if undefined.

    sum_ij w_i w_j a_ij b_ij / sqrt(sum_ij w_i w_j a_ij^2 sum_ij w_i w_j b_ij^2), ``a`` and ``b`` the signs of
    the differences: equal to scipy's of the repeated entries, but without a loop over resamples.
    """
    both, ofx, ofy = (_sums(pairs * m, weights) for m in (a * b, a * a, b * b))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(both / np.sqrt(ofx * ofy))


def _mean_signs(products: np.ndarray, kinds: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Mean over kinds of pairs of the mean sign of each; a kind without a pair in a resample is left out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.array([_sums(kind * products, weights) / _sums(kind, weights) for kind in kinds])
        there = np.isfinite(means)
        return np.where(there, means, 0).sum(0) / there.sum(0)


def _sums(of_pairs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.asarray(((weights @ of_pairs) * weights).sum(1))


def _usable(ranked: Mapping[Key, Ranked]) -> list[Ranked]:
    return [one for one in ranked.values() if not np.isnan(one.tau)]


def _over(ranked: Mapping[Key, Ranked]) -> dict[str, object]:
    """The groups of one study, whose seeds are resampled together; of one group without, no interval."""
    usable, reason = _usable(ranked), _left_out(ranked)
    if not usable:
        return _row(np.nan, [], np.empty(0), reason)
    pairs = [one.pairs for one in usable]
    tau = float(np.average([one.tau for one in usable], weights=pairs))
    drawn = all(len(one.draws) for one in usable)
    draws = np.average([one.draws for one in usable], axis=0, weights=pairs) if drawn else np.empty(0)
    return _row(tau, usable, draws, reason)


def _pooled(ranked: Mapping[Key, Ranked], rng: np.random.Generator, resamples: int) -> dict[str, object]:
    """All groups of all studies; each resample draws groups, and seeds where a group has enough."""
    usable, reason = _usable(ranked), _left_out(ranked)
    if not usable:
        return _row(np.nan, [], np.empty(0), reason)
    count, pairs = len(usable), np.array([one.pairs for one in usable], float)
    tau = np.average([one.tau for one in usable], weights=pairs)
    if count < LEAST:
        return _row(float(tau), usable, np.empty(0), reason)
    draws = np.array([one.draws if len(one.draws) else np.full(resamples, one.tau) for one in usable]).T
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
