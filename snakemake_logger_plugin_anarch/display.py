"""Bars at the foot of a terminal, below whatever else is written to it."""

import os
import threading
from collections.abc import Sequence
from typing import Any, TextIO

from snakemake_logger_plugin_anarch.progress import RunningJob

_BAR = 24  # columns
_UP = "\x1b[{}A"
_TO_END_OF_LINE, _TO_END_OF_SCREEN = "\x1b[K", "\x1b[J"


class Bars:
    """One bar a job on ``terminal``, and the stream through which all others must write to that terminal.

    The cursor stays visible and rests below the last bar, and no mode of the terminal is changed: there is
    nothing to restore, even after ``kill -9``.
    """

    def __init__(self, terminal: TextIO, *, colour: bool = True) -> None:
        from rich.console import Console  # here, for each job that Snakemake starts imports this package

        self.terminal = terminal
        self._lock = threading.RLock()
        self._drawn = 0  # lines of bars on the screen
        self._line_is_open = False  # somebody's line has no end yet: bars would break it
        self._console = Console(file=terminal, force_terminal=True, no_color=not colour, legacy_windows=False)

    def draw(self, jobs: Sequence[RunningJob], now: float, status: str = "") -> None:
        """Replace the bars by those of ``jobs`` at time ``now`` (seconds), with the line ``status`` below."""
        with self._lock:
            if self._line_is_open or not in_foreground(self.terminal):
                return
            lines = [*self._lines(jobs, now), *([status] if jobs and status else [])]
            text = self._back() + "".join(f"{line}{_TO_END_OF_LINE}\n" for line in lines) + _TO_END_OF_SCREEN
            if lines or self._drawn:
                self.terminal.write(text)
                self.terminal.flush()
            self._drawn = len(lines)

    def write(self, text: str) -> int:
        """Write ``text`` of somebody else where the bars are; the next ``draw`` puts them below it."""
        with self._lock:
            if self._drawn:
                self.terminal.write(self._back() + _TO_END_OF_SCREEN)
                self._drawn = 0
            if text:
                self._line_is_open = not text.endswith("\n")
            return self.terminal.write(text)

    def __getattr__(self, name: str) -> Any:
        """Whatever else a stream can do (flush, isatty, encoding) the terminal does."""
        return getattr(self.terminal, name)

    def _back(self) -> str:
        return "\r" + _UP.format(self._drawn) if self._drawn else ""

    def _lines(self, jobs: Sequence[RunningJob], now: float) -> list[str]:
        """The picture, below the terminal's width and height: a line that wraps could not be taken back."""
        if not jobs:
            return []
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        try:
            width, height = os.get_terminal_size(self.terminal.fileno())
        except (OSError, ValueError):
            width = height = 0
        width, height = width or 80, height or 24  # some terminals do not know
        self._console.width = max(width, 20) - 1
        shown = sorted(jobs, key=lambda job: job.last is None)[: max(1, height - 4)]
        table = Table.grid(padding=(0, 1), expand=False)
        for style in ("", "", "", "", "cyan"):
            table.add_column(style=style, no_wrap=True, overflow="ellipsis")
        for job in shown:
            bar = ProgressBar(job.last.total, job.last.done, width=_BAR) if job.last else ""
            table.add_row(job.name, bar, *job.columns(now))
        with self._console.capture() as capture:
            self._console.print(table)
        lines = capture.get().splitlines()
        return lines if len(shown) == len(jobs) else [*lines, f"and {len(jobs) - len(shown)} more"]


def can_draw(stream: Any) -> bool:
    """Whether ``stream`` is a terminal that understands how to move its cursor."""
    isatty = getattr(stream, "isatty", None)
    moves = os.name == "posix" and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
    return moves and bool(isatty and isatty())


def in_foreground(terminal: TextIO) -> bool:
    """False while the user's shell has the terminal (Ctrl-Z, bg): bars would paint over what is typed."""
    try:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # a terminal that controls no process group
        return True
