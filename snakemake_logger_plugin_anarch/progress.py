"""What a job tells in its log: ``anarch-progress {"done": 3, "total": 40, "unit": "epoch", "loss": 0.5}``."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

from snakemake_logger_plugin_anarch.words import clock

MARK = b"anarch-progress "
_READ_AT_ONCE = 1 << 18  # bytes; a log that grew by more since the last look is read from its end only


@dataclass(frozen=True)
class Progress:
    done: float
    total: float
    unit: str
    loss: float | None

    @property
    def scale(self) -> tuple[str, float]:
        return self.unit, self.total

    @classmethod
    def parse(cls, line: bytes) -> "Progress | None":
        """The progress that ``line`` of a log tells; None if it tells none, or not in the way above."""
        if not line.startswith(MARK):
            return None
        try:
            told = json.loads(line[len(MARK) :])
            done, total = float(told["done"]), float(told["total"])
            loss = None if told.get("loss") is None else float(told["loss"])
            unit = str(told.get("unit", "step"))
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
            return None  # a line cut by a kill, or one into which a second process wrote
        return cls(done, total, unit, loss) if 0 <= done <= total < math.inf and total > 0 else None


class Tail:
    """The progress lines that are new in a log file; a missing, truncated or replaced file is no error.

    What lies there when the Tail is made is an earlier attempt's and is not read until the file changes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = self._state()
        self._position = 0
        self._rest = b""  # of a line whose end is not written yet

    def read(self) -> list[Progress]:
        """Progress told since the last call, oldest first.  One ``stat`` if nothing was written."""
        state = self._state()
        if state == self._seen or state is None:
            return []
        if self._seen is None or state[0] != self._seen[0] or state[1] < self._position:
            self._position, self._rest = 0, b""
        try:
            with self.path.open("rb") as log:
                if state[1] - self._position > _READ_AT_ONCE:
                    self._position, self._rest = state[1] - _READ_AT_ONCE, b""
                log.seek(self._position)
                new = log.read(_READ_AT_ONCE)
        except OSError:
            return []
        self._seen = state
        self._position += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        self._rest = self._rest[-_READ_AT_ONCE:]
        return [told for line in lines if (told := Progress.parse(line)) is not None]

    def _state(self) -> tuple[int, int, int] | None:
        """Identity, size in bytes and time of change of the file; None if there is none."""
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns


class RunningJob:
    """One job with its logs: what it told last, and from how fast that came, how long it will take.

    ``began``: seconds, by the clock that ``now`` is read from.
    """

    def __init__(self, name: str, logs: list[Path], began: float) -> None:
        self.name = name
        self.began = began
        self.last: Progress | None = None
        self._tails = [Tail(path) for path in logs]
        self._start = self._heard = (0.0, 0.0)  # (time in seconds, done)

    def update(self, now: float) -> bool:
        """Read what the logs tell at time ``now`` (seconds, any origin); whether there was anything new."""
        told = [progress for tail in self._tails for progress in tail.read()]
        for progress in told:
            # After a resume `done` does not begin at 0, and a new phase may count in another unit.
            known = self.last
            if known is None or known.scale != progress.scale or known.done > progress.done:
                self._start = (now, progress.done)
            self.last = progress
        if told:
            if self._start[0] == now:  # lines read together say nothing about speed
                self._start = (now, told[-1].done)
            self._heard = (now, told[-1].done)
        return bool(told)

    def seconds_left(self, now: float) -> float | None:
        """Time that the rest takes at the mean speed so far; None until two looks have seen it move."""
        (start, first), (heard, done) = self._start, self._heard
        if self.last is None or done <= first:
            return None
        return max(0.0, (self.last.total - done) * (heard - start) / (done - first) - (now - heard))

    def columns(self, now: float) -> tuple[str, str, str]:
        """``epoch 12/40``, ``loss 0.53`` and ``1:10 left``; of a job that tells nothing, how long it runs."""
        if self.last is None:
            return "", "", clock(max(0.0, now - self.began))
        left = self.seconds_left(now)
        return (
            f"{self.last.unit} {self.last.done:.10g}/{self.last.total:.10g}",
            "" if self.last.loss is None else f"loss {_short(self.last.loss)}",
            "" if left is None else f"{clock(left)} left",
        )

    def line(self, now: float) -> str:
        """``needle_relax protocol=sgd t_w=3 seed=0: epoch 12/40, loss 0.53, 1:10 left``"""
        return f"{self.name}: " + ", ".join(filter(None, self.columns(now)))


def _short(loss: float) -> str:
    return f"{loss:.2f}" if 0.1 <= abs(loss) < 1000 else f"{loss:.2g}"
