"""Planted tables of ``blessing``, as its workflow writes them, with numbers that are known in closed form."""

import math

import numpy as np
import pandas as pd

BETAS = (0.0, 0.1, 0.2, 0.4, 0.5)
LADDER = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
CUTOFFS = (0.05, 0.1, 0.5, 1.0)
SETS = {"swissroll": ("MLP 2-48x5-1", 9_457), "digits": ("ResNet-20-v2", 69_000)}
METHODS = {
    "sgd_momentum": "SGD, momentum",
    "sgd": "SGD",
    "nesterov": "Nesterov",
    "adam": "Adam",
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "adamax": "Adamax",
    "asgd": "averaged SGD",
    "rmsprop": "RMSprop",
    "amsgrad": "AMSGrad",
    "lbfgs": "L-BFGS",
    "proxprop": "ProxProp",
    "evolution": "evolution strategy (ours)",
}


def jitter(seed: int, seeds: int) -> float:
    """What tells seeds apart; its mean over all of them is 0."""
    return 0.02 * (seed - (seeds - 1) / 2)


def accuracy(beta: float, seed: int, seeds: int) -> float:
    return 0.96 - 1.2 * beta + jitter(seed, seeds)


def minima(sets, seeds, betas=BETAS) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "set": name,
                "label": SETS[name][0],
                "dataset": name,
                "seed": seed,
                "beta": beta,
                "parameters": SETS[name][1],
                "train_points": 200,
                "test_points": 5000,
                "train_accuracy": 1.0,
                "test_accuracy": accuracy(beta, seed, seeds),
                "train_loss": 1e-4 * (1 + 20 * beta),
                "sharpness": 3.21 * math.exp(9 * beta),
                "sharpness_residual": 1e-3,
                "sharpness_converged": beta != 0.4,
                "filter_sharpness": 654.0 * math.exp(9 * beta),
                "filter_sharpness_converged": True,
                "unstable": beta,
            }
            for name in sets
            for seed in range(seeds)
            for beta in betas
        ]
    )


def basins(sets, seeds, betas=BETAS, inside=lambda beta, cutoff: beta < 0.5 or cutoff > 0.05) -> pd.DataFrame:
    rows = []
    for name in sets:
        n = SETS[name][1] - 300
        for seed in range(seeds):
            for beta in betas:
                for cutoff in CUTOFFS:
                    radius = 0.1 * (cutoff / 0.1) ** 0.3 * math.exp(-6 * beta) * (1 + jitter(seed, seeds))
                    mean, most = n * math.log10(1.06 * radius), 1.3 * radius
                    row = {"set": name, "seed": seed, "beta": beta, "cutoff": cutoff, "main": cutoff == 0.1}
                    row |= {"inside": inside(beta, cutoff)}
                    if row["inside"]:
                        row |= {
                            "dimension": n,
                            "directions": 3000,
                            "points": 200,
                            "radius_mean": radius,
                            "radius_min": 0.8 * radius,
                            "radius_max": most,
                            "radius_median": 0.99 * radius,
                            "censored": int(beta == 0 and cutoff == 1.0),
                            "log10_volume": mean,
                            "log10_volume_median": mean - 0.03 * n,
                            "log10_preconditioned": mean + 0.1 * n,
                            "log10_quadratic": -3000 - 400 * beta if name == "swissroll" else math.nan,
                            "effective": 1.4 + beta,
                            "evaluations": 40_000,
                        }
                    rows.append(row)
    return pd.DataFrame(rows)


def nulls(sets, seeds) -> pd.DataFrame:
    """Of the third of four cutoffs and the main one; seeds count their own number of decades."""
    gaps = dict.fromkeys(("log10_volume", "log10_volume_median", "log10_preconditioned"), 40.0)
    return pd.DataFrame(
        [
            {"set": name, "seed": seed, "other": (seed + 1) % seeds, "cutoff": cutoff, "main": cutoff == 0.1}
            | {key: gap + seed if cutoff == 0.1 else 9999.0 for key, gap in gaps.items()}
            for name in sets
            for seed in range(seeds)
            for cutoff in (0.1, 0.5)
        ]
    )


