"""Claims and tables for tests: a study of one table whose columns say what they are."""

from typing import Any

import pandas as pd

from anarch.claims.claim import Claim, parse

REGISTRY: dict[str, dict[str, Any]] = {
    "measures": {
        "row": "a run",
        "replicate": "seed",
        "text": ["model"],
        "columns": {name: name for name in ("model", "seed", "time", "accuracy", "loss")},
    },
    "certificate": {
        "row": "a statement",
        "replicate": "",
        "text": ["claim"],
        "columns": {name: name for name in ("claim", "trials", "violation", "tolerance")},
    },
}
ROW: dict[str, Any] = {
    "id": "needle.planted",
    "location": "Fig. 3",
    "says": "A beats B.",
    "measured": "accuracy of A less that of B",
    "figures": ["needle_fig3"],
    "scales": "any",
    "unit": "%",
    "compare": "greater",
    "left": {"table": "measures", "where": "model == 'A'", "value": "accuracy"},
    "right": {"table": "measures", "where": "model == 'B'", "value": "accuracy"},
}


def row(**changes: Any) -> dict[str, Any]:
    """A row of claims.yaml; a key that is None is left out."""
    return {key: value for key, value in (ROW | changes).items() if value is not None}


def claim(**changes: Any) -> Claim:
    return parse(row(**changes))


def side(value: str | dict[str, str] = "accuracy", **options: Any) -> dict[str, Any]:
    return {"table": "measures", "value": value, **options}


def measures(accuracies: dict[str, list[float]], **columns: Any) -> dict[str, pd.DataFrame]:
    """A table of one row per model and seed."""
    rows = [
        {"model": model, "seed": seed, "accuracy": value, **columns}
        for model, values in accuracies.items()
        for seed, value in enumerate(values)
    ]
    return {"measures": pd.DataFrame(rows)}


def curves(values: list[list[float]], times: tuple[float, ...] = (), loss: list[list[float]] | None = None):
    """A table of one row per seed and time; ``values``: a list per seed."""
    rows = [
        {"model": "A", "seed": seed, "time": time, "accuracy": value, "loss": (loss or values)[seed][k]}
        for seed, curve in enumerate(values)
        for k, (time, value) in enumerate(zip(times or range(len(curve)), curve, strict=True))
    ]
    return {"measures": pd.DataFrame(rows)}
