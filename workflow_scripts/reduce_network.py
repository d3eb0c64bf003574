"""Train a wide ReLU network, or a small CNN, from a tiny start; merge neurons of one orientation; compare.

At each of --spec's ``points`` and at each slow point of the training the network is reduced, and the reduced
one trained on at the same rate.  The last slow point is marked or, where there is none, ``marked`` of --spec.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.critical.channels import gaussian_cnn
from anarch.critical.descent import TwoLayer, decay, gaussian
from anarch.critical.reducing import Examples, reduce_at, train_on
from anarch.critical.reduction import Groups, amplitudes, group, orientations
from anarch.critical.slow_points import slow_points
from anarch.data.regression import flat_images, one_hot
from anarch.randomness import generator
from shared.artefacts import write_csv
from shared.critical_points import history_rows
from shared.jobs import folder, parser, progress, run_script, start
from shared.tensors import load_examples

Rows = list[dict[str, Any]]


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--spec", type=json.loads, required=True, help="the network and its numbers as JSON"
    )
    arguments.add_argument("--data", type=folder, required=True, help="folder of its dataset")
    for name in ("training", "reductions", "groups", "cosines", "agreement"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    spec = args.spec
    data = load_data(args.data, start(args), flat=spec["model"] == "two_layer")
    net = first_network(spec, data["train"], generator(spec["seed"], "reduction", spec["model"]))
    history = train_on(
        net, data["train"], lr=spec["lr"], steps=spec["steps"], record_every=spec["record_every"]
    )
    slow = [history.steps[k] for k in slow_points(history.steps, history.gradient_norms)]
    points, marked = sorted({*spec["points"], *slow}), [spec["marked"], *slow][-1]
    run = {"model": spec["model"], "dataset": spec["dataset"], "seed": spec["seed"]}
    training = history_rows(
        history, len(net.inner), {**run, "stage": "original", "point": None, "marked": None}
    )
    rows = []
    for done, point in enumerate(points, start=1):
        wide = history.snapshots[point]
        at_point = {**run, "point": point, "marked": int(spec["pictured"] and point == marked)}
        rate = decay(history, history.steps.index(point))
        groups = group(wide, cosine=spec["cosine"], low_amplitude=spec["low_amplitude"])
        draws = generator(spec["seed"], "reduction", spec["model"], "merge", point)
        comparison, after, pairs = reduce_at(
            point,
            history,
            groups,
            data["train"],
            data["test"],
            draws,
            lr=spec["lr"],
            steps=spec["retrain_steps"],
        )
        rows.append({**at_point, "slow": int(point in slow), "rate": rate, **asdict(comparison)})
        training += history_rows(after, len(groups.members), {**at_point, "stage": "reduced"})
        if point == marked:
            write_csv(args.groups, group_rows(wide, groups, run))
            write_csv(args.cosines, cosine_rows(wide, groups, spec["model"]))
            write_csv(args.agreement, pair_rows(pairs, run))
        progress(done, len(points), "point")
    write_csv(args.training, training)
    write_csv(args.reductions, rows)


def load_data(place: Path, device: torch.device, *, flat: bool) -> dict[str, Examples]:
    """Split -> images in 0..1, (n, C, H, W) or flat (n, d), and one-hot labels, float32; training's there."""
    splits = load_examples(place, torch.device("cpu"))
    classes = 1 + int(splits["train"].labels.max())
    loaded = {}
    for split, examples in splits.items():
        x = flat_images(examples.images).float()
        y = one_hot(examples.labels, classes).float()
        x = x if flat else x.view(examples.images.shape)
        loaded[split] = (x.to(device), y.to(device)) if split == "train" else (x, y)
    return loaded


def first_network(spec: Mapping[str, Any], examples: Examples, draws: torch.Generator) -> TwoLayer:
    """The wide network before the first step."""
    x, y = examples
    size, variance, outputs = spec["width"], spec["variance"], y.shape[1]
    if spec["model"] == "two_layer":
        return gaussian(x.shape[1], size, outputs, variance, draws, activation="relu", dtype=torch.float32)
    geometry = {name: spec[name] for name in ("kernel", "stride", "pool")}
    _, channels, height, width = x.shape
    shape = (channels, height, width)
    return gaussian_cnn(shape, size, outputs, variance, draws, dtype=torch.float32, **geometry)


def group_rows(net: TwoLayer, groups: Groups, run: Mapping[str, Any]) -> Rows:
    """A row per neuron, in the order of the matrix of orientations; group -1: low amplitude."""
    sizes = amplitudes(net)
    numbered = [*enumerate(groups.members), (-1, groups.dropped)]
    flat = [(number, neuron) for number, members in numbered for neuron in members.tolist()]
    return [
        {**run, "position": k, "neuron": neuron, "group": number, "amplitude": sizes[neuron].item()}
        for k, (number, neuron) in enumerate(flat)
    ]


def cosine_rows(net: TwoLayer, groups: Groups, model: str) -> Rows:
    order = groups.order()
    matrix = orientations(net)[order][:, order].tolist()
    return [
        {"model": model, "row": i, "column": j, "cosine": round(value, 3)}
        for i, row in enumerate(matrix)
        for j, value in enumerate(row)
    ]


def pair_rows(pairs: Tensor, run: Mapping[str, Any]) -> Rows:
    return [
        {**run, "original": i, "reduced": j, "count": count}
        for i, row in enumerate(pairs.tolist())
        for j, count in enumerate(row)
    ]


if __name__ == "__main__":
    run_script(main)
