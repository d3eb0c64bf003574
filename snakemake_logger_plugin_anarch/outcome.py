"""What a run has made, what it has not, and because of which job: read from Snakemake's graph of jobs.

Log events name jobs that ran; of those that never could, only the graph knows.  The Snakefile hands it over.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

from snakemake_logger_plugin_anarch.words import WIDTH, cut, job_name, listed

_IN = "    "
_MOST = 5  # failed jobs, or groups of targets, that the last lines name
_THE_REST = "What is there stays: the same command makes the rest."


@dataclass(frozen=True)
class Followed:
    workflow: Any
    families: Sequence[str]
    last_words: Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """A run as its log events told it."""

    done: int
    total: int
    failed: Mapping[int, str]  # number of a job -> how
    stopped: bool  # by the user
    counted: bool  # whether ``done`` was told job by job, which Snakemake does not when it is to be quiet
    lasted: str
    log: str


_followed: Followed | None = None


def follow(workflow: Any, *, families: Sequence[str] = (), last_words: Mapping[str, str]) -> None:
    """Let the display know a Snakefile's ``workflow``.

    ``families``: what names of rules begin with, to count jobs by; ``last_words``: rule -> a text file that
    it makes, which a successful run with that rule ends by showing.
    """
    global _followed
    _followed = Followed(workflow, families, last_words)


def families() -> Sequence[str]:
    return _followed.families if _followed else ()


def asked_for() -> str:
    """The targets, as rules or files."""
    if _followed is None:
        return ""
    dag = _followed.workflow.dag
    return listed([*(rule.name for rule in dag.targetrules), *sorted(map(str, dag.targetfiles))], 60)


def last_lines(run: Run) -> list[str]:
    """How the run ended, where what was asked for is, or what is missing and because of which jobs."""
    unfinished = set(_followed.workflow.dag.needrun_jobs()) if _followed else None
    done = run.done if unfinished is None else run.total - len(unfinished)
    jobs = f"{run.total} job{'s' * (run.total != 1)}"
    said = f" in {run.lasted}{f'; all that Snakemake said: {run.log}' if run.log else ''}"
    if run.total == 0 or done >= run.total:
        made = _products(_followed) if _followed else []
        return [f"{jobs} done{said}", *made] if run.total and run.counted else made
    if unfinished is None and not run.counted and not run.failed:
        return []
    if run.stopped:
        return [f"Stopped: {done} of {jobs} done{said}", _THE_REST]
    failed = f", {len(run.failed)} failed" if run.failed else ""
    missing = _missing(_followed, unfinished, run.failed) if _followed and unfinished else []
    return [f"{done} of {jobs} done{failed}{said}", *missing, _THE_REST]


def _products(followed: Followed) -> list[str]:
    """The last words of a rule that was asked for; else where the targets are."""
    dag = followed.workflow.dag
    rules = {job.rule.name for job in dag.jobs}
    files = [Path(file) for rule, file in followed.last_words.items() if rule in rules]
    if files:
        return [file.read_text(encoding="utf-8").strip() for file in files if file.is_file()]
    made = sorted(str(file) for job in _targets(dag) for file in job.output)
    return [", ".join(made) if len(made) <= 3 else f"{os.path.commonpath(made)}{os.sep} ({len(made)} files)"]


def _missing(followed: Followed, unfinished: set[Any], failed: Mapping[int, str]) -> list[str]:
    """Which jobs failed, and which targets are missing for want of them."""
    dag = followed.workflow.dag
    guilty = {job: failed[dag.jobid(job)] for job in unfinished if dag.jobid(job) in failed}
    lines = []
    for job in sorted(guilty, key=_name):
        logs = f"; {', '.join(map(str, job.log))}" if job.log else ""
        lines.append(cut(f"  failed: {_name(job)}, {guilty[job]}{logs}"))
    lines = _first(lines, "jobs, each told above")
    lines += _first([*_without(dag, unfinished - guilty.keys(), guilty)], "groups of targets")
    summing_up = [job for job in unfinished - guilty.keys() if job.rule.name in followed.last_words]
    for job in (job for job in summing_up if job.output):
        old = "; what lies there is of an earlier run" if Path(str(job.output[0])).exists() else ""
        lines.append(f"  {job.output[0]} is not made, for it needs everything{old}")
    return lines


def _without(dag: Any, missing: set[Any], guilty: Mapping[Any, str]) -> list[str]:
    """Targets among the ``missing`` jobs, those together that lack the same ``guilty`` jobs."""
    causes: dict[Any, list[str]] = {job: [] for job in missing}
    for job in sorted(guilty, key=_name):
        for hanging in _hanging_on(job, dag) & missing:
            causes[hanging].append(_name(job))
    groups: dict[tuple[str, ...], list[str]] = {}
    targets = _targets(dag) & missing
    # A study also asks for its trainings; who reads this knows figures and tables by name.
    by_name = [job for job in targets if not job.wildcards_dict] or targets
    for job in sorted(by_name, key=_name):
        groups.setdefault(tuple(causes[job]), []).append(_name(job))
    return [_group(names, made) for names, made in groups.items()]


def _group(names: Sequence[str], made: Sequence[str]) -> str:
    want = f"for want of {listed(names, 100)}" if names else "for the run ended before"
    wrapped = fill(listed(made, 3 * WIDTH), WIDTH, initial_indent=_IN, subsequent_indent=_IN)
    return f"  not made {want}:\n{wrapped}"


def _first(lines: list[str], rest: str) -> list[str]:
    return lines if len(lines) <= _MOST else [*lines[:_MOST], f"  and {len(lines) - _MOST} more {rest}"]


def _targets(dag: Any) -> set[Any]:
    """Jobs of what was asked for; instead of a rule that only asks for others, those others."""
    seen = set(dag.targetjobs)
    waiting = list(seen)
    found = set()
    while waiting:
        job = waiting.pop()
        if job.output:
            found.add(job)
        else:
            new = set(dag.dependencies.get(job, ())) - seen
            seen |= new
            waiting += new
    return found


def _hanging_on(job: Any, dag: Any) -> set[Any]:
    """Every job that directly or not needs what ``job`` makes."""
    found: set[Any] = set()
    waiting = [job]
    while waiting:
        new = set(dag.depending.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


def _name(job: Any) -> str:
    return job_name(job.rule.name, job.wildcards_dict)
