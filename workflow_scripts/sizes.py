"""Count the parameters of the models of blessing, Fig. 2 (left)."""

import json
from pathlib import Path

from anarch.training.network import empty_network
from anarch.workflow.specs import Model, parse
from shared.artefacts import column, write_csv
from shared.descriptions import load_manifest
from shared.jobs import folder, parser, run_script, start


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--models", required=True, help="JSON: method -> architecture and options")
    arguments.add_argument("--data", type=folder, required=True, help="folder of their dataset")
    arguments.add_argument("--label", type=column, nargs="+", required=True, help="METHOD=LABEL")
    arguments.add_argument("--column", type=column, nargs="*", default=[], help="NAME=VALUE, in all rows")
    arguments.add_argument("--out", type=Path, required=True, help="CSV to write: one row per model")
    args = arguments.parse_args(argv)
    start(args)
    manifest, labels = load_manifest(args.data), dict(args.label)
    channels, height, width = manifest["shape"]
    rows = []
    for method, options in json.loads(args.models).items():
        model = parse(Model, options)
        network = empty_network(model, (channels, height, width), manifest["classes"])
        parameters = sum(p.numel() for p in network.parameters())
        linear = method == "linear"  # the paper counts the weights of one class and its bias
        rows.append(
            {
                "method": method,
                "label": labels[method],
                **dict(args.column),
                "parameters": parameters,
                "per_class": parameters // manifest["classes"] if linear else None,
            }
        )
    write_csv(args.out, rows)


if __name__ == "__main__":
    run_script(main)
