"""config/claims.yaml itself: what it covers, and that pandas understands each of its expressions."""

import ast
import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anarch.claims.claim import UNTRAINED, Claim
from anarch.claims.judging import judge
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


def mentioned(condition: str) -> dict[str, set]:
    """Column -> values that it is compared with, and for an order one on either side."""
    found: dict[str, set] = {}
    for node in ast.walk(ast.parse(condition.strip(), mode="eval")):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name):
            for comparator in node.comparators:
                values = {child.value for child in ast.walk(comparator) if isinstance(child, ast.Constant)}
                if isinstance(node.ops[0], ast.NotEq):
                    values |= {f"other than {value}" for value in values}
                elif not isinstance(node.ops[0], ast.Eq | ast.In):
                    values = {value + step for value in values for step in (-1, 0, 1)}
                if values:  # none where it is held against another column
                    found.setdefault(node.left.id, set()).update(values)
    return found


def planted(claim: Claim) -> dict[str, pd.DataFrame]:
    """Tables of three seeds, of every combination of what the claim tells apart, and of random numbers."""
    told = REGISTRY[claim.study]
    given: dict[str, dict[str, set]] = {name: {} for name in claim.tables}
    for side in claim.sides.values():
        values, table = given[side.table], told[side.table]
        for condition in side.conditions.values():
            for column, some in mentioned(condition).items():
                values.setdefault(column, set()).update(some)
        keys = [claim.replicate or table["replicate"], *claim.groups, claim.over, side.largest, side.smallest]
        for key in keys:
            if key and key in table["columns"]:
                some = {"a", "b", "c"} if key in table["text"] else {0, 1, 2}
                values.setdefault(key, set())
                values[key] |= some if len(values[key]) < 2 else set()
        columns_to_columns = {"main_replicas": {5}, "replicas": {1, 2, 5}, "fit_accuracy": {0.0}}
        columns_to_columns |= {"shrink": {1, 2}, "shrink_fc": {1, 2}}
        values |= {name: some for name, some in columns_to_columns.items() if name in table["columns"]}
    rng, tables = np.random.default_rng(0), {}
    for name, values in given.items():
        rows = pd.DataFrame(itertools.product(*values.values()), columns=list(values))
        rows = pd.concat([rows, rows], ignore_index=True) if claim.compare == "holds" else rows
        rest = [column for column in told[name]["columns"] if column not in values]
        for column in rest:
            rows[column] = rng.uniform(0.1, 0.9, len(rows)) if column not in told[name]["text"] else "a"
        if claim.trials:
            rows[claim.trials] = 10
        tables[name] = rows
    return tables


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_each_is_judged_on_tables_that_have_what_it_asks_for(claim):
    row = judge(claim, planted(claim), REGISTRY[claim.study], scale="paper", looks=(3, 5))
    assert row["verdict"] in ("reproduced", "not_reproduced", "inconclusive"), row["reason"]
    assert row["value"] is not None and row["reason"].endswith(".")
