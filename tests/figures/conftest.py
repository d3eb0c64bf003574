"""Planted tables: plausible numbers in the schemas of ``needle``'s tables, with known means over seeds."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

TIMES = (0, 1, 3, 8, 20, 60)
Tables = Callable[..., dict[str, pd.DataFrame]]


def jitter(seed: int) -> float:
    """What tells seeds apart: 0 for the middle one of three, so that means are easy to plant."""
    return 0.02 * (seed - 1)


def networks(times: Sequence[float], models: Sequence[str]) -> list[tuple[str, float]]:
    """(model, relax time) of every run; NaN where a model has no relax time."""
    return [
        (model, time)
        for model in models
        for time in ([np.nan] if model in ("CNN", "FCN", "padded FCN") else times)
    ]


def final_accuracy(model: str, time: float) -> float:
    return {"CNN": 0.72, "FCN": 0.48, "padded FCN": 0.46}.get(
        model,
        0.6
        + 0.14 * np.log1p(time) / 4 * np.exp(-time / 200)
        + {"eLCN": 0.02, "continued CNN": -0.03}.get(model, 0.0),
    )


def history(
    seeds: int, times: Sequence[float], models: Sequence[str], protocols: Sequence[str]
) -> pd.DataFrame:
    rows = []
    for protocol in protocols:
        for model, time in networks(times, models):
            epochs = 60 if model == "CNN" else 30
            for seed in range(seeds):
                for epoch in range(epochs + 1):
                    start = (
                        2.3 if model in ("CNN", "FCN", "padded FCN") else 2.3 * np.exp(-np.log1p(time) / 1.5)
                    )
                    rest = np.exp(-epoch / (epochs / 4))
                    first = (
                        0.1
                        if model in ("CNN", "FCN", "padded FCN")
                        else 0.1 + 0.6 * np.log1p(time) / np.log1p(60)
                    )
                    accuracy = final_accuracy(model, time) * (1 - rest) + first * rest
                    rows.append(
                        (
                            protocol,
                            model,
                            time,
                            seed,
                            epoch,
                            start * rest * (1 + jitter(seed)),
                            1 - rest,
                            2 - accuracy,
                            accuracy + 0.5 * jitter(seed),
                        )
                    )
    return pd.DataFrame(
        rows,
        columns=[
            "protocol",
            "model",
            "relax_time",
            "seed",
            "epoch",
            "train_loss",
            "train_accuracy",
            "test_loss",
            "test_accuracy",
        ],
    )


def measures(
    seeds: int, times: Sequence[float], models: Sequence[str], protocols: Sequence[str]
) -> pd.DataFrame:
    rows = []
    for protocol in protocols:
        for model, time in networks(times, models):
            for seed in range(seeds):
                for moment in ("start", "end"):
                    end, late = moment == "end", np.log1p(time if time == time else 0)
                    shake, hump = 1 + jitter(seed), np.exp(-((late - 3) ** 2) / 3)
                    accuracy = final_accuracy(model, time) * (1 if end else 0.8) + jitter(seed)
                    delta = {"eFCN": 0.15 * np.exp(-late / 2), "FCN": 0.961, "padded FCN": 0.961}.get(
                        model, 0.0
                    )
                    wide = model == "eFCN" and end
                    rows.append(
                        {
                            "protocol": protocol,
                            "model": model,
                            "relax_time": time,
                            "seed": seed,
                            "moment": moment,
                            "train_loss": (0.05 if end else 2.3 * np.exp(-late / 1.5)) * shake,
                            "train_accuracy": 0.99,
                            "test_loss": 1.0,
                            "test_accuracy": accuracy,
                            "best_test_accuracy": accuracy + 0.01 if end else np.nan,
                            "settled_test_accuracy": accuracy - 0.005 if end else np.nan,
                            "gradient_norm": (0.05 if end else 0.5) * (0.3 + hump) * shake,
                            "hessian_top": (3 if end else 30) * (0.2 + hump) * shake,
                            "hessian_residual": 1e-3,
                            "deviation": delta * shake if end or model in ("FCN", "padded FCN") else 0.0,
                            "deviation_padded": 0.975
                            if model in ("FCN", "padded FCN")
                            else 0.9 * delta * end,
                            "local_accuracy": accuracy - 0.2 * np.exp(-late / 2) if wide else np.nan,
                            "off_local_accuracy": 0.11 + jitter(seed) / 4 if wide else np.nan,
                        }
                    )
    return pd.DataFrame(rows)


def filters(
    times: Sequence[float] = (0, 8, 60), epochs: Sequence[int] = (0, 8, 30), side: int = 32
) -> pd.DataFrame:
    draws, parts = np.random.default_rng(0), []
    row, column = (part.ravel() for part in np.mgrid[:side, :side])
    silhouette = np.exp(-((row - 16) ** 2 + (column - 14) ** 2) / 60)
    local = (row < 2) & (column < 2)

    def part(model: str, time: float, epoch: int, panel: str, weight: np.ndarray) -> None:
        with np.errstate(divide="ignore"):
            values = np.log(np.abs(weight))
        parts.append(
            pd.DataFrame(
                {
                    "model": model,
                    "relax_time": time,
                    "epoch": epoch,
                    "panel": panel,
                    "row": row,
                    "column": column,
                    "log_abs_weight": values,
                }
            )
        )

    for time in times:
        for epoch in epochs:
            off = epoch * 1e-5 * (draws.normal(size=row.shape) + 4 * silhouette * (time > 0))
            part("eFCN", time, epoch, "weights", np.where(local, 0.1 * draws.normal(size=row.shape), off))
    initial = draws.uniform(-0.02, 0.02, row.shape)
    change = 3e-4 * draws.normal(size=row.shape) + 1e-3 * silhouette
    part("FCN", np.nan, 0, "weights", initial)
    part("FCN", np.nan, 30, "weights", initial + change)
    part("FCN", np.nan, 30, "difference", change)
    return pd.DataFrame(pd.concat(parts, ignore_index=True))


def paths(seeds: int, times: Sequence[float], dimension: int = 400) -> pd.DataFrame:
    """Walks in a space whose first 40 axes are the CNN subspace; principal components by singular values."""
    tables = []
    for seed in range(seeds):
        draws = np.random.default_rng(seed)
        subspace = np.arange(dimension) < 40
        goal, fcn = draws.normal(size=dimension), draws.normal(size=dimension) * 31 / dimension**0.5
        begin = np.where(subspace, draws.normal(size=dimension), 0) * 31 / 40**0.5

        aim, bend = np.where(subspace, goal, 0), np.where(subspace, draws.normal(size=dimension), 0)

        def on_cnn(
            epoch: float, begin: np.ndarray = begin, aim: np.ndarray = aim, bend: np.ndarray = bend
        ) -> np.ndarray:
            u = np.log1p(epoch) / np.log(61)
            return begin + 3 * aim * u + 1.5 * bend * u * (1 - u)

        points, keys = [], []
        for epoch in (0, 1, 2, 3, 5, 8, 13, 20, 32, 60):
            keys.append(("CNN", np.nan, epoch))
            points.append(on_cnn(epoch))
        for model, time in networks(times, ("FCN", "eFCN")):
            root = fcn if model == "FCN" else on_cnn(time)
            aim = draws.normal(size=dimension) * (
                0.25 if model == "FCN" else 0.3 * np.exp(-np.log1p(time) / 2)
            )
            aim = aim + 0.1 * goal
            for epoch in (0, 1, 2, 4, 8, 16, 30):
                keys.append((model, time, epoch))
                points.append(root + aim * np.log1p(epoch) / np.log(31))
        matrix = np.array(points)
        centre = matrix.mean(0)
        _, values, axes = np.linalg.svd(matrix - centre, full_matrices=False)
        share = values**2 / (values**2).sum()
        flat, feet = (matrix - centre) @ axes[:2].T, (np.where(subspace, matrix, 0) - centre) @ axes[:2].T
        frame = pd.DataFrame(keys, columns=["model", "relax_time", "epoch"])
        tables.append(
            frame.assign(
                seed=seed,
                pc1=flat[:, 0],
                pc2=flat[:, 1],
                projected_pc1=feet[:, 0],
                projected_pc2=feet[:, 1],
                explained1=share[0],
                explained2=share[1],
                off_subspace=np.linalg.norm(matrix[:, ~subspace], axis=1),
            )
        )
    return pd.DataFrame(pd.concat(tables, ignore_index=True))


def interpolation(seeds: int, times: Sequence[float] = (0, 8)) -> pd.DataFrame:
    rows = []
    for pair in ("eFCN-CNN", "eFCN-FCN"):
        for path, height in (("linear", 2.0), ("norm_preserving", 1.5), ("output", 0.3), ("string", 0.6)):
            for time in times:
                for seed in range(seeds):
                    for alpha in np.linspace(0, 1, 11):
                        bump = 4 * alpha * (1 - alpha) * height * (1 if pair == "eFCN-FCN" else 0.2)
                        last = 0.48 if pair == "eFCN-FCN" else 0.72
                        accuracy = (1 - alpha) * 0.68 + alpha * last - 0.15 * bump + 0.3 * jitter(seed)
                        rows.append((pair, path, time, seed, alpha, 0.05 + bump, 1.0 + bump, accuracy))
    return pd.DataFrame(
        rows,
        columns=["pair", "path", "relax_time", "seed", "alpha", "train_loss", "test_loss", "test_accuracy"],
    )


def blocks() -> pd.DataFrame:
    rows = []
    for layer, (height, width) in enumerate([(2312, 3072), (512, 512), (72, 72)], start=1):
        for row in range(32):
            for column in range(48):
                near = abs(row % 8 - (column % 16) / 2) < 1.5
                rows.append((layer, row, column, 0.15 / layer if near else 0.0, height, width))
    return pd.DataFrame(rows, columns=["layer", "row", "column", "filled", "rows", "columns"])


@pytest.fixture(scope="session")
def tables() -> Tables:
    """All tables by name, for so many seeds and such relax times and models."""

    def made(
        seeds: int = 3,
        times: Sequence[float] = TIMES,
        models: Sequence[str] = ("CNN", "FCN", "padded FCN", "eFCN", "eLCN", "continued CNN"),
    ) -> dict[str, pd.DataFrame]:
        protocols = ("sgd", "adam", "alexnet")
        return {
            "history": history(seeds, times, models, protocols),
            "measures": measures(seeds, times, models, protocols),
            "filters": filters(),
            "paths": paths(seeds, times),
            "interpolation": interpolation(seeds),
            "blocks": blocks(),
        }

    return made
