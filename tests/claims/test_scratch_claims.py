"""The claims of Neyshabur on his own printed numbers, and on planted tables that say the contrary."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from anarch.claims.judging import judge
from anarch.figures.scratch import published
from anarch.workflow import claims as files

ROOT = Path(__file__).parents[2]
CLAIMS = {claim.id.partition(".")[2]: claim for claim in files.read(ROOT) if claim.study == "scratch"}
REGISTRY = files.tables()["scratch"]
SEEDS = 12


def row(family: str, network: str, seed: int, **values: object) -> dict[str, object]:
    """A run; what is measured differs by a thousandth of a point from seed to seed."""
    known = {"method": "SGD", "beta": np.nan, "pixels": "intact", "epochs": 4000, "task": "cifar10"}
    told = {"family": family, "network": network, "seed": seed, **known, **values}
    if "percent" in told:
        told["test_accuracy"] = told.pop("percent") / 100 + 1e-5 * ((7 * seed) % 5 - 2)
    return told


def printed() -> dict[str, pd.DataFrame]:
    """Tables 1 and 2."""
    rows = []
    for seed in range(SEEDS):
        for network, of_data in published.ACCURACIES.items():
            for task, of_epochs in zip(published.DATASETS, of_data, strict=True):
                for epochs, percent in zip(published.EPOCHS, of_epochs, strict=True):
                    rows.append(row("table1", network, seed, task=task, epochs=epochs, percent=percent))
        for (network, way), of_data in published.METHODS.items():
            lasso = way != "SGD"
            told = {"method": "beta-LASSO", "beta": float(way.removeprefix("beta = "))} if lasso else {}
            for task, percent in zip(published.DATASETS, of_data, strict=True):
                rows.append(row("table2", network, seed, task=task, percent=percent, **told))
    return {"results": pd.DataFrame(rows)}


def judged(name: str, tables: dict[str, pd.DataFrame], scale: str = "paper") -> dict:
    return judge(CLAIMS[name], tables, REGISTRY, scale=scale, looks=(SEEDS,))


@pytest.mark.parametrize(
    "name",
    [
        "locality_shallow", "locality_deep", "longer_helps_shallow", "longer_leaves_deep",
        "shallow_catches_up", "lasso_above_sgd", "threshold_helps", "lasso_accuracy",
        "lasso_accuracy_cifar100", "lasso_accuracy_svhn",
    ],
)  # fmt: skip
def test_the_papers_own_numbers_reproduce_it(name):
    assert judged(name, printed())["verdict"] == "reproduced"


@pytest.mark.parametrize("name", ["sfc_above_others", "depth_without_sharing"])
def test_where_the_papers_table_contradicts_its_text(name):
    """S-FC below D-FC on SVHN; S-LOCAL 6.3 points above D-LOCAL on CIFAR-100."""
    assert judged(name, printed())["verdict"] == "not_reproduced"


def test_what_local_connections_are_worth_in_deep_networks_is_not_asked_of_small_images():
    assert judged("locality_deep", printed(), scale="laptop")["verdict"] == "not_judged"


def test_a_bound_of_one_and_more_says_nothing():
    def bounds(*values: tuple[float, float]) -> dict[str, pd.DataFrame]:
        rows = [
            {"family": "bound", "run": str(n), "gap": gap, "bound": bound}
            for n, (gap, bound) in enumerate(values)
        ]
        return {"results": pd.DataFrame(rows)}

    assert judged("bound_holds", bounds((0.5, 3.0), (0.4, 1.0)))["verdict"] == "not_judged"
    assert judged("bound_holds", bounds((0.5, 3.0), (0.4, 0.6), (0.1, 0.2)))["verdict"] == "reproduced"
    assert judged("bound_holds", bounds((0.5, 3.0), (0.4, 0.6), (0.3, 0.2)))["verdict"] == "not_reproduced"


def sweep(fewest: dict[str, int], best: dict[str, float]) -> dict[str, pd.DataFrame]:
    """Of each architecture one network that fits, and one that does not but is better than all that do."""
    rows = [
        row("sweep", network, seed, weights=weights, percent=percent, train_accuracy=train, fit_accuracy=0.99)
        for seed in range(SEEDS)
        for network in fewest
        for weights, train, percent in ((1, 0.5, 99 - best[network] / 2), (fewest[network], 1, best[network]))
    ]
    return {"results": pd.DataFrame(rows)}


ORDER = ("ResNet18", "D-CONV", "S-CONV", "3-FC")


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ((95, 90, 85, 70), "reproduced"),
        ((90, 95, 85, 70), "not_reproduced"),
        ((70, 85, 90, 95), "not_reproduced"),
    ],
)
def test_fewer_parameters_are_better_in_the_exact_order_alone(accuracies, verdict):
    fewest = {network: 10**n for n, network in enumerate(ORDER, start=4)}
    best = dict(zip(ORDER, accuracies, strict=True))
    assert judged("fewer_is_better", sweep(fewest, best))["verdict"] == verdict


def layers(fc: tuple[int, int, int]) -> dict[str, pd.DataFrame]:
    whole = {"S-CONV": (100, 1000, 100), "S-LOCAL": (6400, 1000, 100), "S-FC": (25_600, 1000, 100)}
    rows = []
    for seed in range(SEEDS):
        for network, sizes in whole.items():
            for layer, size in enumerate(sizes, start=1):
                lasso = network == "S-FC"
                left = fc[layer - 1] + seed % 3 if lasso else size
                told = {"method": "beta-LASSO", "beta": 50.0} if lasso else {}
                rows.append(row("table2", network, seed, layer=layer, weights=size, nonzero=left, **told))
    return {"layers": pd.DataFrame(rows)}


@pytest.mark.parametrize(
    ("fc", "holding"),
    [
        ((300, 100, 80), {"more_than_conv", "second_layer_sparser", "last_layer_dense"}),
        ((3000, 300, 40), set()),
        ((50, 30, 40), {"second_layer_sparser"}),
    ],
)
def test_how_many_weights_are_left(fc, holding):
    names = ("more_than_conv", "second_layer_sparser", "last_layer_dense")
    assert {name for name in names if judged(name, layers(fc))["verdict"] == "reproduced"} == holding


@pytest.mark.parametrize(("locality", "verdict"), [(0.6, "reproduced"), (0.8, "not_reproduced")])
def test_filters_are_local_where_they_are_nearer_to_s_local_than_to_sgd(locality, verdict):
    ratios = {("S-FC", "SGD"): 0.9, ("S-LOCAL", "SGD"): 0.5, ("S-FC", "beta-LASSO"): locality}
    rows = [
        row("table2", network, seed, method=method, locality=ratio + 1e-4 * (seed % 3))
        | ({"beta": 50.0} if method != "SGD" else {})
        for seed in range(SEEDS)
        for (network, method), ratio in ratios.items()
    ]
    found = judged("filters_local", {"results": pd.DataFrame(rows)})
    assert found["verdict"] == verdict and found["value"] == pytest.approx(locality - 0.7)


@pytest.mark.parametrize(("more", "verdict"), [(54, "reproduced"), (50, "not_reproduced")])
def test_more_penalty_on_convolutions_is_held_against_its_mirror(more, verdict):
    """Equal Lambdas, shorter trainings, other thresholds and permuted pixels count for nothing."""
    points = {(0.2, 0.05): more, (0.05, 0.2): 52.0, (0.2, 0.2): 99.0}
    rows = []
    for seed in range(SEEDS):
        for (conv, fc), percent in points.items():
            told = {"method": "beta-LASSO", "beta": 50.0, "shrink": conv, "shrink_fc": fc}
            rows.append(row("", "S-FC", seed, percent=percent, **told))
            for other in ({"epochs": 400}, {"pixels": "permuted"}, {"beta": 0.0}):
                rows.append(row("", "S-FC", seed, percent=100 * conv, **told | other))
    found = judged("more_penalty_on_convolutions", {"measures": pd.DataFrame(rows)})
    assert found["verdict"] == verdict and found["value"] == pytest.approx(more - 52)


@pytest.mark.parametrize(("last", "verdict"), [(0.05, "reproduced"), (-0.05, "not_reproduced")])
def test_curves_cross_where_one_lead_is_lost(last, verdict):
    rows = [
        {"task": "t", "seed": seed, "pair": "A above B", "weights": n, "lead": lead + 1e-4 * (seed % 3)}
        for seed in range(SEEDS)
        for n, lead in ((100, 0.1), (1000, 0.2), (10_000, last))
    ]
    assert judged("curves_never_cross", {"leads": pd.DataFrame(rows)})["verdict"] == verdict


@pytest.mark.parametrize(("worst", "verdict"), [(1e-12, "reproduced"), (1e-3, "not_reproduced")])
def test_one_difference_beyond_rounding_refutes_the_invariance(worst, verdict):
    rows = pd.DataFrame({"run": ["a", "b"], "difference": [1e-13, worst]})
    assert judged("permutation_invariant", {"twins": rows}, scale="smoke")["verdict"] == verdict


@pytest.mark.parametrize(("lost", "verdict"), [(6.0, "reproduced"), (0.2, "not_reproduced")])
def test_permuted_pixels_hurt_where_both_lose_more_than_a_point(lost, verdict):
    rows = [
        row("permuted", network, seed, pixels=pixels, percent=50 - (pixels == "permuted") * lost)
        for seed in range(SEEDS)
        for network in ("S-CONV", "S-LOCAL")
        for pixels in ("intact", "permuted")
    ]
    rows = [r | {"test_accuracy": r["test_accuracy"] + 1e-4 * (i % 7)} for i, r in enumerate(rows)]
    assert judged("permutation_hurts", {"results": pd.DataFrame(rows)})["verdict"] == verdict
