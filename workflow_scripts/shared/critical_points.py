"""Critical points as rows of a table, and the data that they belong to, for the jobs of study embedding."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from anarch.critical.descent import History
from anarch.critical.diagram import CriticalPoint, effective_width, neuron_sizes
from anarch.critical.networks import output
from anarch.critical.spectra import Inertia
from anarch.data.regression import iris, tanh_steps
from anarch.models.flat import Network
from shared.artefacts import read_csv

CURVE = 121  # points of an output function's curve


def load_data(data: Mapping[str, Any] | str) -> tuple[Tensor, Tensor]:
    """x (n, d), y (n, d') of Iris (``"iris"``) or of the points on a line that a mapping describes."""
    return iris() if isinstance(data, str) else tanh_steps(**data)


def curve_grid(x: Tensor) -> Tensor:
    """Where output functions are looked at: all along a line (g, 1), else at the samples (n, d)."""
    if x.shape[1] > 1:
        return x
    return torch.linspace(x.min().item(), x.max().item(), CURVE, dtype=x.dtype).unsqueeze(1)


def curve_rows(x: Tensor, y: Tensor, **told: Any) -> list[dict[str, Any]]:
    """A row per point of one curve, x and y (g, 1)."""
    return [{**told, "x": a, "value": b} for a, b in zip(x[:, 0].tolist(), y[:, 0].tolist(), strict=True)]


def history_rows(history: History, width: int, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row per recorded step of a training of ``width`` neurons."""
    columns = zip(history.steps, history.losses, history.gradient_norms, strict=True)
    return [{**told, "width": width, "step": t, "loss": r, "gradient_norm": g} for t, r, g in columns]


def inertia_columns(found: Inertia) -> dict[str, Any]:
    return {
        "negative": found.negative,
        "zero": found.zero,
        "positive": found.positive,
        "threshold": found.threshold,
        "margin": found.margin if math.isfinite(found.margin) else None,
    }


def point_rows(points: Sequence[CriticalPoint], x: Tensor, **told: Any) -> list[dict[str, Any]]:
    """One row per point on ``x``; `read_points` is the inverse.  ``theta``: parameters, blanks between."""
    minima = sum(point.inertia.negative == 0 for point in points)
    return [
        {
            **told,
            "activation": point.network.activation,
            "point": number,
            "loss": point.loss,
            "residual": point.residual,
            "found": point.found,
            **inertia_columns(point.inertia),
            "minima": minima,
            "effective_width": effective_width(point.network, point.theta, x),
            "smallest_neuron": neuron_sizes(point.network, point.theta, x).min().item(),
            "theta": " ".join(map(repr, point.theta.tolist())),
        }
        for number, point in enumerate(points)
    ]


def read_points(path: Path, x: Tensor, y: Tensor) -> list[CriticalPoint]:
    """The critical points of one search on ``x`` (n, d), ``y`` (n, d'), lowest loss first."""
    found = []
    for row in read_csv(path):
        widths = (x.shape[1], int(row["width"]), y.shape[1])
        network = Network(widths, row["activation"], bool(int(row["output_bias"])))
        theta = torch.tensor([float(value) for value in row["theta"].split()], dtype=torch.float64)
        inertia = Inertia(
            negative=int(row["negative"]),
            zero=int(row["zero"]),
            positive=int(row["positive"]),
            threshold=float(row["threshold"]),
            margin=float(row["margin"] or "inf"),
        )
        found.append(
            CriticalPoint(
                network,
                theta,
                float(row["loss"]),
                output(network, theta, curve_grid(x)),
                float(row["residual"]),
                int(row["found"]),
                inertia,
            )
        )
    return found


def numbered(points: Sequence[CriticalPoint]) -> Iterator[tuple[int, int, CriticalPoint]]:
    """(width, number within its width, point)."""
    seen: dict[int, int] = {}
    for point in points:
        width = point.network.widths[1]
        seen[width] = seen.get(width, -1) + 1
        yield width, seen[width], point
