"""How a job ended, and what of it and of the machine stands in the line that says so."""

import signal
from importlib.metadata import version

import pytest

from snakemake_logger_plugin_anarch import machine
from snakemake_logger_plugin_anarch.failures import Ending, Job, ending, log_lines, on_its_node, signal_line

COMMAND = "CalledProcessError in file \"Snakefile\", line 8:\nCommand 'set -euo pipefail; x'"


@pytest.mark.parametrize(
    "told, expected",
    [
        (f"{COMMAND} returned non-zero exit status 3.", Ending(status=3)),
        (f"{COMMAND} returned non-zero exit status 128.", Ending(status=128)),
        (f"{COMMAND} returned non-zero exit status 139.", Ending(signal=signal.SIGSEGV)),
        (f"{COMMAND} returned non-zero exit status 255.", Ending(status=255)),
        (f"{COMMAND} died with <Signals.SIGKILL: 9>.", Ending(signal=signal.SIGKILL)),
        (f"{COMMAND} died with unknown signal 35.", Ending(signal=35)),
        ("SLURM-job '4' failed, SLURM status is: 'OUT_OF_MEMORY'. Reason: ", Ending(signal=signal.SIGKILL)),
        ("SLURM-job '4' failed, SLURM status is: 'TIMEOUT'. Reason: ", Ending(signal=signal.SIGTERM)),
        ("SLURM-job '4' failed, SLURM status is: 'FAILED'. Reason: ", Ending()),
        ("", Ending()),
    ],
)
def test_how_a_job_ended_is_read_from_what_snakemake_says(told, expected):
    assert ending(told) == expected


def test_of_a_clusters_job_the_log_of_its_node_tells_the_signal(tmp_path):
    log = tmp_path / "4.log"
    log.write_text(
        f"SNAKEMAKE\n  Host: node7\n{COMMAND} returned non-zero exit status 137.\nsrun: error: task 0"
    )
    job = Job(3, "train", "train seed=0", ("train.log",), mem_mb=4000)
    message = "SLURM-job '4' failed, SLURM status is: 'FAILED'."
    job, how = on_its_node(job, message, [str(log)])
    assert how == Ending(signal=signal.SIGKILL)
    line = signal_line(job, signal.SIGKILL, 16.0)
    assert line.startswith("train seed=0 was ended by signal 9 (killed) after 16 s in queue and work.")
    assert "mem_mb=4000" in line and "--set-resources train:mem_mb=8000" in line
    assert "on node node7 of the cluster" in line and f"Log: train.log, {log}" in line and "\n" not in line


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGILL, signal.SIGKILL, signal.SIGTERM, 40])
def test_a_signal_is_told_in_one_line_with_versions_and_no_fault_of_the_config(number):
    line = signal_line(Job(3, "train", "train seed=0", ("train.log",)), number, 12.0)
    assert line.startswith(f"train seed=0 was ended by signal {int(number)} (") and "\n" not in line
    assert "no fault of the config" in line or "not in the config" in line
    assert f"torch {version('torch')}" in line and machine.processor() in line and "Log: train.log" in line


@pytest.mark.parametrize(
    "held, mem_mb, told",
    [
        (3900, 4000, "for want of memory, most likely, for it held 3900 MB. Try fewer jobs at once"),
        (300, 4000, "Somebody killed it, or the system for the memory of all jobs: it held 300 MB."),
        (300, None, "Somebody killed it, or the system for the memory of all jobs: it held 300 MB."),
    ],
)
def test_a_kill_tells_the_memory_that_the_job_held(tmp_path, held, mem_mb, told):
    log = tmp_path / "log"
    log.write_text(f"anarch-progress {{}}\na signal ended this job, which held {held} MB at most\n")
    line = signal_line(Job(3, "train", "train seed=0", (str(log),), mem_mb=mem_mb), signal.SIGKILL, 16.0)
    assert told in line and "\n" not in line
    assert ("--set-resources train:mem_mb=8000" in line) == (mem_mb == 4000)


def test_jobs_that_end_with_the_whole_run_are_told_shortly():
    for number in (signal.SIGTERM, signal.SIGKILL):
        told = signal_line(Job(3, "train", "train seed=1", ("1.log",)), number, 3.0, stopped=True)
        assert told == "train seed=1 was stopped after 3.0 s"


def test_a_second_job_of_a_rule_that_dies_alike_is_told_shortly():
    line = signal_line(Job(3, "train", "train seed=1", ("1.log",)), signal.SIGSEGV, 3.0, again=True)
    told = "train seed=1 was ended by signal 11 (segmentation fault) after 3.0 s, as another of train above."
    assert line == f"{told} Log: 1.log"


def test_a_log_is_shown_without_its_progress_and_from_its_end(tmp_path):
    log = tmp_path / "log"
    log.write_text("anarch-progress {}\n" + "".join(f"line {number}\n\n" for number in range(100)))
    told = log_lines(log)
    assert told[0] == f"(40 lines more in {log})" and told[1:] == [
        f"line {number}" for number in range(40, 100)
    ]
    assert log_lines(tmp_path / "none") == []


@pytest.mark.parametrize(
    "flags, best, lesser",
    [
        ("fpu sse4_1 avx avx2 avx512f", "AVX-512", "ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2"),
        ("fpu sse4_1 avx avx2", "AVX2", "ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default"),
        ("fpu sse4_1", "SSE4.1", ""),
    ],
)
def test_the_processor_and_the_instruction_set_below_its_best(tmp_path, flags, best, lesser):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert machine.processor(cpuinfo) == f"Some CPU ({best})"
    assert machine.lesser_instruction_set({}, cpuinfo) == lesser
    assert machine.lesser_instruction_set({"ONEDNN_MAX_CPU_ISA": "SSE41"}, cpuinfo) == ""
    capped = machine.lesser_instruction_set({"ONEDNN_MAX_CPU_ISA": "AVX2"}, cpuinfo)
    assert capped == "ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default"


def test_a_machine_that_tells_nothing_still_has_a_name(tmp_path):
    assert machine.processor(tmp_path / "none") and machine.memory_mb(tmp_path / "none") is None
