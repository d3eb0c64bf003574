r"""Train the minefield (blessing, Fig. 1): a good network on its way, a poisoned minimum from each.

By hand:  python workflow_scripts/minefield.py --spec "$(cat SPEC.json)" --out /tmp/networks.safetensors

The good network descends with l2, full batch unless the spec says otherwise; its iterates are kept every so
many epochs.
From all of them at once eq. 2 is descended, with the same D_d in every step and no l2, as by the authors.
"""

import json
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from anarch.data.toys import Points
from anarch.randomness import generator
from anarch.training.ensemble import Ensemble
from anarch.training.stacked import fresh, kernel_mask
from anarch.workflow.blessing_toys import Minefield
from anarch.workflow.digests import text_digest
from anarch.workflow.specs import canonical_json, parse
from shared.ensembles import descent, run_saved, workshop
from shared.jobs import parser, run_script, start
from shared.minefield_data import split, widths
from shared.tensors import save_weights


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--spec", required=True, help="anarch.workflow.blessing_toys.Minefield as JSON")
    arguments.add_argument("--save-every", type=float, default=30.0, help="seconds between saved states")
    arguments.add_argument("--out", type=Path, required=True, help="safetensors to write")
    args = arguments.parse_args(argv)
    spec = parse(Minefield, json.loads(args.spec))
    device = start(args)
    with workshop(args.out.parent, text_digest(canonical_json(spec) + args.code)) as work:
        epochs, iterates = way(spec, device)
        mines = Ensemble(
            iterates,
            widths(spec),
            descent(spec.poisoned),
            on(device, split(spec, "train")),
            lr=spec.poisoned.lr,
            beta=spec.beta,
            extra=on(device, split(spec, "extra")),
            weight_decay=(spec.poisoned.weight_decay * kernel_mask(widths(spec))).to(device),
        )
        run_saved(mines, work / "poisoned.pt", args.save_every)
        kept = {"epochs": epochs, "iterates": iterates, "poisoned": mines.parameters}
        save_weights(args.out, kept)


def way(spec: Minefield, device: torch.device) -> tuple[Tensor, Tensor]:
    """Epochs (T,) and parameters (T, P) of the good network, from the initial point to the last."""
    decay = (spec.good.weight_decay * kernel_mask(widths(spec))).to(device)
    initial = fresh(widths(spec), [generator(spec.seed, "weights")], start=spec.start).to(device)
    train = on(device, split(spec, "train"))
    size = spec.batch_size or spec.train
    per_epoch = -(-spec.train // size)

    def batch(step: int) -> Points:
        order = torch.randperm(spec.train, generator=generator(spec.seed, "order", step // per_epoch))
        chosen = order.split(size)[step % per_epoch].to(device)
        return train[0][chosen], train[1][chosen]

    how = descent(replace(spec.good, steps=spec.good.steps * per_epoch))
    points = batch if spec.batch_size else train
    good = Ensemble(initial, widths(spec), how, points, lr=spec.good.lr, weight_decay=decay)
    epochs = [*range(0, spec.good.steps, spec.every), spec.good.steps]
    iterates = []
    for epoch in epochs:
        good.run(epoch * per_epoch)
        iterates.append(good.parameters.clone())
    return torch.tensor(epochs), torch.cat(iterates)


def on(device: torch.device, points: Points) -> Points:
    x, y = points
    return x.to(device), y.to(device)


if __name__ == "__main__":
    run_script(main)
