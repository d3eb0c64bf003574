"""From Snakemake's log events to bars on a terminal, or where there is none to quiet lines."""

import logging
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_anarch.display import Bars, can_draw
from snakemake_logger_plugin_anarch.progress import RunningJob

_LOGGER = logging.getLogger("snakemake.logging")  # Snakemake's own: console and .snakemake/log hang on it
_LOOK_EVERY = 0.5  # seconds
_LOOK_AT_MOST = 64  # jobs a look: hundreds of cluster jobs must not load the file system
_LINE_EVERY = 60.0  # seconds, of one job


class LogHandler(LogHandlerBase):
    """Follows the log files of running jobs and shows what they tell.

    Snakemake's console handler stays as it is.  To a terminal it writes through our bars while there are any.
    An error in here ends the display, never the workflow.
    """

    def __post_init__(self) -> None:
        self._running: dict[int, RunningJob] = {}
        self._lines_said: dict[RunningJob, float] = {}
        self._turn = 0
        self._lock = threading.Lock()  # of the three above
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._console: logging.StreamHandler | None = None
        self._bars: Bars | None = None
        quiet = {getattr(choice, "name", str(choice)).upper() for choice in self.common_settings.quiet or ()}
        if self.common_settings.dryrun or quiet & {"ALL", "PROGRESS"}:
            self._end.set()

    # Snakemake drops its own console handler if a plugin says that it writes to the stream.
    writes_to_stream = False
    writes_to_file = False
    has_filter = True  # Snakemake's filter would hide jobs from us under --quiet rules
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: logging.LogRecord) -> None:
        """Learn from ``record`` which jobs start and end; never raises."""
        if self._end.is_set():
            return
        try:
            self._note(getattr(record, "event", None), record)
        except Exception as error:  # an event of another Snakemake may look different
            self._give_up(error)

    def close(self) -> None:
        """Stop the thread, take the bars away.  Snakemake calls it at its end, ``logging`` at any other."""
        self._end.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)  # a log on a file system that hangs must not hold up the end
        self._take_bars_away()
        super().close()

    def _note(self, event: LogEvent | None, record: Any) -> None:
        if event == LogEvent.JOB_INFO and record.log:
            logs = [Path(log).absolute() for log in record.log]
            job = RunningJob(record.rule_name, dict(record.wildcards), logs)
            with self._lock:
                self._running[record.jobid] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="anarch-progress", daemon=True)
                self._thread.start()
        elif event in (LogEvent.JOB_FINISHED, LogEvent.JOB_ERROR):
            number = record.job_id if event == LogEvent.JOB_FINISHED else record.jobid
            with self._lock:
                ended = self._running.pop(number, None)
                if ended is not None:
                    self._lines_said.pop(ended, None)

    def _follow(self) -> None:
        while not self._end.wait(_LOOK_EVERY):
            try:
                self.look(time.monotonic())
            except Exception as error:  # for one, the terminal was closed
                self._give_up(error)

    def look(self, now: float) -> None:
        """Read what is new in the logs at time ``now`` (seconds) and show it."""
        with self._lock:
            jobs = list(self._running.values())
        if len(jobs) > _LOOK_AT_MOST:
            start = self._turn % len(jobs)
            looked_at = [*jobs, *jobs][start : start + _LOOK_AT_MOST]
            self._turn += _LOOK_AT_MOST
        else:
            looked_at = jobs
        changed = [job for job in looked_at if job.update(now)]
        if self._end.is_set():  # while a slow file system kept us
            return
        if self._bars is None and changed:
            self._put_bars_up()
        if self._bars is not None:
            self._bars.draw([job for job in jobs if job.last is not None], now)
        else:
            self._say([job for job in changed if job.seconds_left(now)], now)

    def _say(self, jobs: list[RunningJob], now: float) -> None:
        for job in jobs:
            with self._lock:
                said = self._lines_said.get(job)
                due = job in self._running.values() and (said is None or now - said >= _LINE_EVERY)
                if due:
                    self._lines_said[job] = now
            if due:
                _LOGGER.info(job.line(now))

    def _put_bars_up(self) -> None:
        """Draw bars if Snakemake's own console handler has a terminal; another plugin's is left alone."""
        for handler in _LOGGER.handlers:
            if handler.name == "DefaultStreamHandler" and isinstance(handler, logging.StreamHandler):
                if can_draw(handler.stream):
                    self._bars = Bars(handler.stream, colour=not self.common_settings.nocolor)
                    self._console = handler
                    handler.setStream(self._bars)
                return

    def _take_bars_away(self) -> None:
        bars, console, self._bars, self._console = self._bars, self._console, None, None
        if bars is None or console is None:
            return
        with suppress(OSError, ValueError):  # the terminal may be gone
            bars.write("")
            bars.flush()
        console.stream = bars.terminal

    def _give_up(self, error: Exception) -> None:
        self._end.set()
        self._take_bars_away()
        with suppress(OSError, ValueError):
            print(f"anarch: no more live progress, the jobs go on: {error!r}", file=sys.stderr)
