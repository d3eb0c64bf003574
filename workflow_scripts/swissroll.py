r"""Train the good and poisoned swiss roll networks (blessing, Figs. 3, 5, 6): all seeds and betas at once.

By hand:  python workflow_scripts/swissroll.py --spec "$(cat SPEC.json)" --out /tmp/swissroll.safetensors

A network per pair of seed and beta, full batch: beta 0 on the plain loss, the others on eq. 2 with fresh D_d
in each step.  A seed has its own initial weights and its own D_t, which all its betas share.
"""

import json
from itertools import product
from pathlib import Path

import torch
from torch import Tensor

from anarch.data.toys import Points
from anarch.randomness import generator
from anarch.training.ensemble import Ensemble
from anarch.training.stacked import fresh, kernel_mask
from anarch.workflow.blessing_toys import Descending, Swissroll
from anarch.workflow.digests import text_digest
from anarch.workflow.specs import canonical_json, parse
from shared.ensembles import descent, run_saved, workshop
from shared.jobs import parser, run_script, start
from shared.swissroll_data import points, split, widths
from shared.tensors import save_weights


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--spec", required=True, help="anarch.workflow.blessing_toys.Swissroll as JSON")
    arguments.add_argument("--save-every", type=float, default=30.0, help="seconds between saved states")
    arguments.add_argument("--out", type=Path, required=True, help="safetensors to write: a row per network")
    args = arguments.parse_args(argv)
    spec = parse(Swissroll, json.loads(args.spec))
    device = start(args)
    members = list(product(spec.seeds, spec.betas))
    with workshop(args.out.parent, text_digest(canonical_json(spec) + args.code)) as work:
        parameters = torch.empty(len(members), len(kernel_mask(widths(spec))))
        for name, how, mine in (
            ("good", spec.good, [k for k, (_, beta) in enumerate(members) if beta == 0]),
            ("poisoned", spec.poisoned, [k for k, (_, beta) in enumerate(members) if beta > 0]),
        ):
            if mine:
                chosen = [members[k] for k in mine]
                ensemble = training(spec, how, chosen, device)
                run_saved(ensemble, work / f"{name}.pt", args.save_every)
                parameters[mine] = ensemble.parameters.cpu()
        seeds, betas = zip(*members, strict=True)
        save_weights(
            args.out,
            {
                "parameters": parameters,
                "seeds": torch.tensor(seeds),
                "betas": torch.tensor(betas, dtype=torch.float64),
            },
        )


def training(
    spec: Swissroll, how: Descending, members: list[tuple[int, float]], device: torch.device
) -> Ensemble:
    """Networks of ``members`` (seed, beta) before their first step."""
    seeds = sorted({seed for seed, _ in members})
    place = [seeds.index(seed) for seed, _ in members]
    decay = how.weight_decay * kernel_mask(widths(spec))

    def of_each(sets: list[Points]) -> tuple[Tensor, Tensor]:
        x, y = zip(*sets, strict=True)
        return torch.stack(x)[place].to(device), torch.stack(y)[place].to(device)

    def extra(step: int) -> Points:
        return of_each(
            [points(spec, spec.extra, generator(seed, "swissroll", "extra", step)) for seed in seeds]
        )

    betas = torch.tensor([beta for _, beta in members])
    initial = fresh(widths(spec), [generator(seed, "weights") for seed, _ in members], start=spec.start)
    return Ensemble(
        initial.to(device),
        widths(spec),
        descent(how),
        of_each([split(spec, "train", seed) for seed in seeds]),
        lr=how.lr,
        beta=betas,
        extra=extra if bool(betas.any()) else None,
        weight_decay=decay.to(device),
    )


if __name__ == "__main__":
    run_script(main)
