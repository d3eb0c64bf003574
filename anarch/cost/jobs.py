"""What Snakemake would run: the jobs of a dry run, read from what it prints."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

BLOCK = re.compile(r"^(?:local)?rule (?P<rule>\w+):\n(?P<body>(?:    .*\n?)+)", re.MULTILINE)
LINE = re.compile(r"^    (?P<key>\w+): (?P<value>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Planned:
    """A job that would run."""

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    resources: Mapping[str, str] = field(default_factory=dict)
    log: str = ""

    @property
    def gpu(self) -> bool:
        return int(self.resources.get("gpu", 0)) > 0

    def asks(self, resource: str) -> int | None:
        """How much of ``resource`` its rule asks for; None where it leaves that open."""
        amount = self.resources.get(resource, "")
        return int(amount) if amount.isdigit() else None


def planned_jobs(printed: str) -> list[Planned]:
    """The jobs in what ``snakemake --dry-run`` has ``printed``; rules that make no file are left out."""
    jobs = []
    for block in BLOCK.finditer(printed):
        lines = {line["key"]: line["value"] for line in LINE.finditer(block["body"])}
        if "output" in lines:
            jobs.append(
                Planned(
                    block["rule"],
                    _pairs(lines.get("wildcards", "")),
                    tuple(lines["input"].split(", ")) if "input" in lines else (),
                    tuple(lines["output"].split(", ")),
                    _pairs(lines.get("resources", "")),
                    lines.get("log", ""),
                )
            )
    return jobs


def _pairs(text: str) -> dict[str, str]:
    return {key: value for key, sign, value in (part.partition("=") for part in text.split(", ")) if sign}


def longest_chain(jobs: Iterable[Planned], seconds: Iterable[float]) -> float:
    """Seconds of the longest chain of jobs of which each waits for the one before it."""
    jobs, times = list(jobs), list(seconds)
    made_by = {file: k for k, job in enumerate(jobs) for file in job.outputs}
    before = [{made_by[file] for file in job.inputs if file in made_by} for job in jobs]
    after: list[list[int]] = [[] for _ in jobs]
    for k, earlier in enumerate(before):
        for j in earlier:
            after[j].append(k)
    waiting = [len(earlier) for earlier in before]
    ready = [k for k, count in enumerate(waiting) if not count]
    begun, longest = [0.0] * len(jobs), 0.0
    while ready:
        k = ready.pop()
        end = begun[k] + times[k]
        longest = max(longest, end)
        for j in after[k]:
            begun[j] = max(begun[j], end)
            waiting[j] -= 1
            if not waiting[j]:
                ready.append(j)
    return longest
