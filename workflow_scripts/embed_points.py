"""What embedding does to critical points: spectra before and after, the diagram of width 3, output functions.

The spectra are of the best points on hand: on the line a minimum of width 2 with a loss and the minimum of
width 3, on Iris of the saddles whose index comes nearest to --spec's ``negatives`` that of lowest loss.  The
first neuron is split; what a split of each neuron of each such point adds is counted.  One case is done again
in many digits.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.critical.copying import Copied, choose, copied, copied_precisely
from anarch.critical.diagram import CriticalPoint, embeddings
from anarch.critical.networks import gradient, loss
from anarch.critical.spectra import Inertia, inertia
from anarch.critical.splitting import split_neuron
from anarch.models.flat import Network, layers, pack, unpack
from shared.artefacts import write_csv
from shared.critical_points import curve_grid, curve_rows, inertia_columns, load_data, numbered, read_points
from shared.jobs import parser, progress, run_script, start

ZERO_LOSS = 1e-12  # what counts as the loss of a fit without error

Rows = list[dict[str, Any]]


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--spec", type=json.loads, required=True, help="data and numbers as JSON")
    arguments.add_argument("--line", type=Path, nargs="+", required=True, help="points of widths 1, 2, 3")
    arguments.add_argument("--iris", type=Path, required=True, help="points without output bias")
    arguments.add_argument("--iris-bias", type=Path, required=True, help="points with output bias")
    for name in ("curves", "spectra", "growth", "diagram", "split"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    start(args)
    spec, line, flowers = args.spec, load_data(args.spec["line"]), load_data("iris")
    points = [point for path in args.line for point in read_points(path, *line)]
    saddles = {
        case: choose(read_points(path, *flowers), negatives=spec["negatives"])
        for case, path in (("iris", args.iris), ("iris_bias", args.iris_bias))
    }
    write_csv(args.curves, curves(points, *line))
    write_csv(args.diagram, diagram(points, *line))
    write_csv(args.split, split(saddles["iris"][0], 0, spec["alpha"], *flowers))
    progress(1, 2, "part")
    fitted = [point for point in points if point.network.widths[1] == 2 and point.loss > ZERO_LOSS]
    widest = [p for p in points if p.network.widths[1] == max(q.network.widths[1] for q in points)]
    minima, most = choose(fitted, negatives=0), spec["copies"]
    rows = spectrum_rows("line", copied(minima[0], 0, most, *line))
    rows += spectrum_rows("line_zero", copied(min(widest, key=lambda p: p.loss), 0, most, *line))
    grown = growth("line", minima, most, *line)
    for case, chosen in saddles.items():
        rows += spectrum_rows(case, copied(chosen[0], 0, most, *flowers))
        grown += growth(case, chosen, most, *flowers)
    write_csv(args.growth, grown)
    precise = copied_precisely(minima[0], 0, most, *line, digits=spec["digits"])
    rows += spectrum_rows("line", precise, f"{spec['digits']} digits")
    write_csv(args.spectra, rows)


def spectrum_rows(case: str, spectra: Sequence[Copied], arithmetic: str = "float64") -> Rows:
    """A row per eigenvalue."""
    rows = []
    for point in spectra:
        values, counts = point.eigenvalues, inertia(point.eigenvalues)
        signs = values.sign().where(values.abs() >= counts.threshold, torch.zeros_like(values)).int()
        rows += [
            {
                "case": case,
                "width": point.network.widths[1],
                "index": index,
                "eigenvalue": value,
                "sign": sign,
                "loss": point.loss,
                "residual": point.residual,
                "arithmetic": arithmetic,
                **inertia_columns(counts),
            }
            for index, (value, sign) in enumerate(zip(values.tolist(), signs.tolist(), strict=True))
        ]
    return rows


def growth(case: str, points: Sequence[CriticalPoint], most: int, x: Tensor, y: Tensor) -> Rows:
    """A row per point, neuron and number of its copies, with what the last split added."""
    rows: Rows = []
    for number, point in enumerate(points):
        for neuron in range(point.network.widths[1]):
            before: Inertia | None = None
            for copies, found in enumerate(copied(point, neuron, most, x, y), start=1):
                counts = inertia(found.eigenvalues)
                told = {"case": case, "point": number, "neuron": neuron, "copies": copies, "loss": found.loss}
                added = {
                    "added_negative": before and counts.negative - before.negative,
                    "added_zero": before and counts.zero - before.zero,
                }
                rows.append({**told, **inertia_columns(counts), **added})
                before = counts
    return rows


def curves(points: Sequence[CriticalPoint], x: Tensor, y: Tensor) -> Rows:
    """The training points and the output function of every critical point."""
    rows = curve_rows(x, y, kind="data", width=None, point=None, loss=None)
    for width, number, point in numbered(points):
        told = {"kind": "narrow", "width": width, "point": number, "loss": point.loss}
        rows += curve_rows(curve_grid(x), point.outputs, **told)
    return rows


def diagram(points: Sequence[CriticalPoint], x: Tensor, y: Tensor) -> Rows:
    """Every point in the widest network, by each equal splitting; ``main``: of the first neuron only."""
    widest = max(point.network.widths[1] for point in points)
    names = [(width, number) for width, number, _ in numbered(points)]
    rows = []
    for found in embeddings(points, widest, x, y, all_ways=True):
        width, number = names[found.origin]
        rows.append(
            {
                "width": width,
                "point": number,
                "copies": "+".join(map(str, found.copies)),
                "main": int(found.copies == (widest - width + 1, *[1] * (width - 1))),
                "loss": found.loss,
                "residual": found.residual,
                **inertia_columns(found.inertia),
                "minimal": widest - width,
            }
        )
    return rows


def split(point: CriticalPoint, neuron: int, alpha: float, x: Tensor, y: Tensor) -> Rows:
    """Every weight before and after T^alpha of ``neuron``."""
    wide, theta = pack(split_neuron(unpack(point.network, point.theta), 0, neuron, alpha))  # type: ignore[arg-type]
    last = point.network.widths[1]
    rows = []
    for name, network, parameters in (("narrow", point.network, point.theta), ("wide", wide, theta)):
        told = {
            "alpha": alpha,
            "loss": loss(network, parameters, x, y).item(),
            "residual": gradient(network, parameters, x, y).abs().sum().item(),
        }
        split_role = "split" if name == "narrow" else "kept"
        roles = {neuron: split_role, last: "copy"}
        for source, target, layer, weight in weights(network, parameters):
            role = roles.get(target if layer == 1 else source, "other")
            row = {"network": name, "layer": layer, "source": source, "target": target, "weight": weight}
            rows.append({**row, "role": role, **told})
    return rows


def weights(network: Network, theta: Tensor) -> Iterator[tuple[int, int, int, float]]:
    """(source, target, layer from 1, weight); source -1 is the bias."""
    for layer, (matrix, bias) in enumerate(layers(network, theta), start=1):
        for target, row in enumerate(matrix.tolist()):
            yield from ((source, target, layer, weight) for source, weight in enumerate(row))
        for target, weight in enumerate([] if bias is None else bias.tolist()):
            yield -1, target, layer, weight


if __name__ == "__main__":
    run_script(main)
