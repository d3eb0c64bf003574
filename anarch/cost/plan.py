"""From the jobs of a dry run to a table: what each study costs, and which rules ask for too little."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from anarch.cost import atlas, bad_minima, blessing, embedding, needle, scratch
from anarch.cost.jobs import Planned, longest_chain
from anarch.cost.scale import Job, Scale, Wildcards, train
from anarch.cost.training import START
from anarch.cost.work import BASE, Cost, Device, total
from anarch.workflow.studies import STUDIES
from anarch.workflow.subsets import named

TABLE, DRAWING = 0.2, 1.5  # seconds of a job that puts tables together, and of one that draws
DRAWN, SHEETS = 1.5e8, 1e8  # bytes that such jobs take

DEVICES = {
    # A core of an AMD EPYC: what PyTorch's own large fp32 product reaches there (benchmarks/README.md); the
    # other two suit the laptop run best, of all studies alike.
    "cpu": Device("one CPU core", 9e10, 1.5e10, 2e-5),
    # An NVIDIA A100, not measured: 40 % of its 19.5 TFLOP/s in fp32 and half of its 1.6 TB/s.
    "gpu": Device("one GPU (A100)", 7.8e12, 8e11, 1e-5),
}


def prepare(scale: Scale, wildcards: Wildcards) -> Cost:
    """A prepared dataset: its file, and twice that in memory while it is put together."""
    images = scale.images[named(wildcards["dataset"])]
    return Cost(memory=BASE + 3 * images.stored, disk=images.stored, start=2 * START)


JOBS: dict[str, Job] = {
    "prepare_data": prepare,
    **needle.JOBS,
    **bad_minima.JOBS,
    **embedding.JOBS,
    **scratch.JOBS,
    **blessing.JOBS,
    **atlas.JOBS,
}


@dataclass(frozen=True)
class Priced:
    """A job, its study and its cost."""

    job: Planned
    study: str
    cost: Cost
    known: bool  # False: nobody has said what a job of this rule costs, it is counted as if it drew


@dataclass(frozen=True)
class Row:
    """A study's share of a plan."""

    study: str
    jobs: int
    cost: Cost
    seconds: float  # of all jobs, one after the other
    hours: float  # by the clock, on so many devices


@dataclass(frozen=True)
class Short:
    """A rule that asks for less of a resource than some of its jobs need."""

    rule: str
    resource: str  # mem_mb | runtime (minutes)
    asked: int
    jobs: int  # that need more
    needed: int  # the most


def priced(jobs: Iterable[Planned], scale: Scale) -> list[Priced]:
    """Every job with its cost."""
    result = []
    for job in jobs:
        # What trains costs what its spec says.
        price = train if "run" in job.wildcards else JOBS.get(job.rule)
        cost = price(scale, {"study": study_of(job), **job.wildcards}) if price else _sheet(job)
        result.append(Priced(job, study_of(job), cost or Cost(memory=DRAWN, start=DRAWING), cost is not None))
    return result


def _sheet(job: Planned) -> Cost | None:
    """Figures from tables, and tables from tables, neither of which knows of networks."""
    if any("/figures/" in file for file in job.outputs):
        return Cost(memory=DRAWN, start=DRAWING)
    if all(file.endswith(".csv") for file in (*job.inputs, *job.outputs)):
        return Cost(memory=SHEETS, start=TABLE)
    return None


def study_of(job: Planned) -> str:
    """The study that a job belongs to; what serves all of them is named by its rule's first word."""
    named = [study for study in STUDIES if job.rule.startswith(f"{study}_")]
    return named[0] if named else "data" if job.rule == "prepare_data" else job.rule.split("_")[0]


def seconds(one: Priced, device: Device) -> float:
    """Time of a job; beside GPUs, what asks for none is done by a core of a CPU."""
    if device.name == DEVICES["gpu"].name and not one.job.gpu:
        device = DEVICES["cpu"]
    return device.seconds_of(one.cost)


def rows(jobs: Sequence[Priced], device: Device, devices: int) -> list[Row]:
    """A row per study in the order of the studies, what serves all of them after these, and a row of all."""
    order = [*STUDIES, *sorted({one.study for one in jobs} - set(STUDIES))]
    parts = [[one for one in jobs if one.study == study] for study in order]
    return [
        *(_row(study, part, device, devices) for study, part in zip(order, parts, strict=True) if part),
        _row("all", jobs, device, devices),
    ]


def _row(study: str, jobs: Sequence[Priced], device: Device, devices: int) -> Row:
    times = [seconds(one, device) for one in jobs]
    chain = longest_chain((one.job for one in jobs), times)
    hours = max(sum(times) / devices, chain) / 3600
    return Row(study, len(jobs), total(one.cost for one in jobs), sum(times), hours)


def short(jobs: Iterable[Priced], device: Device) -> Iterator[Short]:
    """Rules that ask for less memory or time than the estimate of some of their jobs."""
    lacking: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for one in jobs:
        needs = {"mem_mb": one.cost.memory / 1e6, "runtime": seconds(one, device) / 60}
        for resource, need in needs.items():
            asked = one.job.asks(resource)
            if asked is not None and need > asked:
                lacking.setdefault((one.job.rule, resource), []).append((asked, math.ceil(need)))
    for (rule, resource), pairs in lacking.items():
        asked, needed = (max(column) for column in zip(*pairs, strict=True))
        yield Short(rule, resource, asked, len(pairs), needed)


def unknown_rules(jobs: Iterable[Priced]) -> list[str]:
    return sorted({one.job.rule for one in jobs if not one.known})


def assumed(scale: Scale, jobs: Iterable[Priced]) -> list[str]:
    """Datasets among those to prepare whose size only their files can tell."""
    names = {named(one.job.wildcards["dataset"]) for one in jobs if one.job.rule == "prepare_data"}
    return sorted(name for name in names if not scale.images[name].known)
