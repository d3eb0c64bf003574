"""What the jobs of the workflow find in their environment."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

# Numbers of threads that libraries read when they are loaded: a process with threads is not safe to fork.
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def refuse_elsewhere(root: Path) -> None:
    """Raises ValueError in another folder than the workflow's: rules name scripts and results from there."""
    if Path.cwd().resolve() != root.resolve():
        raise ValueError(f"the workflow runs in its own folder: cd {root}, and the same without -s and -d")


def prepare(
    root: Path,
    data_root: str,
    download: bool,
    command: str,
    environment: MutableMapping[str, str] = os.environ,
) -> None:
    """Lead jobs to snakemake's own ``python``, to this checkout's anarch, installed or not, and to the data.

    Where real data lie is no parameter of a job: a folder that moved makes no dataset stale.  ``command``:
    what stands before a file in the command that makes it, for jobs that miss one.
    """
    for name, first in (("PATH", Path(sys.executable).parent), ("PYTHONPATH", root)):
        environment[name] = os.pathsep.join(filter(None, [str(first), environment.get(name)]))
    environment["ANARCH_DATA_ROOT"] = data_root
    environment["ANARCH_DOWNLOAD"] = "1" if download else ""
    environment["ANARCH_COMMAND"] = command


def serve_jobs(root: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """Start a process that forks the jobs of this one, and ends with it (workflow_scripts/job_server.py).

    Only on Linux: libraries of macOS do not survive a fork.  Where it cannot start, jobs start by themselves.
    """
    if sys.platform != "linux":
        return
    address = f"{tempfile.mkdtemp(prefix='anarch-')}/jobs"  # a folder of the user's own: nobody else may ask
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)
    alive, _ = os.pipe()  # its other end closes when this process ends, however it does
    descriptors = (listener.fileno(), alive)
    subprocess.Popen(
        [sys.executable, str(root / "workflow_scripts/job_server.py"), *map(str, descriptors)],
        pass_fds=descriptors,
        env={**environment, **dict.fromkeys(_POOLS, "1")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    listener.close()
    os.close(alive)
    environment["ANARCH_JOB_SERVER"] = address