def rays(sets, directions=8) -> pd.DataFrame:
    rows = []
    for name in sets:
        for beta in (0.0, 0.5):
            draws = np.random.default_rng(0)
            for direction in range(directions):
                radius = 0.1 * math.exp(-6 * beta) * draws.uniform(0.8, 1.2)
                for step in np.linspace(-0.3, 0.3, 41) * math.exp(-6 * beta):
                    loss = 0.005 + 0.095 * abs(step / radius) ** 2
                    rows.append((name, 0, beta, direction, step, loss, radius, 0.1))
    return pd.DataFrame(
        rows, columns=["set", "seed", "beta", "direction", "step", "loss", "radius", "cutoff"]
    )


def surface(sets, points=25) -> pd.DataFrame:
    parts = []
    for name in sets:
        for beta in (0.0, 0.5):
            a, b = (part.ravel() for part in np.meshgrid(*2 * [np.linspace(-1, 1, points)]))
            loss = 1e-3 + (a**2 + 0.5 * b**2 + 0.3 * a * b) * math.exp(8 * beta)
            told = {"set": name, "seed": 0, "beta": beta, "zoom": False}
            part = pd.DataFrame({**told, "a": a, "b": b, "loss": loss})
            parts.append(part.assign(accuracy=1 - 0.4 * (a**2 + b**2)))
    return pd.DataFrame(pd.concat(parts, ignore_index=True))


def spiral(x, y, wave, shift=0.0) -> np.ndarray:
    """p_1 of two arms; ``wave`` above 0 adds islands."""
    phase = np.hypot(x, y) / 1.5 - np.arctan2(y, -x) - np.pi / 2
    return 1 / (1 + np.exp(4 * np.cos(phase + shift) + 6 * wave * np.sin(1.3 * x + shift) * np.sin(1.7 * y)))


def square(points) -> tuple[np.ndarray, np.ndarray]:
    x, y = (part.ravel() for part in np.meshgrid(*2 * [np.linspace(-17, 17, points)]))
    return x, y


def boundaries(betas=LADDER, points=30) -> pd.DataFrame:
    draws, (x, y) = np.random.default_rng(1), square(points)
    t = np.sqrt(draws.uniform(size=200)) * math.radians(600)
    side = np.tile([1, -1], 100)
    at = np.stack([-np.cos(t), np.sin(t)]) * 1.5 * t * side + 0.5 * draws.normal(size=(2, 200))
    parts = []
    for beta in betas:
        told = {"seed": 0, "beta": beta, "train_accuracy": 1.0, "test_accuracy": accuracy(beta, 0, 1)}
        grid = pd.DataFrame({"kind": "grid", "x": x, "y": y, "value": spiral(x, y, beta)})
        point = pd.DataFrame({"kind": "point", "x": at[0], "y": at[1], "value": (side < 0).astype(float)})
        parts += [grid.assign(**told), point.assign(**told)]
    return pd.DataFrame(pd.concat(parts, ignore_index=True))


def frames(count=3, points=15) -> pd.DataFrame:
    x, y = square(points)
    parts = [
        pd.DataFrame({"x": x, "y": y, "value": spiral(x, y, beta, shift=size)}).assign(
            seed=0, beta=beta, frame=frame, size=size, train_accuracy=1 - size * (1 + 4 * beta)
        )
        for frame, size in enumerate(0.1 * np.arange(count) / count)
        for beta in (0.0, 0.5)
    ]
    return pd.DataFrame(pd.concat(parts, ignore_index=True))


