"""Tables of the embedding study with planted numbers, so that every drawn value is known."""

import numpy as np
import pandas as pd

GRID = np.linspace(-2, 2, 61)


LOSSES = {(1, 0): 0.062, (2, 0): 0.0112, (2, 1): 0.0391, (3, 0): 1.4e-31}


def output(width: int, point: int, x: np.ndarray) -> np.ndarray:
    """Sums of tanh that come nearer to the target with the width."""
    parts = [0.9 * np.tanh(1.3 * x), 0.5 * np.tanh(4 * (x - 1)), -0.6 * np.tanh(5 * (x + 1))]
    return np.sum(parts[:width], axis=0) + 0.15 * point * np.cos(2 * x)


def curves(losses=LOSSES) -> pd.DataFrame:
    x = np.linspace(-1.9, 1.9, 50)
    parts = [pd.DataFrame({"kind": "data", "x": x, "value": output(3, 0, x)})]
    for (width, point), loss in losses.items():
        narrow = {"kind": "narrow", "width": width, "point": point, "loss": loss}
        parts.append(pd.DataFrame({**narrow, "x": GRID, "value": output(width, point, GRID)}))
    return pd.DataFrame(pd.concat(parts, ignore_index=True))


def moments(origins=(1, 2), plateaus=2) -> list[tuple]:
    """start, origin, plateau, step, loss of every stagnation and every end."""
    small = [("small", np.nan, k + 1, 3e3 * 12.0**k, 0.0401 * 0.3**k) for k in range(plateaus)]
    lifted = [("lifted", o, 1, 800.0, LOSSES[o, 0] * 0.999) for o in origins]
    ends = [("small", np.nan, 0, 3e5, 3e-6), *(("lifted", o, 0, 3e5, 2e-6) for o in origins)]
    return [*small, *lifted, *ends]


def wide_tables(seeds: int, origins=(1, 2), plateaus=2, last=3e5) -> dict[str, pd.DataFrame]:
    steps = np.unique(np.geomspace(1, last + 1, 120).round()) - 1
    descents, stagnations, shots = [], [], []
    for seed in range(seeds):
        shake = 1 + 0.3 * seed
        fall = 3e-6 + 0.028 / (1 + (steps / 5e4 / shake) ** 4) + 0.012 / (1 + (steps / 2e5) ** 8)
        small = {"start": "small", "origin": np.nan, "loss": fall + 0.4 * np.exp(-steps / 100 / shake)}
        lifted = [
            {"start": "lifted", "origin": o, "loss": 2e-6 + LOSSES[o, 0] / (1 + (steps / 3e3 / shake) ** 3)}
            for o in origins
        ]
        for run in (small, *lifted):
            told = {"seed": seed, "width": 500, "step": steps, "gradient_norm": 1.0}
            descents.append(pd.DataFrame({**run, **told}))
        for start, origin, plateau, step, loss in moments(origins, plateaus):
            key = {"start": start, "origin": origin, "seed": seed, "plateau": plateau}
            key |= {"step": step, "loss": loss}
            early = origin == 1 or (start == "small" and plateau == 1)
            near = (3, 0) if plateau == 0 else (1, 0) if early else (2, 0)
            value = output(*near, GRID) + (0.1 * GRID if start == "small" and plateau else 0)
            shots.append(pd.DataFrame({**key, "x": GRID, "value": value}))
            for (width, point), narrow in LOSSES.items():
                wanted = (2, 1) if start == "small" and plateau == 1 else near
                apart = 0.004 if (width, point) == wanted else 0.07
                stagnations.append(
                    {**key, "gradient_norm": 1e-4, "rate": 0.01, "narrow_width": width}
                    | {
                        "narrow_point": point,
                        "narrow_loss": narrow,
                        "gap": loss - narrow,
                        "relative_gap": 0.1,
                    }
                    | {"output_gap": apart, "fresh_gap": apart, "nearest": int((width, point) == wanted)}
                )
    return {
        "descent": pd.concat(descents, ignore_index=True),
        "plateaus": pd.DataFrame(stagnations),
        "snapshots": pd.concat(shots, ignore_index=True),
    }


