"""What embedding does to critical points: spectra before and after, the diagram of width 3, output functions.

The spectra are of the best points on hand: on the line a minimum of width 2 with a loss and the minimum of
width 3, on Iris the saddle whose index comes nearest to --spec's ``negatives``.  The neuron that is split is
the one whose split adds the fewest negative eigenvalues.  One case is done again in many digits.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.critical.diagram import CriticalPoint, embed, embeddings
from anarch.critical.networks import Network, gradient, hessian, layers, loss, pack, unpack
from anarch.critical.precise import precise_critical_point, precise_eigenvalues, precise_split
from anarch.critical.spectra import inertia, spectrum
from anarch.critical.splitting import split_neuron
from shared.artefacts import write_csv
from shared.critical_points import curve_grid, curve_rows, inertia_columns, load_data, numbered, read_points
from shared.jobs import parser, progress, run_script, start

ZERO_LOSS = 1e-12  # what counts as the loss of a fit without error
BOUNDED = 20.0  # a parameter beyond it: the neuron is a step, and the point on its way to infinity

Rows = list[dict[str, Any]]


def main(argv: list[str] | None = None) -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--spec", type=json.loads, required=True, help="data and numbers as JSON")
    arguments.add_argument("--line", type=Path, nargs="+", required=True, help="points of widths 1, 2, 3")
    arguments.add_argument("--iris", type=Path, required=True, help="points without output bias")
    arguments.add_argument("--iris-bias", type=Path, required=True, help="points with output bias")
    for name in ("curves", "spectra", "diagram", "split"):
        arguments.add_argument(f"--{name}", type=Path, required=True, help="CSV to write")
    args = arguments.parse_args(argv)
    start(args)
    spec, line, flowers = args.spec, load_data(args.spec["line"]), load_data("iris")
    points = [point for path in args.line for point in read_points(path, *line)]
    saddles = {
        "iris": read_points(args.iris, *flowers),
        "iris_bias": read_points(args.iris_bias, *flowers),
    }
    chosen = {case: choose(found, *flowers, negatives=spec["negatives"]) for case, found in saddles.items()}
    write_csv(args.curves, curves(points, *line))
    write_csv(args.diagram, diagram(points, *line))
    point, neuron = chosen["iris"]
    write_csv(args.split, split(point, neuron, spec["alpha"], *flowers))
    progress(1, 2, "part")
    fitted = [point for point in points if point.network.widths[1] == 2 and point.loss > ZERO_LOSS]
    widest = [p for p in points if p.network.widths[1] == max(q.network.widths[1] for q in points)]
    minimum = choose(fitted, *line, negatives=0)
    rows = spectra("line", *minimum, spec["copies"], *line)
    rows += spectra("line_zero", min(widest, key=lambda p: p.loss), 0, spec["copies"], *line)
    for case, (point, neuron) in chosen.items():
        rows += spectra(case, point, neuron, spec["copies"], *flowers)
    rows += precise_spectra("line", *minimum, spec["copies"], spec["digits"], *line)
    write_csv(args.spectra, rows)


def choose(
    points: Sequence[CriticalPoint], x: Tensor, y: Tensor, *, negatives: int
) -> tuple[CriticalPoint, int]:
    """The point whose index is nearest to ``negatives``, and a neuron of it; ties by the lowest loss."""
    regular = [p for p in points if p.inertia.zero == 0 and p.theta.abs().max() < BOUNDED] or points
    ranked = []
    for k, point in enumerate(regular):
        for neuron in range(point.network.widths[1]):
            wide, theta = embed(point.network, point.theta, copies_of(point.network, neuron, 2))
            index = inertia(spectrum(hessian(wide, theta, x, y))).negative
            ranked.append((abs(point.inertia.negative - negatives), index, point.loss, k, neuron))
    *_, k, neuron = min(ranked)
    return regular[k], neuron


def copies_of(network: Network, neuron: int, count: int) -> list[int]:
    """How many copies each neuron becomes where ``neuron`` becomes ``count``."""
    return [count if k == neuron else 1 for k in range(network.widths[1])]


def spectra(case: str, point: CriticalPoint, neuron: int, most: int, x: Tensor, y: Tensor) -> Rows:
    """Eigenvalues with ``neuron`` as 1 to ``most`` equal neurons."""
    rows = []
    for count in range(1, most + 1):
        wide, theta = embed(point.network, point.theta, copies_of(point.network, neuron, count))
        told = {
            "loss": loss(wide, theta, x, y).item(),
            "residual": gradient(wide, theta, x, y).abs().sum().item(),
            "arithmetic": "float64",
        }
        rows += eigenvalue_rows(case, wide, spectrum(hessian(wide, theta, x, y)), told)
    return rows


def precise_spectra(
    case: str, point: CriticalPoint, neuron: int, most: int, digits: int, x: Tensor, y: Tensor
) -> Rows:
    """The same in ``digits`` decimal digits: zeros then come out near 10^-digits."""
    theta = precise_critical_point(point.network, point.theta, x, y, digits=digits)
    rows = []
    for count in range(1, most + 1):
        network, wide = point.network, theta
        for remaining in range(count, 1, -1):
            network, wide = precise_split(network, wide, neuron, 1 / remaining, digits=digits)
        values = [float(value) for value in precise_eigenvalues(network, wide, x, y, digits=digits)]
        told = {"loss": point.loss, "residual": None, "arithmetic": f"{digits} digits"}
        rows += eigenvalue_rows(case, network, torch.tensor(values, dtype=torch.float64), told)
    return rows


def eigenvalue_rows(case: str, network: Network, values: Tensor, told: dict[str, Any]) -> Rows:
    found = inertia(values)
    signs = values.sign().where(values.abs() >= found.threshold, torch.zeros_like(values)).int().tolist()
    return [
        {
            "case": case,
            "width": network.widths[1],
            "index": index,
            "eigenvalue": value,
            "sign": sign,
            **told,
            **inertia_columns(found),
        }
        for index, (value, sign) in enumerate(zip(values.tolist(), signs, strict=True))
    ]


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
