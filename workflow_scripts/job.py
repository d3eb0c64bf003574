"""Run a command of this folder as a job: what it prints goes into a log, what it took into a timing beside.

By hand:  python workflow_scripts/job.py results/laptop/logs/needle/blocks.log blocks.py --model ...

Where a server of jobs runs (job_server.py), it forks the command from a process that has its libraries
loaded; else the command is a process of its own.  It is the same job either way, and ends alike: with the
command's exit status, or by the signal that ended the command.
"""

import argparse
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple

from anarch.workflow.paths import timing_of_log

# What nohup, or a shell that starts something in the background, lets a command and its children ignore.
HEARD = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Ended(NamedTuple):
    """How a process ended (``os.wait4``), its CPU seconds, and the most memory it held (MB)."""

    status: int
    cpu: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", type=Path, help="file for what the command prints")
    parser.add_argument("script", help="the command, such as train.py")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its arguments")
    args = parser.parse_args()
    args.log.parent.mkdir(parents=True, exist_ok=True)
    output = os.open(args.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    command = [str(Path(__file__).parent / args.script), *args.arguments]
    begun = time.monotonic()
    ended = forked(command, output) or spawned(command, output)
    seconds = time.monotonic() - begun
    if os.WIFSIGNALED(ended.status):
        # The logger plugin reads how near that was to what the rule asks for.
        os.write(output, f"a signal ended this job, which held {ended.memory:.0f} MB at most\n".encode())
        end_by(os.WTERMSIG(ended.status))
    if ended.status == 0:
        write_timing(timing_of_log(str(args.log)), seconds, ended)
    sys.exit(os.waitstatus_to_exitcode(ended.status))


def forked(command: list[str], output: int) -> Ended | None:
    """Let the server run the command; None where there is none, or none with this python."""
    address = os.environ.get("ANARCH_JOB_SERVER")
    if address is None:
        return None
    request = {
        "prefix": sys.prefix,
        "command": command,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "ignored": [number for number in HEARD if signal.getsignal(number) is signal.SIG_IGN],
    }
    text = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(address)
            socket.send_fds(server, [len(text).to_bytes(8)], [output])
            server.sendall(text)
        except OSError:  # it is on another machine, or was killed
            return None
        with server.makefile(encoding="utf-8") as answers:
            process = json.loads(next(answers, "null"))
            if process is None:
                return None
            pass_on_termination(process)
            ended = json.loads(next(answers, "null"))
    if ended is None:
        os.write(output, b"error: the server of jobs was killed, and this job with it: run again\n")
        return Ended(status=1 << 8, cpu=0.0, memory=0.0)
    return Ended(*ended)


def spawned(command: list[str], output: int) -> Ended:
    """Run the command in a process of its own."""
    files = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    process = os.posix_spawn(sys.executable, [sys.executable, *command], os.environ, file_actions=files)
    pass_on_termination(process)
    _, status, used = os.wait4(process, 0)
    return Ended(status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def pass_on_termination(process: int) -> None:
    """A terminal interrupts all of its processes; a termination comes to this one alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(process, signal.SIGTERM))


def end_by(number: int) -> None:
    """End as the command did; the system's own kill needs no handler taken away."""
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def write_timing(file: str, seconds: float, ended: Ended) -> None:
    """A table of one row, with the names of Snakemake's benchmarks."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w", encoding="utf-8") as timing:
        timing.write(f"s\tcpu_time\tmax_rss\n{seconds:.4f}\t{ended.cpu:.4f}\t{ended.memory:.2f}\n")


if __name__ == "__main__":
    main()
