"""GPU slots with devices that do not exist: no two jobs of a machine ever hold the same one."""

import multiprocessing
from pathlib import Path

import pytest

from anarch.workflow.gpu import claim, jobs_per_device, lock_folder, take_device, visible_devices


def test_devices_are_those_named_or_those_there(tmp_path: Path):
    for name in ("nvidia0", "nvidia1", "nvidia10", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_devices({}, tmp_path) == ["0", "1", "10"]
    assert visible_devices({"CUDA_VISIBLE_DEVICES": "1, GPU-ab12"}, tmp_path) == ["1", "GPU-ab12"]
    assert visible_devices({"CUDA_VISIBLE_DEVICES": ""}, tmp_path) == []
    assert visible_devices({"CUDA_VISIBLE_DEVICES": "-1"}, tmp_path) == []


def test_a_job_without_a_gpu_or_on_a_machine_without_one_takes_the_cpu(tmp_path: Path):
    assert take_device(0, {"CUDA_VISIBLE_DEVICES": "0"}, tmp_path) == ("", None)
    assert take_device(1, {}, tmp_path, devices=tmp_path) == ("", None)


def test_two_allocations_may_both_have_a_device_0_and_jobs_of_one_share_theirs_out(tmp_path: Path):
    """SLURM shares devices out to allocations, which number their own from 0; within one the jobs meet."""
    first, second = ({"TMPDIR": str(tmp_path), "SLURM_JOB_ID": number} for number in ("7", "8"))
    given = {"CUDA_VISIBLE_DEVICES": "0,1"}
    claimed = [take_device(1, given, lock_folder(job)) for job in (first, first, second)]
    assert [device for device, _lock in claimed] == ["0", "1", "0"]
    assert lock_folder({"TMPDIR": str(tmp_path)}) not in (lock_folder(first), lock_folder(second))


def test_two_jobs_get_two_devices_and_a_third_waits_for_one(tmp_path: Path):
    first, lock = claim(["0", "1"], tmp_path)
    second, _held = claim(["0", "1"], tmp_path)
    assert {first, second} == {"0", "1"}
    waits = []

    def wait() -> None:
        waits.append(1)
        lock.release()

    third, _also_held = claim(["0", "1"], tmp_path, wait=wait)
    assert (third, len(waits)) == (first, 1)


def test_jobs_spread_over_all_devices_before_two_share_one_and_no_more_do_than_may(tmp_path: Path):
    environment = {"CUDA_VISIBLE_DEVICES": "0,1", "ANARCH_JOBS_PER_GPU": "2"}
    held = [take_device(1, environment, tmp_path) for _ in range(4)]
    assert [device for device, _lock in held] == ["0", "1", "0", "1"]
    waits = []

    def wait() -> None:
        waits.append(1)
        held[1][1].release()

    fifth, _lock = claim(["0", "1"], tmp_path, jobs=2, wait=wait)
    assert (fifth, len(waits)) == ("1", 1)


def test_jobs_of_one_count_and_of_another_still_share_the_first_place(tmp_path: Path):
    """A job that wants a device of its own waits for whoever came first, and later ones may join it."""
    _device, lock = take_device(1, {"CUDA_VISIBLE_DEVICES": "0", "ANARCH_JOBS_PER_GPU": "3"}, tmp_path)
    waits = []

    def wait() -> None:
        waits.append(1)
        lock.release()

    assert claim(["0"], tmp_path, wait=wait)[0] == "0" and len(waits) == 1


@pytest.mark.parametrize("told", ["0", "-1", "two", "1.5"])
def test_an_impossible_number_of_jobs_is_refused(told: str):
    with pytest.raises(
        ValueError, match=f"ANARCH_JOBS_PER_GPU must be a whole number, 1 or more, got '{told}'"
    ):
        jobs_per_device({"ANARCH_JOBS_PER_GPU": told})
    assert jobs_per_device({}) == jobs_per_device({"ANARCH_JOBS_PER_GPU": ""}) == 1


def _hold(folder: Path, ready, die) -> None:
    _, _lock = claim(["0"], folder)
    ready.set()
    die.wait()


def test_a_killed_job_frees_its_device(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    ready, never = context.Event(), context.Event()
    job = context.Process(target=_hold, args=(tmp_path, ready, never))
    job.start()
    assert ready.wait(60)

    def wait() -> None:
        job.kill()
        job.join()

    device, _lock = claim(["0"], tmp_path, wait=wait)
    assert device == "0" and not job.is_alive()


def test_no_device_cannot_be_claimed(tmp_path: Path):
    with pytest.raises(ValueError, match="no device"):
        claim([], tmp_path)
