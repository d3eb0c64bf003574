"""Snakemake's console as a newcomer reads it: what is made, how far it is, what failed, the tally last."""

import logging
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from snakemake_interface_logger_plugins.base import LogHandlerBase

from snakemake_logger_plugin_anarch.display import Bars, can_draw
from snakemake_logger_plugin_anarch.narration import Narrator
from snakemake_logger_plugin_anarch.progress import RunningJob

_LOGGER = logging.getLogger("snakemake.logging")  # Snakemake's own: .snakemake/log hangs on it
_LOOK_EVERY = 1.0  # seconds; drawing two bars takes 1.6 ms
_LOOK_AT_MOST = 64  # jobs a look: hundreds of cluster jobs must not load the file system
_LINE_EVERY = 60.0  # seconds, of one job
_COLOURS = {logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m", logging.CRITICAL: "\x1b[31m"}
_PLAIN = "\x1b[0m"


class LogHandler(LogHandlerBase):
    """Writes one short line a job, and below them bars of the jobs that run if the stream is a terminal.

    It stands in for Snakemake's console handler, and hands over to that one if anything in here goes wrong
    or the user asks for all (``--verbose``, ``--debug-dag``).  The workflow never notices.
    """

    def __post_init__(self) -> None:
        settings = self.common_settings
        self._narrator = Narrator(settings)
        self._stream: TextIO | Bars = sys.stdout if settings.stdout else sys.stderr
        self._shown: dict[int, RunningJob] = {}
        self._lines_said: dict[RunningJob, float] = {}
        self._turn = 0
        self._lock = threading.RLock()  # of all above: the display has a thread of its own
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._snakemakes_own: logging.Handler | None = None
        if settings.verbose or settings.debug_dag:
            self._hand_over()
        if settings.dryrun or self._narrator.silent or not self._narrator.shows_progress:
            self._end.set()
        else:
            _keep_shell_short()

    # Snakemake drops its own console handler if a plugin says that it writes to the stream.
    writes_to_stream = True
    writes_to_file = False
    has_filter = True  # Snakemake's filter would hide jobs from us under --quiet rules
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write what ``record`` tells; never raises, or Snakemake's listener would end."""
        try:
            with self._lock:
                said = self._narrator.tell(record)
                self._follow_jobs(record)
            if self._snakemakes_own is None:
                self._write(said, record.levelno)
        except Exception as error:  # an event of another Snakemake may look different
            self._give_up(error)
        if self._snakemakes_own is not None:
            with suppress(Exception):
                self._snakemakes_own.handle(record)

    def close(self) -> None:
        """Stop the thread, take the bars away, say the last words.  Called when Snakemake has said all."""
        self._end.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)  # a log on a file system that hangs must not hold up the end
        self._take_bars_away()
        try:
            closing, self._narrator = self._narrator.closing(), Narrator(self.common_settings)
            self._write(closing)
        except Exception as error:
            with suppress(OSError, ValueError):
                print(f"anarch: no last words: {error!r}", file=sys.stderr)
        super().close()

    def look(self, now: float) -> None:
        """Read what is new in the logs at time ``now`` (seconds) and show it."""
        with self._lock:
            jobs = list(self._shown.values())
            status = self._narrator.status()
        if len(jobs) > _LOOK_AT_MOST:
            start = self._turn % len(jobs)
            looked_at = [*jobs, *jobs][start : start + _LOOK_AT_MOST]
            self._turn += _LOOK_AT_MOST
        else:
            looked_at = jobs
        changed = [job for job in looked_at if job.update(now)]
        if self._end.is_set():  # while a slow file system kept us
            return
        if isinstance(self._stream, Bars):
            self._stream.draw(jobs, now, status)
        else:
            self._say([job for job in changed if job.seconds_left(now)], now)

    def _follow_jobs(self, record: logging.LogRecord) -> None:
        """Let the display show the jobs that now run."""
        if self._end.is_set():
            return
        running = self._narrator.running
        for number in self._shown.keys() - running.keys():
            self._lines_said.pop(self._shown.pop(number), None)
        for number in running.keys() - self._shown.keys():
            job = running[number]
            logs = [Path(log).absolute() for log in job.logs]
            self._shown[number] = RunningJob(job.name, logs, time.monotonic())
        if self._shown and self._thread is None:
            self._put_bars_up()
            self._thread = threading.Thread(target=self._follow, name="anarch-progress", daemon=True)
            self._thread.start()

    def _follow(self) -> None:
        while not self._end.wait(_LOOK_EVERY):
            try:
                self.look(time.monotonic())
            except Exception as error:  # for one, the terminal was closed
                self._give_up(error)

    def _say(self, jobs: list[RunningJob], now: float) -> None:
        for job in jobs:
            with self._lock:
                said = self._lines_said.get(job)
                due = job in self._shown.values() and (said is None or now - said >= _LINE_EVERY)
                if due:
                    self._lines_said[job] = now
            if due:
                _LOGGER.info(job.line(now))  # comes back to us, and goes to the log file

    def _write(self, text: str, level: int = logging.INFO) -> None:
        if not text:
            return
        if level in _COLOURS and can_draw(self._stream) and not self.common_settings.nocolor:
            text = f"{_COLOURS[level]}{text}{_PLAIN}"
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def _put_bars_up(self) -> None:
        if not isinstance(self._stream, Bars) and can_draw(self._stream):
            self._stream = Bars(self._stream, colour=not self.common_settings.nocolor)
            if self._snakemakes_own is not None:
                self._hand_over()

    def _take_bars_away(self) -> None:
        if isinstance(self._stream, Bars):
            with suppress(OSError, ValueError):  # the terminal may be gone
                self._stream.write("")
                self._stream.flush()
            self._stream = self._stream.terminal

    def _hand_over(self) -> None:
        """Let Snakemake's own console handler write, as it would without us."""
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

        settings = self.common_settings
        own = ColorizingTextHandler(settings.nocolor, self._stream)
        own.setFormatter(DefaultFormatter(settings.quiet, settings.show_failed_logs))
        own.addFilter(
            DefaultFilter(
                settings.quiet, settings.debug_dag, settings.verbose, settings.dryrun, settings.printshellcmds
            )
        )
        self._snakemakes_own = own

    def _give_up(self, error: Exception) -> None:
        self._end.set()
        self._take_bars_away()
        with suppress(OSError, ValueError):
            print(f"anarch: Snakemake's own display from here on, the jobs go on: {error!r}", file=sys.stderr)
            self._hand_over()


def _keep_shell_short() -> None:
    """Let bash say "Killed", and not the whole command of a job that a signal ended: we say which job it was.

    Bash writes past us to the terminal; of a signal that it traps itself it names no command.
    """
    from snakemake.shell import shell

    if os.path.basename(shell.get_executable() or "") == "bash":
        shell.prefix("set -euo pipefail; trap : SEGV BUS ILL FPE ABRT KILL; ")
