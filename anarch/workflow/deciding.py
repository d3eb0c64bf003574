"""The plan of `snakemake decide`: which studies get their next look, and what further seeds will not decide.

Imported only for that target: limits of looks need scipy.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from anarch.claims import planning
from anarch.claims.planning import Look, Open
from anarch.workflow import looks as granting
from anarch.workflow import paths
from anarch.workflow.studies import STUDIES

LITTLE = 0.02  # a chance of a decision that is not worth a look by itself


def plan(config: Mapping[str, Any], budget: float) -> tuple[dict[str, int], list[str]]:
    """Study -> seeds of the looks that ``budget``, in CPU seconds, has room for; and the plan in lines.

    Raises:
        ValueError: there are no verdicts or timings yet.
    """
    scale, looks = config["scale"], tuple(config["looks"])
    claims = planning.open_claims(_rows(Path(paths.claims(scale))), looks)
    seeds = {study: granting.seeds_of(config[study]) for study in STUDIES}
    ranked = planning.next_looks(claims, seeds, _seed_costs(scale, seeds), looks)
    chosen = planning.affordable(ranked, budget)
    lines = [_line(look, seeds[look.study]) for look in chosen]
    lines += [
        f"{_line(look, seeds[look.study])}: more than the budget has left"
        for look in ranked
        if look not in chosen
    ]
    if not lines:
        lines.append("no claim is open that a further look could decide")
    return {look.study: look.seeds for look in chosen}, [*lines, *hopeless(claims, looks)]


def hopeless(claims: Iterable[Open], looks: Sequence[int]) -> list[str]:
    """A line for each claim that the last look will hardly decide, with the seeds that might."""
    lines = []
    for claim in claims:
        if planning.chance(claim, looks[-1], tuple(looks)) < LITTLE and claim.seeds < looks[-1]:
            wanted = planning.needed(claim, tuple(looks))
            why = (
                f"an interval that clear of its limit needs about {wanted}"
                if wanted
                else "it lies on its limit"
            )
            lines.append(f"{claim.name}: hardly decided by {looks[-1]} seeds, the cap: {why}")
    return lines


def _line(look: Look, have: int) -> str:
    return (
        f"{look.study}: {have} to {look.seeds} seeds, about {look.cost / 60:.0f} CPU-minutes, "
        f"{look.expected:.1f} claims decided to be expected"
    )


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))
    except FileNotFoundError:
        raise ValueError(f"there are no verdicts to go on from: make {file} first") from None


def _seed_costs(scale: str, seeds: Mapping[str, int]) -> dict[str, float]:
    """Study -> CPU seconds of a seed: what its jobs took, over the seeds that they were of.

    Raises:
        ValueError: no job has told its time.
    """
    folder = Path(paths.timing_of_log(paths.log(scale, "x"))).parent
    costs = {}
    for study, number in seeds.items():
        files = [file for file in (folder / study).rglob("*.tsv") if "figures" not in file.parts]
        if files and number:
            costs[study] = sum(map(_cpu_seconds, files)) / number
    if not costs:
        raise ValueError(f"no job has left its time in {folder}: make all first")
    return costs


def _cpu_seconds(file: Path) -> float:
    with file.open(newline="", encoding="utf-8") as lines:
        return float(next(csv.DictReader(lines, delimiter="\t"))["cpu_time"])
