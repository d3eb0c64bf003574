"""Fork the jobs of one snakemake from a process that has loaded their libraries once.

To import torch takes two CPU-seconds and 650 MB, in a job that may compute for five seconds.  This process
imports what a command imports before it forks the first one; each job then starts within milliseconds and
shares that memory.  It runs nothing itself and has one thread, so that forking is safe, and never looks for
a GPU, which a fork could not use.

A client (job.py) sends a command with its output file and gets back the number of the process, then how it
ended and what it used.  A client that goes away takes its job along.
"""

import argparse
import ast
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

Jobs = dict[int, socket.socket]  # process -> the client that waits for its end


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("listener", type=int, help="file descriptor of a listening socket")
    parser.add_argument(
        "alive", type=int, help="of a pipe: once its other end closes, the server ends after its last job"
    )
    args = parser.parse_args()
    listener, alive = socket.socket(fileno=args.listener), args.alive
    # Whatever ends a run, the jobs are told themselves, and the server stays until each of them has ended.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    jobs: Jobs = {}
    with selectors.DefaultSelector() as selector:
        for source in (listener, alive, woken):
            selector.register(source, selectors.EVENT_READ)
        serving = True
        while serving or jobs:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    start_job(listener.accept()[0], jobs, selector)
                elif key.fileobj == alive:
                    selector.unregister(alive)
                    selector.unregister(listener)
                    serving = False
                elif key.fileobj == woken:
                    os.read(woken, 4096)
                    end_jobs(jobs, selector)
                elif key.data in jobs:  # a client says nothing more: it is gone
                    selector.unregister(key.fileobj)
                    os.kill(key.data, signal.SIGTERM)
    address = Path(listener.getsockname())
    address.unlink()
    address.parent.rmdir()


def start_job(client: socket.socket, jobs: Jobs, selector: selectors.BaseSelector) -> None:
    """Fork what ``client`` asks for; one of another python, or that died while asking, gets no answer."""
    try:
        size, (output,), *_ = socket.recv_fds(client, 8, 1)
        with client.makefile("rb") as stream:
            request = json.loads(stream.read(int.from_bytes(size)))
    except (OSError, ValueError):
        client.close()
        return
    if request["prefix"] != sys.prefix:
        client.close()
    else:
        load_imports(Path(request["command"][0]))
        gc.freeze()  # a collection in a job would copy what it shares with the others
        process = os.fork()
        if process == 0:
            run_job(request, output)
        jobs[process] = client
        selector.register(client, selectors.EVENT_READ, data=process)
        tell(client, process)
    os.close(output)


def tell(client: socket.socket, answer: object) -> None:
    """A line to a client, which may be gone by now: its end is then read where all others wait."""
    with suppress(OSError):
        client.sendall(f"{json.dumps(answer)}\n".encode())


def end_jobs(jobs: Jobs, selector: selectors.BaseSelector) -> None:
    """Tell the clients of all processes that have ended."""
    while jobs:
        process, status, used = os.wait4(-1, os.WNOHANG)
        if not process:
            return
        client = jobs.pop(process)
        if client in selector.get_map():
            selector.unregister(client)
            tell(client, [status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024])
        client.close()


@cache
def load_imports(script: Path) -> None:
    """Import what ``script`` imports, wherever in it; what fails here fails again in the job, which tells."""
    for node in ast.walk(ast.parse(script.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        else:
            continue
        for name in names:
            try:
                importlib.import_module(name)
            except Exception:
                break


def run_job(request: dict[str, Any], output: int) -> None:
    """The forked process: become the command, as a new python would, and end with its exit status."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in request["ignored"]:
            signal.signal(number, signal.SIG_IGN)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, max(map(int, os.listdir("/proc/self/fd"))) + 1)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = request["command"]
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as leaving:
        status = exit_status(leaving.code)
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def exit_status(code: Any) -> int:
    """What the interpreter makes of ``sys.exit(code)``."""
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
