"""Measure where runs ended: accuracy, weights left by layer, length of description, locality of filters."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from anarch.complexity.description_length import description_length_bound, weight_counts
from anarch.complexity.filters import filter_radii, shuffled_radii
from anarch.complexity.sparsity import nonzero_weights, sparse_network, stored_bytes
from anarch.training.examples import Examples
from anarch.training.loop import evaluate
from anarch.workflow.lasso_totals import lr_sum
from anarch.workflow.scratch import describe
from shared.artefacts import write_csv
from shared.jobs import folder, parser, progress, run_script, start
from shared.runs import Run
from shared.scratch_runs import image_filters, open_scratch_run
from shared.tensors import load_examples

EXPORTED = 100  # test images on which an exported network is compared with its dense one


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--names", nargs="+", required=True, help="runs to measure")
    arguments.add_argument("--datasets", type=folder, required=True, help="folder of all prepared datasets")
    arguments.add_argument(
        "--least", type=int, required=True, help="non-zero weights that a filter must have"
    )
    for name in ("measures", "layers"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    device = start(args)
    examples = cache(lambda dataset: load_examples(args.datasets / dataset, device))
    measures, layers = [], []
    for done, name in enumerate(args.names):
        progress(done, len(args.names), "run")
        one = open_scratch_run(args.runs, name, args.datasets, device)
        network, data = one.last(), examples(one.spec.dataset)
        told = {"run": name, **describe(name), **hyperparameters(one)}
        counts = nonzero_weights(network)
        row = told | ends(network, data) | lengths(network, len(data["train"]))
        row |= {"weights": sum(c.weights for c in counts), "nonzero": sum(c.nonzero for c in counts)}
        row["gap"] = row["train_accuracy"] - row["test_accuracy"]  # of the 0-1 loss: test error - train error
        row |= exported(one, network, data["test"]) | localities(one, network, args.least)
        measures.append(row)
        if one.spec.model.architecture == "s_conv":
            layers += [
                {**told, "layer": place, "name": layer, "nonzero": c.nonzero, "weights": c.weights}
                for place, (layer, c) in enumerate(zip(("conv1", "fc1", "fc2"), counts, strict=True), start=1)
            ]
    write_csv(args.measures, measures)
    write_csv(args.layers, layers)


def hyperparameters(run: Run) -> dict[str, Any]:
    """What was chosen from (App. A.2); of beta-LASSO the total shrink Lambda and the threshold tau."""
    recipe, options = run.spec.recipe, run.spec.model.options
    row: dict[str, Any] = {"dropout": options.get("dropout", 0)}
    if recipe.optimiser != "beta_lasso":
        return {"momentum": recipe.momentum, "weight_decay": recipe.weight_decay, **row} | dict.fromkeys(
            ("shrink", "shrink_fc", "threshold")
        )
    steps = recipe.epochs * math.ceil(run.manifest["splits"]["train"]["size"] / recipe.batch_size)
    rates = lr_sum(recipe.lr, steps, recipe.schedule)
    return {
        "momentum": None,
        "weight_decay": None,
        **row,
        # The config's numbers come back but for rounding, by which no figure shall tell two points apart.
        "shrink": float(f"{recipe.l1_conv * rates:.12g}"),
        "shrink_fc": float(f"{recipe.l1_fc * rates:.12g}"),
        "threshold": float(f"{recipe.beta * recipe.l1_conv:.12g}"),
    }


def ends(network: nn.Module, data: dict[str, Examples]) -> dict[str, float]:
    splits = {"train": "train", "validation": "extra", "test": "test"}
    return {f"{name}_accuracy": evaluate(network, data[split])[1] for name, split in splits.items()}


def lengths(network: nn.Module, images: int) -> dict[str, float]:
    """What Thm. 2 asks for, and its bound."""
    counts = weight_counts(network)
    return {
        "images": images,
        "parameters": counts.parameters,
        "nonzero_parameters": counts.nonzero,
        "distinct": counts.distinct,
        "bound": description_length_bound(counts.nonzero, counts.distinct, counts.parameters, images),
    }


@torch.no_grad()
def exported(run: Run, network: nn.Module, test: Examples) -> dict[str, float | None]:
    """Memory of S-FC by beta-LASSO, dense and exported as sparse, and how far their logits differ."""
    columns = ("dense_bytes", "sparse_bytes", "export_difference")
    if run.spec.model.lift != "fully_connected" or run.spec.recipe.optimiser != "beta_lasso":
        return dict.fromkeys(columns)
    sparse, x = sparse_network(network), test.head(EXPORTED).inputs()
    dense: Tensor = network(x).cpu()
    difference = (dense - sparse(x.cpu())).abs().max() / dense.abs().max()
    return dict(zip(columns, (stored_bytes(network), stored_bytes(sparse), difference.item()), strict=True))


def localities(run: Run, network: nn.Module, least: int) -> dict[str, float | None]:
    """Medians over first-layer filters with ``least`` non-zeros; a tied kernel has no place to be at."""
    columns = ("units", "filters", "radius", "radius_shuffled", "locality")
    if run.spec.model.architecture != "mlp" and run.spec.model.lift == "none":
        return dict.fromkeys(columns)
    seen = image_filters(run, network)
    kept = seen[seen.flatten(1).count_nonzero(1) >= least]
    if not len(kept):
        return dict.fromkeys(columns) | {"units": len(seen), "filters": 0}
    radii, control = filter_radii(kept), shuffled_radii(kept)
    values = (radii.median(), control.median(), (radii / control).nanmedian())
    return dict(zip(columns, (len(seen), len(kept), *(v.item() for v in values)), strict=True))


if __name__ == "__main__":
    run_script(main)
