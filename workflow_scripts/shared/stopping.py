"""A long job that is told to stop (TERM, or INT) leaves within seconds, with its state saved."""

import os
import signal
import threading
from types import FrameType

GRACE = (
    10.0  # seconds for the step or epoch at hand; what was saved last is as old as --save-every, or one epoch
)
_told: list[int] = []


def heed_signals() -> None:
    """Only take a signal down, for `told_to_stop`; the same one again, or some seconds later, ends us."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _take_down)


def told_to_stop() -> bool:
    return bool(_told)


def leave() -> None:
    """End by the signal that told us to stop, which is how whoever sent it knows."""
    signal.signal(_told[0], signal.SIG_DFL)
    os.kill(os.getpid(), _told[0])


def _take_down(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    if not _told:
        _told.append(number)
        # Not print: the signal may have come in the middle of one.
        os.write(1, f"told to stop by {signal.Signals(number).name}\n".encode())
        timer = threading.Timer(GRACE, os.kill, (os.getpid(), number))
        timer.daemon = True
        timer.start()
