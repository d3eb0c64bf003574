"""Train a wide ReLU network, or a small CNN, from a tiny start; merge neurons of one orientation; compare.

At each of --spec's ``points`` the network is reduced, and the reduced one trained on at the same rate.  The
two are compared right after the merging and at the same loss: when the reduced one is back at the loss of the
point, as in the paper.  Then it is split back to the original width, which must change nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.critical.channels import ConvNet, gaussian_cnn, split_to, train_cnn
from anarch.critical.descent import History, TwoLayer, gaussian, spread, train
from anarch.critical.reduction import Groups, agreement, amplitudes, group, merge, orientations
from anarch.data.regression import flat_images, one_hot
from anarch.randomness import generator
from shared.artefacts import write_csv
from shared.jobs import folder, parser, progress, run_script, start
from shared.tensors import load_examples

Rows = list[dict[str, Any]]
Data = Mapping[str, tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Kind:
    """How a model starts, is trained for some steps, and is split to a width."""

    first: Callable[[Mapping[str, Any], Data, torch.Generator], TwoLayer]
    train: Callable[[Mapping[str, Any], TwoLayer, Data, int], History]
    widen: Callable[[Any, int], TwoLayer]


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--spec", type=json.loads, required=True, help="the network and its numbers as JSON"
    )
    arguments.add_argument("--data", type=folder, required=True, help="folder of its dataset")
    for name in ("training", "reductions", "groups", "cosines", "agreement"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    spec, kind = args.spec, KINDS[args.spec["model"]]
    data = load_data(args.data, start(args), flat=spec["model"] == "two_layer")
    net = kind.first(spec, data, generator(spec["seed"], "reduction", spec["model"]))
    history = kind.train(spec, net, data, spec["steps"])
    run = {"model": spec["model"], "dataset": spec["dataset"], "seed": spec["seed"]}
    training = losses(history, len(net.inner), {**run, "stage": "original", "point": None, "marked": None})
    rows = []
    for done, point in enumerate(spec["points"], start=1):
        wide = history.snapshots[point]
        told = {**run, "point": point, "marked": int(spec["pictured"] and point == spec["marked"])}
        groups = group(wide, cosine=spec["cosine"], low_amplitude=spec["low_amplitude"])
        row, after, pairs = reduced(spec, kind, wide, groups, history, point, data)
        rows.append({**told, **row})
        training += losses(after, len(groups.members), {**told, "stage": "reduced"})
        if point == spec["marked"]:
            write_csv(args.groups, group_rows(wide, groups, run))
            write_csv(args.cosines, cosine_rows(wide, groups, spec["model"]))
            write_csv(args.agreement, pair_rows(pairs, run))
        progress(done, len(spec["points"]), "point")
    write_csv(args.training, training)
    write_csv(args.reductions, rows)


def reduced(
    spec: Mapping[str, Any],
    kind: Kind,
    wide: TwoLayer,
    groups: Groups,
    history: History,
    point: int,
    data: Data,
) -> tuple[dict[str, Any], History, Tensor]:
    """A row of the table of reductions, the training of the reduced network, and the pairs of predictions."""
    x_test, y_test = data["test"]
    draws = generator(spec["seed"], "reduction", spec["model"], "merge", point)
    merged = merge(wide, groups, draws)
    narrow = replace(wide, inner=merged.inner, outer=merged.outer)
    target = history.losses[history.steps.index(point)]
    after = kind.train(spec, narrow.clone(), data, spec["retrain_steps"])
    back = next((k for k, value in enumerate(after.losses) if value <= target), len(after.losses) - 1)
    compared = after.snapshots[after.steps[back]]
    rewidened = kind.widen(compared, len(wide.inner))
    outputs = {name: net.output(x_test) for name, net in (("wide", wide), ("narrow", compared))}
    share, pairs = agreement(outputs["wide"], outputs["narrow"])
    row = {
        "width": len(wide.inner),
        "loss": target,
        "low": len(groups.dropped),
        "groups": len(groups.members),
        "largest": len(groups.members[0]),
        "loss_merged": after.losses[0],
        "loss_retrained": after.losses[back],
        "retrain_steps": after.steps[back],
        "agreement_merged": agreement(outputs["wide"], narrow.output(x_test))[0],
        "agreement": share,
        "test_samples": len(x_test),
        "accuracy": agreement(outputs["wide"], y_test)[0],
        "accuracy_reduced": agreement(outputs["narrow"], y_test)[0],
        "gradient_norm_wide": history.gradient_norms[history.steps.index(point)],
        "gradient_norm": after.gradient_norms[back],
        "spread_gradient_norm": kind.train(spec, rewidened.clone(), data, 0).gradient_norms[0],
        "spread_output_change": (rewidened.output(x_test) - outputs["narrow"]).abs().max().item(),
    }
    return row, after, pairs


def load_data(place: Path, device: torch.device, *, flat: bool) -> dict[str, tuple[Tensor, Tensor]]:
    """Split -> images in 0..1, (n, C, H, W) or flat (n, d), and one-hot labels, float32.

    Only what is trained on lies on the device: groups and comparisons are small, and made on the CPU.
    """
    splits, found = load_examples(place, torch.device("cpu")), {}
    classes = 1 + int(splits["train"].labels.max())
    for split, examples in splits.items():
        x = flat_images(examples.images).float()
        y = one_hot(examples.labels, classes).float()
        x = x if flat else x.view(examples.images.shape)
        found[split] = (x.to(device), y.to(device)) if split == "train" else (x, y)
    return found


def moved(net: Any, device: torch.device) -> Any:
    return replace(net, inner=net.inner.to(device), outer=net.outer.to(device))


def brought_back(history: History) -> History:
    """``history`` with its networks on the CPU."""
    kept = {step: moved(net, torch.device("cpu")) for step, net in history.snapshots.items()}
    return replace(history, snapshots=kept)


def first_two_layer(spec: Mapping[str, Any], data: Data, draws: torch.Generator) -> TwoLayer:
    x, y = data["train"]
    sizes = (x.shape[1], spec["width"], y.shape[1])
    return gaussian(*sizes, spec["variance"], draws, activation="relu", dtype=torch.float32)


def train_two_layer(spec: Mapping[str, Any], net: TwoLayer, data: Data, steps: int) -> History:
    every = spec["record_every"]
    options = {"lr": spec["lr"], "adam": True, "record_every": every, "keep": range(0, steps + 1, every)}
    net = moved(net, data["train"][0].device)
    return brought_back(train(net, *data["train"], steps=steps, **options))


def widen_two_layer(net: TwoLayer, width: int) -> TwoLayer:
    """Neuron k as equal copies, all of them together ``width``."""
    m = len(net.inner)
    counts = [width // m + (k < width % m) for k in range(m)]
    return spread(net, [torch.full((count,), 1 / count, dtype=torch.float64) for count in counts])


def first_cnn(spec: Mapping[str, Any], data: Data, draws: torch.Generator) -> TwoLayer:
    x, y = data["train"]
    geometry = {name: spec[name] for name in ("kernel", "stride", "pool")}
    _, channels, height, width = x.shape
    sizes = ((channels, height, width), spec["width"], y.shape[1])
    return gaussian_cnn(*sizes, spec["variance"], draws, dtype=torch.float32, **geometry)


def train_convolutional(spec: Mapping[str, Any], net: TwoLayer, data: Data, steps: int) -> History:
    if not isinstance(net, ConvNet):
        raise TypeError(f"a ConvNet is needed, got {type(net).__name__}")
    options = {"lr": spec["lr"], "record_every": spec["record_every"]}
    there = moved(net, data["train"][0].device)
    return brought_back(train_cnn(there, *data["train"], steps=steps, **options))


KINDS = {
    "two_layer": Kind(first_two_layer, train_two_layer, widen_two_layer),
    "cnn": Kind(first_cnn, train_convolutional, split_to),
}


def losses(history: History, width: int, told: Mapping[str, Any]) -> Rows:
    columns = zip(history.steps, history.losses, history.gradient_norms, strict=True)
    return [{**told, "width": width, "step": t, "loss": r, "gradient_norm": g} for t, r, g in columns]


def group_rows(net: TwoLayer, groups: Groups, run: Mapping[str, Any]) -> Rows:
    """A row a neuron, in the order of the matrix of orientations; group -1: low amplitude."""
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
    counts = pairs.tolist()
    return [
        {**run, "original": i, "reduced": j, "count": count}
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
    ]


if __name__ == "__main__":
    run_script(main)
