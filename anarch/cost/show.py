"""How a plan is told: aligned columns for a reader, plain numbers for a file."""

from collections.abc import Sequence
from typing import Any

from anarch.cost.plan import Row


def table(rows: Sequence[Row]) -> list[str]:
    """Aligned columns, a line per study."""
    head = ("", "jobs", "trainings", "training", "measuring", "memory", "disk", "time")
    lines = [head] + [
        (
            row.study,
            f"{row.jobs:,}",
            f"{row.cost.trainings:,}",
            quantity(row.cost.trained.flops, "FLOP"),
            quantity(row.cost.measured.flops, "FLOP"),
            quantity(row.cost.memory, "B"),
            quantity(row.cost.disk, "B"),
            clock(row.hours),
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    ]


def quantity(value: float, unit: str) -> str:
    """Three digits and a prefix: 1.24 PFLOP."""
    for prefix in ("", "k", "M", "G", "T", "P", "E"):
        if value < 999.5 or prefix == "E":
            break
        value /= 1000
    return f"{value:.3g} {prefix}{unit}" if value < 999.5 else f"{value:,.0f} {prefix}{unit}"


def clock(hours: float) -> str:
    if hours < 1 / 30:
        return f"{3600 * hours:.0f} s"
    return f"{60 * hours:.0f} min" if hours < 2 else f"{hours:,.1f} h" if hours < 100 else f"{hours:,.0f} h"


def flat(row: Row) -> dict[str, Any]:
    cost = row.cost
    return {
        "study": row.study,
        "jobs": row.jobs,
        "trainings": cost.trainings,
        "training_flops": cost.trained.flops,
        "measuring_flops": cost.measured.flops,
        "padded_flops": cost.trained.padded + cost.measured.padded,
        "memory_bytes": cost.memory,
        "disk_bytes": cost.disk,
        "device_hours": row.seconds / 3600,
        "hours": row.hours,
    }
