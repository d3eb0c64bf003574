"""Certify that lifting changes no output: snapshots of a CNN, on real images (needle, Sec. 3).

Fails where the largest difference of an output is above --tolerance.
"""

from pathlib import Path

from anarch.lifting.certify import certificate
from anarch.workflow.needle import describe
from shared.artefacts import write_csv
from shared.jobs import folder, parser, run_script, start
from shared.runs import open_run
from shared.tensors import load_examples

IMAGES = 256  # the difference is one of rounding: more images tell no more


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=folder, required=True, help="the study's runs/")
    arguments.add_argument("--cnn", required=True, help="name of the CNN's run")
    arguments.add_argument("--data", type=folder, required=True, help="folder of its dataset")
    arguments.add_argument("--epochs", type=int, nargs="+", required=True, help="snapshots to lift")
    arguments.add_argument(
        "--tolerance",
        type=float,
        required=True,
        help="largest difference allowed, relative to the largest output",
    )
    arguments.add_argument(
        "--out", type=Path, required=True, help="CSV to write: one row per snapshot and space"
    )
    args = arguments.parse_args(argv)
    device = start(args)
    run = open_run(args.runs, args.cnn, args.data, device)
    images = load_examples(args.data, device)["test"].head(IMAGES).inputs()
    rows = []
    for epoch in args.epochs:
        weights = run.weights(epoch)
        network = run.network(weights)
        scale = float(network(images).detach().abs().max())
        for to in ("fully_connected", "locally_connected"):
            found = certificate(network, run.lifted(weights, to), images)
            if not found.largest_difference <= args.tolerance * scale:
                raise SystemExit(
                    f"error: lifting {args.cnn} at epoch {epoch} to {to} changes outputs "
                    f"(up to {scale:.3g}) by {found.largest_difference:.3g}, "
                    f"more than needle.lift_tolerance {args.tolerance:g} of them"
                )
            told = describe(args.cnn)
            rows.append({
                "protocol": told["protocol"], "seed": told["seed"], "relax_time": epoch, "to": to,
                "largest_difference": found.largest_difference, "largest_output": scale,
                "cnn_parameters": found.cnn_parameters, "lifted_parameters": found.lifted_parameters,
                "sparsity": found.sparsity,
            })  # fmt: skip
    write_csv(args.out, rows)


if __name__ == "__main__":
    run_script(main)
