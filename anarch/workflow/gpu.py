"""GPU slots: Snakemake counts GPUs but gives no job one of its own, so a machine's jobs share them out."""

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
    devices: Sequence[str], folder: Path, *, jobs: int = 1, wait: Callable[[], None] = lambda: time.sleep(1.0)
) -> tuple[str, FileLock]:
    """The device with the fewest jobs, if fewer than ``jobs``, and its lock; waits until there is one.

    One locked file a device and job in ``folder``; the operating system frees it when the process ends,
    however it ends.
    """
    if not devices:
        raise ValueError("no device to claim")
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for place in range(jobs):
            for device in devices:
                name = re.sub(r"[^A-Za-z0-9-]", "_", device) + (f"-{place}" if place else "")
                lock = FileLock(folder / f"gpu-{name}.lock", mode=0o666)
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue
                return device, lock
        wait()


def take_device(
    gpus: int, environment: Mapping[str, str], folder: Path, devices: Path = NVIDIA
) -> tuple[str, FileLock | None]:
    """What to set ``CUDA_VISIBLE_DEVICES`` to for a job granted ``gpus`` (0 or 1), and the lock to hold.

    Empty means CPU.  Up to ``ANARCH_JOBS_PER_GPU`` jobs, one by default, share a device.
    """
    visible = visible_devices(environment, devices) if gpus else []
    if not visible:
        return "", None
    return claim(visible, folder, jobs=jobs_per_device(environment))


def jobs_per_device(environment: Mapping[str, str]) -> int:
    """``ANARCH_JOBS_PER_GPU``, 1 where it is not set.

    Raises:
        ValueError: it is no whole number from 1 on.
    """
    told = environment.get("ANARCH_JOBS_PER_GPU", "") or "1"
    if not re.fullmatch(r"[1-9]\d*", told):
        raise ValueError(f"ANARCH_JOBS_PER_GPU must be a whole number, 1 or more, got {told!r}")
    return int(told)


def lock_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where this user's jobs on this machine meet; under SLURM those of one allocation only.

    SLURM shares the devices out to allocations, each of which may call its first device 0.
    """
    name = "-".join(filter(None, ["anarch-gpus", str(os.getuid()), environment.get("SLURM_JOB_ID")]))
    return Path(environment.get("TMPDIR", "/tmp")) / name
