"""Lay the minefield's networks out in the plane (blessing, Fig. 1): t-SNE, as the paper, and PCA.

Points are weights without biases, as by the authors.  PCA to at most 50 components goes before t-SNE; the
first two of them are the other map, which keeps distances as a projection can.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from anarch.training.ensemble import measure
from anarch.training.stacked import kernel_mask
from anarch.workflow.blessing_toys import Minefield
from anarch.workflow.specs import parse
from shared.artefacts import write_csv
from shared.jobs import parser, run_script, start
from shared.minefield_data import split, widths
from shared.tensors import load_weights

COMPONENTS, PERPLEXITY = 50, 30.0  # the authors' settings, where there are points enough


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--networks", type=Path, required=True, help="what minefield.py has written")
    arguments.add_argument("--spec", required=True, help="what made it, as JSON")
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per network")
    args = arguments.parse_args(argv)
    start(args)
    spec = parse(Minefield, json.loads(args.spec))
    kept = load_weights(args.networks)
    epochs, kernels = kept["epochs"].tolist(), kernel_mask(widths(spec))
    distance = (kept["poisoned"] - kept["iterates"])[:, kernels].norm(dim=1).tolist()
    way = (kept["iterates"][-1] - kept["iterates"][0])[kernels].norm().item()
    rows: list[dict[str, Any]] = []
    for name in ("iterates", "poisoned"):
        losses, train = measure(kept[name], widths(spec), split(spec, "train"))
        _, test = measure(kept[name], widths(spec), split(spec, "test"))
        columns = zip(epochs, train.tolist(), test.tolist(), losses.tolist(), distance, strict=True)
        rows += [
            {
                "kind": kind(name, epoch, epochs[-1]),
                "epoch": epoch,
                "train_accuracy": on_train,
                "test_accuracy": on_test,
                "train_loss": loss,
                "distance": far if name == "poisoned" else None,
                "relative_distance": far / way if name == "poisoned" else None,
            }
            for epoch, on_train, on_test, loss, far in columns
        ]
    points = np.concatenate([kept[name][:, kernels].double().numpy() for name in ("iterates", "poisoned")])
    maps, told = laid_out(points, spec.seed)
    write_csv(
        args.out,
        [
            {**row, "tsne_x": at[0], "tsne_y": at[1], "pca_x": at[2], "pca_y": at[3], **told}
            for row, at in zip(rows, maps.tolist(), strict=True)
        ],
    )


def kind(name: str, epoch: int, last: int) -> str:
    if name == "poisoned":
        return "poisoned"
    return {0: "start", last: "final"}.get(epoch, "iterate")


def laid_out(points: np.ndarray, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Coordinates (N, 4), of t-SNE and of PCA, of ``points`` (N, n), and the settings behind them."""
    components = min(COMPONENTS, len(points) - 1)
    # t-SNE asks each point for about three times as many neighbours as its perplexity.
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    pca = PCA(components, svd_solver="full")
    reduced = pca.fit_transform(points)
    tsne = TSNE(perplexity=perplexity, init="random", random_state=seed)
    embedded = tsne.fit_transform(reduced)
    first, second = pca.explained_variance_ratio_[:2]
    told = {
        "perplexity": perplexity,
        "pca_components": components,
        "tsne_seed": seed,
        "tsne_kl": float(tsne.kl_divergence_),
        "pca_share_x": float(first),
        "pca_share_y": float(second),
    }
    return np.concatenate([embedded, reduced[:, :2]], 1), told


if __name__ == "__main__":
    run_script(main)
