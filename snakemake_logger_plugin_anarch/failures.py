"""Why a job failed: by its exit status, or by a signal, which says nothing of the config."""

import os
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snakemake_logger_plugin_anarch import machine
from snakemake_logger_plugin_anarch.progress import MARK
from snakemake_logger_plugin_anarch.words import lasting

_STATUS = re.compile(r"returned non-zero exit status (\d+)\.")
_SIGNAL = re.compile(r"died with (?:<Signals\.\w+: |unknown signal )(\d+)")
_SLURM = re.compile(r"SLURM status is: '(\w+)'")
_SLURM_SIGNALS = {"OUT_OF_MEMORY": "SIGKILL", "TIMEOUT": "SIGTERM", "CANCELLED": "SIGTERM"}
_NODE = re.compile(r"^ +Host: (\S+)$", re.MULTILINE)
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS")
_HELD = re.compile(r"a signal ended this job, which held (\d+) MB at most")
_NEAR = 0.8  # of the memory that a rule asks for, which is an estimate
_LAST_LINES = 60  # of a job's log; the rest is in the file that is named above them
_READ = 1 << 18  # bytes of a log's end


@dataclass(frozen=True)
class Job:
    """One job as Snakemake announced it."""

    number: int
    rule: str
    name: str
    logs: Sequence[str] = ()
    command: str | None = None
    mem_mb: int | None = None
    runtime: int | None = None  # minutes
    started: float = 0.0  # seconds since the epoch
    node: str | None = None  # where a cluster ran it

    @property
    def log(self) -> str:
        return ", ".join(self.logs)

    def after(self, seconds: float) -> str:
        """A cluster's job may have waited most of the time."""
        return f"after {lasting(seconds)}" + (" in queue and work" if self.node else "")


@dataclass(frozen=True)
class Ending:
    """How a job ended: by a signal, else with an exit status, else nobody knows."""

    signal: int | None = None
    status: int | None = None

    def __str__(self) -> str:
        if self.signal is not None:
            return f"signal {self.signal} ({_signal_words(self.signal)})"
        return "failed" if self.status is None else f"exit status {self.status}"


def ending(told: str) -> Ending:
    """What the last job in ``told``, an error of Snakemake or the log of a remote one, ended with.

    Of a command that a signal ended the shell makes 128 and the signal's number.
    """
    found = [*_STATUS.finditer(told), *_SIGNAL.finditer(told)]
    if found:
        last = max(found, key=re.Match.start)
        number = int(last[1])
        if last.re is _SIGNAL:
            return Ending(signal=number)
        if number > 128 and _signal_name(number - 128):
            return Ending(signal=number - 128)
        return Ending(status=number)
    slurm = _SLURM.search(told)
    sent = _SLURM_SIGNALS.get(slurm[1]) if slurm else None
    return Ending(signal=signal.Signals[sent] if sent else None)


def signal_line(job: Job, number: int, seconds: float, *, again: bool = False, stopped: bool = False) -> str:
    """What a user can do something with, in one line: which job, which signal, why, what to try, where.

    ``again``: the rest was told of a job of the same rule; ``stopped``: the whole run was told to end.
    """
    name = _signal_name(number)
    if stopped and name in ("SIGTERM", "SIGKILL"):
        return f"{job.name} was stopped {job.after(seconds)}"
    if name == "SIGINT":
        return f"{job.name} was stopped (Ctrl-C) {job.after(seconds)}"
    log = f" Log: {job.log}" if job.logs else ""
    told = f"{job.name} was ended by {Ending(number)} {job.after(seconds)}"
    if again:
        return f"{told}, as another of {job.rule} above.{log}"
    advice = "The same command goes on from there."
    if name == "SIGKILL":
        why = _killed(job)
        advice = _memory_advice(job)
    elif name in _CRASHES:
        why = "That is a fault in compiled code, not in the config."
        advice = (
            "Try the same command again: a training goes on from its last saved state; make check tells"
            " whether the machine computes rightly."
        )
        if cap := machine.lesser_instruction_set(os.environ, known=job.node is None):
            advice += f" If it dies again, put {cap} in front of the command."
    else:
        asked = f" (rule {job.rule} asks for runtime={job.runtime} minutes)" if job.runtime else ""
        why = f"Somebody or a limit on time{asked} ended it; it is no fault of the config."
    here = f"{machine.software()}, on {job.node or machine.processor()}"
    return f"{told}. {why} {advice} Here: {here}.{log}"


def failure_text(job: Job, how: Ending, seconds: float, *, told: str, with_logs: bool) -> str:
    """A failure in full: what ``told`` it, and the end of each log; without one, the command."""
    lines = [f"{job.name} failed {job.after(seconds)} ({how})" + (f"; log: {job.log}" if job.logs else "")]
    lines += [f"    {line}" for line in told.splitlines() if line.strip()]
    texts = (log_lines(Path(log)) for log in job.logs if with_logs)
    shown = next((text for text in texts if text), [])  # a node's own log repeats what the job's says
    lines += [f"    {line}" for line in shown]
    if not shown and job.command:
        lines.append(f"    its command: {job.command.strip()}")
    return "\n".join(lines)


def log_lines(log: Path) -> list[str]:
    """The end of a ``log`` without the lines that only tell progress; nothing of a log that is not there."""
    told = [line for line in _end_of(log).splitlines() if line.strip()]
    lines = [line for line in told if not line.startswith(MARK.decode())]
    left_out = len(lines) - _LAST_LINES
    return [f"({left_out} lines more in {log})", *lines[left_out:]] if left_out > 0 else lines


def on_its_node(job: Job, message: str, logs: Sequence[str]) -> tuple[Job, Ending]:
    """A cluster's job, with the ``logs`` of the snakemake that ran it there, and how it ended.

    They tell more than the status in the ``message``.
    """
    told = "\n".join([message, *(_end_of(Path(log)) for log in logs)])
    nodes = _NODE.findall(told)
    node = f"node {nodes[-1]} of the cluster" if nodes else "a node of the cluster"
    return replace(job, logs=(*job.logs, *map(from_here, logs)), node=node), ending(told)


def from_here(file: str) -> str:
    here, path = Path.cwd(), Path(file)
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _READ))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _killed(job: Job) -> str:
    """Whether it was for want of memory, as far as the job's own log tells what it held."""
    told = [found for log in job.logs for found in _HELD.findall(_end_of(Path(log)))]
    if not told:
        return "The system or somebody killed it, often for want of memory; it is no fault of the config."
    held = int(told[-1])
    if job.mem_mb and held >= _NEAR * job.mem_mb:
        return f"The system killed it for want of memory, most likely, for it held {held} MB."
    return f"Somebody killed it, or the system for the memory of all jobs: it held {held} MB."


def _memory_advice(job: Job) -> str:
    asked = f"rule {job.rule} " + (f"asks for mem_mb={job.mem_mb}" if job.mem_mb else "names no mem_mb")
    if job.node is not None:
        more = f"--set-resources {job.rule}:mem_mb={2 * (job.mem_mb or 2000)}"
        return f"Try with more ({asked}): {more}."
    total = machine.memory_mb()
    room = f", or --resources mem_mb={total}, all that this machine has" if total else ""
    more = (
        f", with --set-resources {job.rule}:mem_mb={2 * job.mem_mb} if that is too little"
        if job.mem_mb
        else ""
    )
    return f"Try fewer jobs at once ({asked}): --cores 1{room}{more}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def _signal_words(number: int) -> str:
    try:
        return (signal.strsignal(number) or "unknown").lower()
    except ValueError:
        return "unknown"
