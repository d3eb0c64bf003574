"""What the jobs took, from their timings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from anarch.report import words

KINDS = {"runs": "trainings", "figures": "figures"}  # by the folder of a timing; all else is measuring


@dataclass(frozen=True)
class Cost:
    """Sums over jobs: ``seconds`` of their own wall time, ``cpu`` seconds, and the largest memory (MB)."""

    jobs: int
    seconds: float
    cpu: float
    memory: float

    @property
    def time(self) -> str:
        return words.duration(self.seconds)

    @property
    def cpu_time(self) -> str:
        return words.duration(self.cpu)

    @property
    def most_memory(self) -> str:
        return words.size(round(self.memory * 2**20)) if self.memory else ""


def total(rows: Iterable[Mapping[str, str]]) -> Cost:
    """Cost of the jobs behind ``rows`` of timings."""
    rows = list(rows)
    return Cost(
        len(rows),
        sum(_float(row.get("s")) for row in rows),
        sum(_float(row.get("cpu_time")) for row in rows),
        max((_float(row.get("max_rss")) for row in rows), default=0.0),
    )


def by_study(timings: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Cost]]:
    """Study (or ``data``) -> trainings, measurements, figures, all -> cost, of ``timings`` by path below
    ``timings/`` such as ``needle/runs/sgd/cnn-s0``."""
    rows_of: dict[str, dict[str, list[Mapping[str, str]]]] = {}
    for job, row in timings.items():
        study, _, rest = job.partition("/")
        kind = KINDS.get(rest.partition("/")[0], "measurements")
        rows_of.setdefault(study, {}).setdefault(kind, []).append(row)
    return {
        study: {
            **{kind: total(kinds.get(kind, [])) for kind in ("trainings", "measurements", "figures")},
            "all": total(row for rows in kinds.values() for row in rows),
        }
        for study, kinds in rows_of.items()
    }


def _float(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:  # "NA" or "-"
        return 0.0
    return value if value == value else 0.0
