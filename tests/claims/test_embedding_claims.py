"""The claims of Zhang et al. on tables with the paper's numbers, and on what contradicts them."""

from pathlib import Path

import pandas as pd
import pytest

from anarch.claims.judging import judge
from anarch.claims.verdicts import NOT_JUDGED, NOT_REPRODUCED, REPRODUCED
from anarch.workflow import claims as files

ROOT = Path(__file__).parents[2]
CLAIMS = {claim.id.partition(".")[2]: claim for claim in files.read(ROOT) if claim.study == "embedding"}
REGISTRY = files.tables()["embedding"]


def verdict(name: str, table: str, rows: list[dict], scale: str = "paper") -> str:
    row = judge(CLAIMS[name], {table: pd.DataFrame(rows)}, REGISTRY, scale=scale, looks=(3, 5, 8, 12))
    return row["verdict"]


@pytest.mark.parametrize(
    ("minima", "expected"),
    [((1, 2, 1), REPRODUCED), ((1, 2, 2), NOT_REPRODUCED), ((1, 0, 1), NOT_REPRODUCED)],
)
def test_points_of_index_0_are_counted_and_saddles_are_not(minima, expected):
    rows = [
        {"case": "line", "width": width, "point": point, "minima": count}
        for width, count in zip((1, 2, 3), minima, strict=True)
        for point in range(4)
    ]
    assert verdict("number_of_points", "points", rows) == expected


@pytest.mark.parametrize(("second", "expected"), [(1, REPRODUCED), (4, REPRODUCED), (0, NOT_REPRODUCED)])
def test_negative_eigenvalues_on_iris_grow_at_every_split_of_every_neuron(second, expected):
    added = [None, 2, 2, None, 4, second]
    rows = [
        {"case": "iris", "copies": 1 + k % 3, "neuron": k // 3, "added_negative": more}
        for k, more in enumerate(added)
    ]
    assert verdict("iris_negatives", "growth", rows) == expected


@pytest.mark.parametrize(("zero", "expected"), [(1, REPRODUCED), (2, NOT_REPRODUCED)])
def test_every_split_of_a_minimum_adds_one_zero_and_one_negative_eigenvalue(zero, expected):
    rows = [{"case": "line", "copies": k, "added_zero": zero, "added_negative": 1} for k in (2, 3)]
    assert verdict("one_more_zero", "growth", rows) == expected


def plateaus(first: float, last: float) -> list[dict]:
    """Gaps (%) from width 1 at the first slow point, and from width 3 at the end; later ones are far."""
    return [
        {"start": "small", "seed": seed, "plateau": plateau, "narrow_width": width}
        | {"relative_gap": apart / 100 + seed * 1e-6, "fresh_gap": apart / 100 + seed * 1e-6}
        for seed in range(3)
        for plateau, width, apart in ((1, 1, first), (2, 1, 70.0), (0, 3, last))
    ]


def test_outputs_overlap_within_5_percent():
    for name, near, far in (
        ("width1_stagnation", (1.0, 90.0), (20.0, 1.0)),
        ("ends_at_width3", (90.0, 1.0), (1.0, 20.0)),
    ):
        assert verdict(name, "plateaus", plateaus(*near)) == REPRODUCED
        assert verdict(name, "plateaus", plateaus(*far)) == NOT_REPRODUCED


def reductions(**changed: float) -> list[dict]:
    """The paper's numbers at the last slow point; an earlier slow point and a later other one differ."""
    early = {
        "slow": 1,
        "point": 100,
        "groups": 4,
        "agreement": 1.0,
        "rate": 0.5,
        "loss": 0.9,
        "loss_end": 0.1,
    }
    paper = {"slow": 1, "point": 500, "groups": 58, "agreement": 0.985, "rate": 0.02}
    paper |= {"loss": 0.3, "loss_end": 0.3, **changed}
    rows = []
    for seed in range(3):
        last = paper | {name: paper[name] * (1 + 1e-5 * seed) for name in ("groups", "agreement", "loss_end")}
        for row in (early, last, {**early, "slow": 0, "point": 900}):
            rows.append({"model": "two_layer", "seed": seed, **row})
    return rows


@pytest.mark.parametrize(
    ("name", "wrong", "expected"),
    [
        ("reduced_agrees", {"agreement": 0.95}, NOT_REPRODUCED),
        ("number_of_groups", {"groups": 200}, NOT_REPRODUCED),
        ("reduced_stagnates", {"loss_end": 0.2}, NOT_REPRODUCED),
        ("reduced_stagnates", {"rate": 0.7}, NOT_JUDGED),  # the wide network itself does not stagnate
    ],
)
def test_the_reduced_network_is_judged_at_the_last_slow_point(name, wrong, expected):
    assert verdict(name, "reductions", reductions()) == REPRODUCED
    assert verdict(name, "reductions", reductions(**wrong)) == expected
    if name != "reduced_stagnates":
        assert verdict(name, "reductions", reductions(), scale="laptop") == NOT_JUDGED
