"""Loss and accuracy between an eFCN and the CNN it came from, and between it and the FCN (needle, Sec. C)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from anarch.landscape import interpolation
from anarch.landscape.string import relax_string
from anarch.randomness import generator
from anarch.training.examples import Examples
from anarch.workflow.needle import describe
from shared.artefacts import write_csv
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import open_run
from shared.tensors import load_examples


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--efcn", required=True, help="name of the eFCN's run")
    arguments.add_argument("--cnn", required=True, help="name of the CNN's run")
    arguments.add_argument("--fcn", required=True, help="name of the FCN's run")
    arguments.add_argument("--data", type=folder, required=True, help="folder of their dataset")
    arguments.add_argument("--points", type=int, required=True, help="points on a path, its ends included")
    arguments.add_argument("--images", type=int, required=True, help="training images that losses are over")
    arguments.add_argument(
        "--string-points", type=int, required=True, help="points of the string, its ends included"
    )
    arguments.add_argument("--string-epochs", type=int, required=True)
    arguments.add_argument("--string-lr", type=float, required=True)
    arguments.add_argument("--string-stiffness", type=float, required=True)
    arguments.add_argument("--batch-size", type=int, required=True, help="of the string's SGD steps")
    arguments.add_argument(
        "--out", type=Path, required=True, help="CSV to write: one row per point of a path"
    )
    args = arguments.parse_args(argv)
    device = start(args)
    data = load_examples(args.data, device)
    scored = {"train": data["train"].head(args.images), "test": data["test"]}
    efcn, cnn, fcn = (
        open_run(args.runs, name, args.data, device) for name in (args.efcn, args.cnn, args.fcn)
    )
    told = describe(args.efcn)
    first = efcn.last()
    rows: list[dict[str, Any]] = []
    for pair, second in (("eFCN-CNN", cnn.lifted(cnn.weights())), ("eFCN-FCN", fcn.last())):
        progress(len(rows), 8 * args.points, "point")
        for path, alpha, train, test in between(first, second, data["train"], scored, args, told["seed"]):
            rows.append({
                "pair": pair, "path": path, "relax_time": told["relax_time"], "seed": told["seed"],
                "alpha": alpha, "train_loss": train.loss,
                "test_loss": test.loss, "test_accuracy": test.accuracy,
            })  # fmt: skip
    write_csv(args.out, rows)


def between(
    first: nn.Module,
    second: nn.Module,
    relaxed_on: Examples,
    scored: dict[str, Examples],
    args: Any,
    seed: int,
) -> Iterator[tuple[str, float, interpolation.Score, interpolation.Score]]:
    """(path, alpha, training score, test score) along each path from ``first`` to ``second``."""
    splits = [(scored[name].inputs(), scored[name].labels) for name in ("train", "test")]
    a, b = ({name: p.detach() for name, p in net.named_parameters()} for net in (first, second))
    for alpha in torch.linspace(0, 1, args.points).tolist():
        for path in ("linear", "norm_preserving"):
            point = getattr(interpolation, path)(a, b, alpha)
            yield path, alpha, *(interpolation.evaluate(first, point, x, y) for x, y in splits)
        yield (
            "output",
            alpha,
            *(interpolation.evaluate_output_mixture(first, second, alpha, x, y) for x, y in splits),
        )
    for alpha, point in zip(
        torch.linspace(0, 1, args.string_points).tolist(),
        string(first, a, b, (relaxed_on.inputs(), relaxed_on.labels), args, seed),
        strict=True,
    ):
        yield "string", alpha, *(interpolation.evaluate(first, point, x, y) for x, y in splits)


def string(
    model: nn.Module,
    a: dict[str, Tensor],
    b: dict[str, Tensor],
    train: tuple[Tensor, Tensor],
    args: Any,
    seed: int,
) -> list[dict[str, Tensor]]:
    return relax_string(
        model, (a, b), *train, points=args.string_points, epochs=args.string_epochs, lr=args.string_lr,
        stiffness=args.string_stiffness, batch_size=args.batch_size, generator=generator(seed, "string"),
    )  # fmt: skip


if __name__ == "__main__":
    run_script(main)
