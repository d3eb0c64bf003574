"""What a terminal shows of Snakemake's log events: one short line a job, and failures in full.

Snakemake's log file, ``.snakemake/log``, has all the rest.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from anarch.workflow.paths import timing_of_log
from snakemake_logger_plugin_anarch import outcome
from snakemake_logger_plugin_anarch.failures import (
    Ending,
    Job,
    ending,
    failure_text,
    from_here,
    on_its_node,
    signal_line,
)
from snakemake_logger_plugin_anarch.words import clock, cut, grouped, job_name, lasting, reason

# Beginnings of what Snakemake 9.27.1 says and a reader of a terminal needs not; all else is shown.
_LEFT_OUT = re.compile(
    "Assuming unrestricted shared|Using shell: |Group jobs: inactive|Conda environments: ignored|"
    "Singularity containers: ignored|Select jobs to execute|Complete log|Elapsed time: |Shutting down, |"
    "Exiting because a job execution failed|WorkflowError:\nAt least one job did not complete|Reasons:\n|"
    "This was a dry-run |Some jobs were triggered by provenance|Rules with provenance triggered|"
    r"Job rate limit reached|Removing output files of failed job|Cleaning up SLURM log|SLURM run ID: |"
    r"Job \d+ has been submitted with SLURM jobid"
)
_LOOKING = "Building DAG of jobs"
_NOTHING = "Nothing to be done"
_STOPPED = ("Terminating processes on user request", "Stopping")
_AGAIN = re.compile(r"Trying to restart job (\d+)")
_LOST = re.compile(r"Job +(\d+) +completed successfully, but some output files are missing")
_OF_A_JOB = "RuleException:\nCalledProcessError"  # comes just before the job's own error


class Narrator:
    """From records to text for a terminal; the state is which jobs run, ended and failed."""

    def __init__(self, settings: Any) -> None:
        quiet = {getattr(choice, "name", str(choice)).upper() for choice in settings.quiet or ()}
        self.silent = "ALL" in quiet and not settings.dryrun
        self.shows_progress = "PROGRESS" not in quiet
        self.counts_jobs = not quiet & {"PROGRESS", "RULES"}
        self.settings = settings
        self.running: dict[int, Job] = {}
        self.failed: dict[int, str] = {}  # number -> how, of jobs that did not succeed later
        self.done = self.total = 0
        self._counts: Mapping[str, int] = {}
        self._jobs: dict[int, Job] = {}
        self._errors: dict[int | None, str] = {}  # thread -> error whose job is still to be named
        self._warnings: set[str] = set()
        self._signals: set[tuple[int, str]] = set()  # with the rules whose jobs they ended
        self._log = ""
        self._began = self._ended = time.time()  # seconds since the epoch
        self._nothing = self._stopped = False
        self._tell: Mapping[LogEvent, Callable[[Any], str]] = {
            LogEvent.RUN_INFO: self._run_info,
            LogEvent.JOB_INFO: self._job_info,
            LogEvent.SHELLCMD: self._command,
            LogEvent.JOB_FINISHED: self._job_finished,
            LogEvent.JOB_ERROR: self._job_error,
            LogEvent.ERROR: self._error,
        }

    def tell(self, record: logging.LogRecord) -> str:
        """Lines about ``record``, without a line end; empty if there is nothing to say."""
        event = getattr(record, "event", None)
        self._ended = record.created
        if event is None:
            return self._message(record)
        told = self._tell[event](record) if event in self._tell else ""
        return "" if self.silent else told

    def closing(self) -> str:
        """The last words: what is there, what is not and why, and where to read more."""
        errors, self._errors = list(self._errors.values()), {}
        if self.silent or not (self.total or self._nothing):
            return "\n".join([] if self.silent else errors)
        if self.settings.dryrun:
            last = [] if self._nothing else [f"{self._summary()} would run; --verbose tells all of each"]
        else:
            last = outcome.last_lines(
                outcome.Run(
                    done=self.done,
                    total=self.total,
                    failed=self.failed,
                    stopped=self._stopped,
                    counted=self.counts_jobs,
                    lasted=clock(self._ended - self._began),
                    log=from_here(self._log) if self._log else "",
                )
            )
        return "\n".join([*errors, *last])

    def status(self) -> str:
        """The line below the bars."""
        ended = f", {len(self.failed)} failed" if self.failed else ""
        return f"{self.done} of {self.total} jobs done{ended}, {clock(time.time() - self._began)}"

    def _summary(self) -> str:
        return f"{self.total} job{'s' * (self.total != 1)} ({grouped(self._counts, outcome.families())})"

    def _message(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if text.startswith("Complete log"):
            self._log = text.partition(": ")[2].partition(", ")[0]
        if again := _AGAIN.match(text):
            job = self._jobs.get(int(again[1]))
            return f"{job.name if job else text} is tried again" if not self.silent else ""
        if text.startswith(_LOOKING):
            says_so = self.counts_jobs and not self.settings.dryrun and not self.silent
            return "Looking what there is to do ..." if says_so else ""
        self._nothing |= text.startswith(_NOTHING)
        self._stopped |= text.startswith(_STOPPED)
        if self.silent or not text or text == "None" or _LEFT_OUT.match(text):
            return ""
        if record.levelno < logging.WARNING:
            return "\n".join(map(cut, text.splitlines()))
        known, self._warnings = text in self._warnings, self._warnings | {text}
        return "" if known else text  # SLURM's executor repeats its warnings with every job

    def _run_info(self, record: Any) -> str:
        again = bool(self.total)  # a dry run tells its numbers before and after
        self._counts = {rule: count for rule, count in record.stats.items() if rule != "total"}
        self.total = sum(self._counts.values())
        if again or self.settings.dryrun or not self.counts_jobs:
            return ""
        targets = outcome.asked_for()
        return f"Making {targets}{': ' if targets else ''}{self._summary()}"

    def _job_info(self, record: Any) -> str:
        job = Job(
            record.jobid,
            record.rule_name,
            job_name(record.rule_name, record.wildcards),
            tuple(map(str, record.log)),
            record.shellcmd,
            _number(record.resources, "mem_mb"),
            _number(record.resources, "runtime"),
            record.created,
        )
        self._jobs[job.number] = job
        self.failed.pop(job.number, None)
        if self.settings.dryrun:
            return cut(f"{job.name}: {reason(record.reason)}") if self.counts_jobs else ""
        if record.shellcmd is not None or record.output:  # else a rule that only asks for others
            self.running[job.number] = job
        return ""

    def _command(self, record: Any) -> str:
        command = getattr(record, "shellcmd", None) or getattr(record, "cmd", None)
        return command.strip() if command and self.settings.printshellcmds and self.counts_jobs else ""

    def _job_finished(self, record: Any) -> str:
        self.done += 1
        job = self.running.pop(record.job_id, None)
        self.failed.pop(record.job_id, None)
        if job is None or not self.counts_jobs or self.settings.dryrun:
            return ""
        took = lasting(_measured(job) or record.created - job.started)
        width = len(str(self.total))
        return cut(f"{self.done:{width}}/{self.total}  {took:>6}  {job.name}")

    def _job_error(self, record: Any) -> str:
        known = self.running.pop(record.jobid, None)
        job = known or Job(record.jobid, record.rule_name, record.rule_name, started=record.created)
        message, error = record.rule_msg or "", self._errors.pop(record.thread, "")
        how = ending(error)
        if "external_jobid" in record.aux:
            job, how = on_its_node(job, message, record.log[len(job.logs) :])
        self.failed[job.number] = str(how)
        seconds = record.created - job.started
        if how.signal is not None:
            seen, kind = self._signals, (how.signal, job.rule)
            self._signals = seen | {kind}
            return signal_line(job, how.signal, seconds, again=kind in seen, stopped=self._stopped)
        told = (message or error) if how == Ending() else ""
        return failure_text(job, how, seconds, told=told, with_logs=self.settings.show_failed_logs)

    def _error(self, record: Any) -> str:
        text = record.getMessage()
        if text.startswith(_OF_A_JOB):
            self._errors[record.thread] = text
            return ""
        if lost := _LOST.search(text):
            job = self.running.pop(int(lost[1]), None)
            self.failed[int(lost[1])] = "its output is missing"
            return f"{job.name} failed: {text}" if job else text
        return "" if _LEFT_OUT.match(text) else text


def _number(resources: Any, name: str) -> int | None:
    value = resources.get(name) if hasattr(resources, "get") else None
    return value if isinstance(value, int) else None


def _measured(job: Job) -> float | None:
    """Seconds by the job's own timing: on a cluster those between submission and end hold the wait."""
    try:
        _, row = Path(timing_of_log(job.logs[0])).read_text(encoding="utf-8").splitlines()
        return float(row.split("\t")[0])
    except (IndexError, OSError, ValueError):
        return None
