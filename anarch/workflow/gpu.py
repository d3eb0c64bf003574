"""GPU slots: Snakemake counts GPUs but gives no job one of its own, so the jobs of a machine share them out."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

NVIDIA = Path("/dev")


def visible_devices(environment: Mapping[str, str], devices: Path = NVIDIA) -> list[str]:
    """Ids that a process may use: those named by ``CUDA_VISIBLE_DEVICES``, else each ``/dev/nvidia<n>``."""
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip() not in ("", "-1")]
    numbers = (re.fullmatch(r"nvidia(\d+)", path.name) for path in devices.glob("nvidia*"))
    return sorted((match[1] for match in numbers if match), key=int)


def claim(
    devices: Sequence[str], folder: Path, *, wait: Callable[[], None] = lambda: time.sleep(1.0)
) -> tuple[str, FileLock]:
    """The first free device of this machine and its lock, waiting until there is one.

    One locked file a device in ``folder``; the operating system frees it when the process ends, however it ends.
    """
    if not devices:
        raise ValueError("no device to claim")
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for device in devices:
            lock = FileLock(folder / f"gpu-{re.sub(r'[^A-Za-z0-9-]', '_', device)}.lock", mode=0o666)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return device, lock
        wait()


def take_device(
    gpus: int, environment: Mapping[str, str], folder: Path, devices: Path = NVIDIA
) -> tuple[str, FileLock | None]:
    """What to set ``CUDA_VISIBLE_DEVICES`` to for a job that was granted ``gpus`` (0 or 1), and the lock to hold.

    Empty means CPU.  A cluster's scheduler has shared out the devices already: its choice is taken as it is.
    """
    visible = visible_devices(environment, devices) if gpus else []
    if not visible:
        return "", None
    if "SLURM_JOB_ID" in environment:
        return ",".join(visible), None
    return claim(visible, folder)


def lock_folder() -> Path:
    """Where this user's jobs on this machine meet."""
    return Path(os.environ.get("TMPDIR", "/tmp")) / f"anarch-gpus-{os.getuid()}"