def split(alpha=0.3) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    inner, outer = draws.normal(size=(5, 2)), draws.normal(size=(3, 3))  # 4 inputs, 2 hidden, 3 outputs
    rows = []
    for network, roles in (("narrow", ("other", "split")), ("wide", ("other", "kept", "copy"))):
        for hidden, role in enumerate(roles):
            original, share = min(hidden, 1), {"kept": 1 - alpha, "copy": alpha}.get(role, 1.0)
            rows += [(network, 1, k if k < 4 else -1, hidden, inner[k, original], role) for k in range(5)]
            rows += [(network, 2, hidden, k, share * outer[original, k], role) for k in range(3)]
        rows += [(network, 2, -1, k, outer[2, k], "") for k in range(3)]
    table = pd.DataFrame(rows, columns=["network", "layer", "source", "target", "weight", "role"])
    return table.assign(alpha=alpha, loss=0.0421375, residual=3.1e-16)


def spectra(cases=("line", "line_zero", "iris", "iris_bias")) -> pd.DataFrame:
    rows = []
    for case in cases:
        first, outputs = (3, 1) if case == "line_zero" else (2, 1 if case == "line" else 3)
        for step in range(3):
            m = first + step
            size = m * (2 + outputs) + outputs
            grown = {"line": (step, step), "line_zero": (0, 3 * step)}
            negative, zero = grown.get(case, (3 + 2 * step, 1 + step))
            positive = size - negative - zero
            values = [-np.geomspace(2e-2, 3e-5, negative), np.resize([0.0, -3e-18, 5e-17], zero)]
            values += [np.geomspace(2e-6, 4.0, positive)]
            signs = np.repeat([-1, 0, 1], [negative, zero, positive])
            kinds = {"float64": 1.0} | ({"50 digits": 1e-30} if case == "line" else {})
            for arithmetic, shrink in kinds.items():
                exact = np.where(signs == 0, np.concatenate(values) * shrink, np.concatenate(values))
                told = {
                    "loss": 0.0 if case == "line_zero" else 0.0112,
                    "residual": 6e-16,
                    "negative": negative,
                }
                told |= {"zero": zero, "positive": positive, "threshold": 3e-11, "margin": 8.0}
                rows.append(
                    pd.DataFrame(
                        {"case": case, "width": m, "index": range(size), "eigenvalue": exact, "sign": signs}
                        | {**told, "arithmetic": arithmetic}
                    )
                )
    return pd.DataFrame(pd.concat(rows, ignore_index=True))


def growth() -> pd.DataFrame:
    """Two neurons of one minimum on the line, and of two saddles on Iris: 3, 5, 7 once, else 3, 6, 9."""
    rows = []
    for case, points in (("line", 1), ("iris", 2), ("iris_bias", 2)):
        for point, neuron, copies in ((p, n, c) for p in range(points) for n in (0, 1) for c in (1, 2, 3)):
            more = 1 if case == "line" else 2 if (point, neuron) == (0, 0) else 3
            negative = (0 if case == "line" else 3) + more * (copies - 1)
            told = {"case": case, "point": point, "neuron": neuron, "copies": copies, "negative": negative}
            added = {"added_negative": more, "added_zero": 1} if copies > 1 else {}
            rows.append({**told, "loss": 0.0112, "zero": copies - 1, **added})
    return pd.DataFrame(rows)


def found(losses=LOSSES) -> dict[str, pd.DataFrame]:
    points, diagram = [], []
    for (width, point), loss in losses.items():
        told = {"width": width, "point": point, "loss": loss, "residual": 4e-16}
        points.append(
            {
                **told,
                "case": "line",
                "starts": 2000,
                "found": 1200 - 300 * point,
                "zero": 0,
                "negative": point,
            }
        )
        for main in (1, 0) if width == 2 else (1,):
            counts = {"negative": 3 - width + point, "zero": 3 - width + 1 - main}
            told |= {"positive": 5, "copies": "2+1", "main": main, "minimal": 3 - width}
            diagram.append({**told, **counts})
    frame = pd.DataFrame(points)
    return {
        "points": pd.concat([frame, frame.assign(case="iris")], ignore_index=True),
        "diagram": pd.DataFrame(diagram),
        "curves": curves(losses),
    }


