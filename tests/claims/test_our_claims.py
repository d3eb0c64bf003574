"""config/claims.yaml itself: what it covers, and that pandas understands each of its expressions."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from anarch.claims.claim import UNTRAINED
from anarch.workflow import claims as files
from anarch.workflow.exhibits import papers

ROOT = Path(__file__).parents[2]
REGISTRY = files.tables()
CLAIMS = files.read(ROOT)
SCALES = ("laptop", "cifar", "paper")


def test_every_study_and_comparison_is_there():
    counts = Counter(claim.study for claim in CLAIMS)
    assert set(counts) == set(papers()) and min(counts.values()) >= 8
    assert {claim.compare for claim in CLAIMS} == {
        "greater", "less", "within", "ratio", "monotone", "peak_near", "correlation", "holds",
    }  # fmt: skip


def test_scales_are_ours_and_never_smoke():
    for claim in CLAIMS:
        assert isinstance(claim.scales, str) or set(claim.scales) <= set(SCALES), claim.id
        assert claim.scales == "any" or not any(claim.judged_at(scale) for scale in UNTRAINED), claim.id


def test_a_papers_accuracy_is_judged_at_the_papers_scale_only():
    for claim in CLAIMS:
        if claim.compare == "within" and claim.unit == "%" and claim.of not in (0, 100):
            assert "laptop" not in claim.scales and claim.scales != "trained", claim.id


def empty(study: str, table: str) -> pd.DataFrame:
    told = REGISTRY[study][table]
    return pd.DataFrame(
        {name: pd.Series([], dtype="str" if name in told["text"] else "float") for name in told["columns"]}
    )


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_pandas_understands_its_expressions(claim):
    for side in claim.sides.values():
        frame = empty(claim.study, side.table)
        for condition in side.conditions.values():
            assert frame.query(condition, engine="python").empty
        for value in side.values.values():
            assert len(frame.eval(value, engine="python")) == 0
