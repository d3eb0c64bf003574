"""In how many pairs a measure errs, environment by environment (Dziugaite et al. 2020, Jiang et al. 2020).

An environment is what one setting changes within one group; a pair is two networks of one seed that differ
in that setting alone.  A measure that is a cause of generalisation errs seldom in every one of them: so the
worst counts beside the mean.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from anarch.atlas.pairs import LEAST, comparable, settings_apart, signs
from anarch.atlas.ranking import EXPECTED, KEYS, OUTCOME, Rows


def sign_errors(atlas: pd.DataFrame) -> Rows:
    """A row per measure and environment, and for each measure one over all of them.

    - level: environment | all; study, group, dataset, setting: the environment's, or those of the worst
    - pairs: what the error is over; environments: how many
    - error: share of pairs whose order is not the one that theory expects, ties counting half; over all, its
      mean over environments
    - worst: over all, the largest error of an environment

    An environment of fewer than `LEAST` pairs is left out, and so are pairs within noise; a measure without
    any has no error.
    """
    rows: Rows = []
    for measure, sign in EXPECTED.items():
        mine = list(_of(atlas, measure, sign))
        rows += mine
        worst = max(mine, key=lambda row: row["error"], default=None)
        rows.append(
            {
                "level": "all",
                **{key: worst[key] if worst else None for key in (*KEYS, "setting")},
                "measure": measure,
                "pairs": sum(row["pairs"] for row in mine),
                "environments": len(mine),
                "error": sum(row["error"] for row in mine) / len(mine) if mine else None,
                "worst": worst["error"] if worst else None,
            }
        )
    return rows


def _of(atlas: pd.DataFrame, measure: str, sign: int) -> Iterator[dict[str, Any]]:
    for key, part in atlas.groupby(list(KEYS), sort=False):
        known = part[part[[measure, OUTCOME]].notna().all(axis=1)]
        if len(known) < 2:
            continue
        right = sign * signs(known[measure]) * signs(known[OUTCOME])
        for setting, pairs in settings_apart(known, comparable(known, measure)).items():
            count = int(pairs.sum()) // 2
            # A setting that leaves the measure as it is, as depth leaves sparsity, is no test of it.
            if count >= LEAST and right[pairs].any():
                yield {
                    "level": "environment",
                    **dict(zip(KEYS, key, strict=True)),
                    "setting": setting,
                    "measure": measure,
                    "pairs": count,
                    "environments": 1,
                    "error": float((1 - right[pairs]).mean() / 2),
                    "worst": None,
                }