def reduced(model: str, seeds: int, neurons=40, sizes=(14, 9, 6, 3, 1, 1)) -> dict[str, pd.DataFrame]:
    training, reductions = [], []
    steps, points = np.unique(np.geomspace(1, 2e4, 80).round()), (1500.0, 6000.0, 20000.0)
    for seed in range(seeds):
        key = {"model": model, "dataset": "digits", "seed": seed}

        def loss(step, seed=seed):
            return 0.03 + 0.07 / (1 + (step / 3e3) ** 2) + 0.8 * np.exp(-step / (300 + 40 * seed))

        whole = {"stage": "original", "point": np.nan, "marked": np.nan, "loss": loss(steps)}
        training.append(pd.DataFrame({**key, **whole, "width": neurons, "step": steps}))
        for point in points:
            mark, groups = int(seed == 0 and point == points[1]), len(sizes) + seed
            after = np.arange(0, 401, 20.0)
            smaller = {"stage": "reduced", "point": point, "marked": mark, "width": groups, "step": after}
            falling = loss(point) * (1 + 0.5 * np.exp(-after / 30))
            training.append(pd.DataFrame({**key, **smaller, "loss": falling}))
            agree = 0.97 - 0.01 * seed - 200 / point / 10
            reductions.append(
                {
                    **key,
                    "point": point,
                    "marked": mark,
                    "slow": mark,
                    "width": neurons,
                    "loss": loss(point),
                    "low": 6 + seed,
                }
                | {
                    "groups": groups,
                    "largest": 14,
                    "loss_merged": 1.5 * loss(point),
                    "loss_retrained": falling[15],
                }
                | {"retrain_steps": 300, "agreement_merged": agree - 0.05, "agreement": agree}
                | {"test_samples": 797, "accuracy": 0.9, "accuracy_reduced": 0.89, "gradient_norm": 1e-4}
            )
    return {
        "training": pd.concat(training, ignore_index=True),
        "reductions": pd.DataFrame(reductions),
        **pictures(model, neurons, sizes),
    }


def pictures(model: str, neurons: int, sizes: tuple[int, ...], classes=10) -> dict[str, pd.DataFrame]:
    """Groups, cosines and predictions of the marked point: 76 of each class agree, 9 do not."""
    draws = np.random.default_rng(1)
    group = np.r_[np.repeat(np.arange(len(sizes)), sizes), np.full(neurons - sum(sizes), -1)]
    centre = draws.normal(size=(len(sizes), 12))
    weight = np.where(group[:, None] < 0, draws.normal(size=(neurons, 12)), 3 * centre[group])
    weight = weight + 0.3 * draws.normal(size=weight.shape)
    unit = weight / np.linalg.norm(weight, axis=1, keepdims=True)
    row, column = np.divmod(np.arange(neurons**2), neurons)
    first, second = np.divmod(np.arange(classes**2), classes)
    key = {"model": model, "dataset": "digits"}
    grouped = {"position": range(neurons), "neuron": draws.permutation(neurons), "group": group}
    pairs = {"original": first, "reduced": second, "count": np.where(first == second, 76, 1 * (second == 3))}
    return {
        "groups": pd.DataFrame({**key, "seed": 0, **grouped, "amplitude": 1.0}),
        "cosines": pd.DataFrame({**key, "row": row, "column": column, "cosine": (unit @ unit.T).ravel()}),
        "agreement": pd.DataFrame({**key, **pairs}),
    }


def certificate() -> pd.DataFrame:
    claims = [
        ("Lemma 1 (i)", "features are kept, the split one twice", 3.2e-16, 1e-10),
        ("Lemma 1 (iii)", "error vectors: shares alpha and 1 - alpha", 4.1e-15, 1e-10),
        ("Theorem 1", "the wide gradient is a linear image of the narrow one", 8.8e-16, 1e-10),
    ]
    rows = [(c, s, network, 200, v, t, True) for network in ("perceptron", "CNN") for c, s, v, t in claims]
    rows += [
        ("Theorem 1", "critical points stay critical (|gradient|_1)", "perceptron", 60, 2e-13, 1e-12, True),
        ("Theorem 2", "K embeddings add at least K zeros", "perceptron", 51, 0.0, 0.0, True),
        ("inertia", "index and zeros grow by those of S", "perceptron", 51, 1.0, 0.0, False),
    ]
    names = ["claim", "statement", "network", "trials", "violation", "tolerance", "holds"]
    return pd.DataFrame(rows, columns=names)


def made(seeds: int) -> dict[str, pd.DataFrame]:
    small = [reduced("two_layer", seeds), reduced("cnn", seeds, neurons=12, sizes=(4, 3, 2, 1))]
    both = {name: pd.concat([part[name] for part in small], ignore_index=True) for name in small[0]}
    return {
        **found(),
        **wide_tables(seeds),
        **both,
        "split": split(),
        "spectra": spectra(),
        "growth": growth(),
        "certificate": certificate(),
    }