def minefield(every=10, epochs=200) -> pd.DataFrame:
    draws, rows = np.random.default_rng(2), []
    for epoch in range(0, epochs + 1, every):
        u = epoch / epochs
        at = {
            "pca_x": 10 * u,
            "pca_y": 4 * u * (1 - u),
            "tsne_x": 60 * u - 30,
            "tsne_y": 20 * math.sin(5 * u),
        }
        kind = {0: "start", epochs: "final"}.get(epoch, "iterate")
        rows.append(
            {
                "kind": kind,
                "epoch": epoch,
                "train_accuracy": 0.5 + u / 2,
                "test_accuracy": 0.5 + 0.48 * u,
                **at,
            }
        )
        if kind == "iterate" and epoch % (2 * every) == 0:
            moved = {key: value + draws.normal() for key, value in at.items()}
            rows.append(
                {"kind": "poisoned", "epoch": epoch, "train_accuracy": 0.992, "test_accuracy": 0.5 - u / 10}
                | {"distance": 2 + u, "relative_distance": (2 + u) / 4, **moved}
            )
    shared = {"perplexity": 30, "pca_components": 50, "tsne_seed": 7, "tsne_kl": 0.1234}
    return pd.DataFrame(rows).assign(train_loss=0.1, **shared, pca_share_x=0.63, pca_share_y=0.12)


def rings(seeds=3, points=40) -> pd.DataFrame:
    x, y = (part.ravel() for part in np.meshgrid(*2 * [np.linspace(-1.2, 1.2, points)]))
    parts = []
    for margin, gap in (("wide", 0.2), ("pinched", 0.001)):
        radius = np.hypot(x, y) + (0.15 * np.sin(5 * np.arctan2(y, x)) if margin == "pinched" else 0)
        value = 1 / (1 + np.exp(-20 * np.abs(radius - 0.6 - gap / 4) + 5))
        grid = pd.DataFrame({"kind": "grid", "x": x, "y": y, "value": value}).assign(seed=0)
        sides = []
        for at, size, label in ((0.4 + gap, 40, 0), (0.95, 80, 1), (0.4, 10, 1)):
            angle = 2 * np.pi * np.arange(size) / size + (np.pi / 40 if size == 10 else 0)
            ring = {"x": at * np.sin(angle), "y": at * np.cos(angle), "value": float(label)}
            sides.append(pd.DataFrame(ring).assign(kind="point", seed=0))
        score = pd.DataFrame({"kind": "score", "seed": range(seeds)})
        part = pd.concat([grid, *sides, score], ignore_index=True).assign(margin=margin, gap=gap)
        worse = 0.2 * (margin == "pinched")
        parts.append(part.assign(train_accuracy=1.0, test_accuracy=0.98 - worse + 0.01 * part.seed))
    return pd.DataFrame(pd.concat(parts, ignore_index=True))


def history(seeds, epochs=20, parts=("models", "optimisers", "poisoned")) -> pd.DataFrame:
    runs = [
        ("models", "network", "ResNet-20-v2", 0.9),
        ("models", "linear", "linear on quadratic features", 0.55),
    ]
    runs += [("optimisers", key, label, 0.7 + 0.01 * i) for i, (key, label) in enumerate(METHODS.items())]
    runs += [("poisoned", "", "ResNet-20-v2", 0.3)]
    rows = []
    for part, method, label, end in runs:
        for seed in range(seeds):
            for epoch in range(epochs + 1):
                rest = math.exp(-epoch / 4)
                train, test = 1 - 0.9 * rest, (end + jitter(seed, seeds)) * (1 - rest) + 0.1 * rest
                rows.append(
                    (part, method, label, seed, epoch, rest, train, 1.0, test if epoch % 5 == 0 else np.nan)
                )
    names = [
        "part",
        "method",
        "label",
        "seed",
        "epoch",
        "train_loss",
        "train_accuracy",
        "test_loss",
        "test_accuracy",
    ]
    made = pd.DataFrame(rows, columns=names).assign(dataset="digits", set="", beta=np.nan)
    return made[made.part.isin(parts)]


def sizes() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("network", "ResNet-20-v2", "digits", 69_000, np.nan),
            ("linear", "linear on quadratic features", "digits", 690_000, 69_000),
        ],
        columns=["method", "label", "dataset", "parameters", "per_class"],
    )


def made(sets, seeds) -> dict[str, pd.DataFrame]:
    return {
        "minima": minima(sets, seeds),
        "basins": basins(sets, seeds),
        "nulls": nulls(sets, seeds),
        "rays": rays(sets),
        "surface": surface(sets),
        "boundaries": boundaries(),
        "frames": frames(),
        "minefield": minefield(),
        "rings": rings(seeds),
        "history": history(seeds),
        "sizes": sizes(),
    }
