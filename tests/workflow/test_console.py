"""What a terminal shows of a run: short lines, failures in full, last what is there and what is missing."""

import os
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from snakemake_logger_plugin_anarch import machine, words
from snakemake_logger_plugin_anarch.failures import Ending, Job, ending, log_lines, on_its_node, signal_line

ROOT = Path(__file__).parents[2]
CRASHING = """
from snakemake_logger_plugin_anarch import outcome

outcome.follow(workflow, families=["good"], last_words={"report": "report/tally.txt"})

rule all:
    default_target: True
    input: "crashed.txt", expand("good{i}.txt", i=range(3)), "hangs.txt", "report/index.html"

rule crashes:
    output: "crashed.txt"
    log: "logs/crashed.log"
    shell: "(kill -SEGV $BASHPID) > {log} 2>&1"

rule killed:
    output: "killed.txt"
    log: "logs/killed.log"
    resources: mem_mb=321
    shell: "(kill -9 $BASHPID) > {log} 2>&1"

rule wrong:
    output: "wrong.txt"
    log: "logs/wrong.log"
    shell: "echo 'anarch-progress {{}}' > {log}; echo 'error: no such key' >> {log}; exit 3"

rule good_one:
    output: "good{i}.txt"
    shell: "touch {output}"

rule hangs:
    input: "crashed.txt", "good0.txt"
    output: "hangs.txt"
    shell: "touch {output}"

rule report:
    input: "hangs.txt", "killed.txt", "wrong.txt"
    output: "report/index.html", "report/tally.txt"
    shell: "touch {output}"
"""
MANY = """
from snakemake_logger_plugin_anarch import outcome

outcome.follow(workflow, families=["study"], last_words={"report": "tally.txt"})

rule all:
    default_target: True
    input: expand("a-rather-long-name-of-a-folder/{i}.txt", i=range(40)), "tally.txt"

rule study_train:
    output: "a-rather-long-name-of-a-folder/{i}.txt"
    shell: "touch {output}"

rule report:
    input: expand("a-rather-long-name-of-a-folder/{i}.txt", i=range(40))
    output: "tally.txt"
    shell: "echo 'page.html: 3 reproduced' > {output}"
"""


def folder(path: Path, snakefile: str) -> Path:
    """A workflow under our own default profile."""
    (path / "Snakefile").write_text(snakefile)
    (path / "profiles/default").mkdir(parents=True)
    (path / "profiles/default/config.yaml").write_text((ROOT / "profiles/default/config.yaml").read_text())
    return path


def started(where: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Tests that run in the background of a script ignore Ctrl-C, and so would what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def lines(where: Path, *arguments: str, status: int = 0) -> list[str]:
    """What snakemake prints, without the line that comes before any logger."""
    process = started(where, *arguments)
    printed, _ = process.communicate(timeout=100)
    assert process.returncode == status, printed
    return [line for line in printed.splitlines() if not line.startswith("Using workflow specific profile")]


def log_of(where: Path) -> str:
    return max((where / ".snakemake/log").iterdir()).read_text()


# --- words


def test_reasons_are_told_without_their_files():
    files = ", ".join(f"results/{number}.csv" for number in range(2000))
    told = f"Missing output files: {files}; Input files updated by another job: {files}"
    assert words.reason(told) == "output is missing, input will be new"
    assert words.reason("Code has changed since last execution") == "code has changed"
    assert words.reason("something " * 20) == f"{('something ' * 20)[:59]}…"


def test_jobs_are_counted_by_study():
    counts = {"bad_minima_train": 60, "needle": 1, "needle_cnn": 7, "bad_minima_fig1": 1, "needleless": 2}
    assert words.grouped(counts, ["needle", "bad_minima"]) == "bad_minima 61, needle 8, needleless 2"


def test_names_that_do_not_fit_are_counted():
    assert words.listed(["a" * 20, "b" * 20, "c"], 60) == f"{'a' * 20}, {'b' * 20} and 1 more"
    assert words.listed(["a" * 200, "b"], 60) == f"{'a' * 200} and 1 more"
    assert words.listed([]) == ""


def test_a_jobs_name_repeats_no_study():
    told = {"study": "bad_minima", "run": "resnet18/l2-s0"}
    assert words.job_name("bad_minima_train", told) == "bad_minima_train run=resnet18/l2-s0"
    assert words.job_name("train", told) == "train study=bad_minima run=resnet18/l2-s0"


# --- how a job ended

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


# --- the machine


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


# --- whole runs


def test_one_dead_job_does_not_stop_the_others_and_the_last_lines_say_what_is_missing(tmp_path):
    where = folder(tmp_path, CRASHING)
    (where / "report").mkdir()
    (where / "report/index.html").touch()  # an earlier run's
    printed = lines(where, status=1)
    text = "\n".join(printed)
    assert sorted(file.name for file in where.glob("*.txt")) == ["good0.txt", "good1.txt", "good2.txt"]
    (crash,) = [line for line in printed if line.startswith("crashes was ended by")]
    assert "signal 11 (segmentation fault)" in crash and "not in the config" in crash
    assert "Log: logs/crashed.log" in crash
    (kill,) = [line for line in printed if line.startswith("killed was ended by")]
    assert "signal 9 (killed)" in kill and "want of memory" in kill and "asks for mem_mb=321" in kill
    assert re.search(
        r"wrong failed after \d\.\d s \(exit status 3\); log: logs/wrong.log\n    error: no", text
    )
    last = printed[printed.index(next(line for line in printed if " jobs done, " in line)) :]
    assert re.fullmatch(
        r"3 of 9 jobs done, 3 failed in 0:\d\d; all that Snakemake said: \.snakemake/log/\S+\.log", last[0]
    )
    assert last[1:] == [
        "  failed: crashes, signal 11 (segmentation fault); logs/crashed.log",
        "  failed: killed, signal 9 (killed); logs/killed.log",
        "  failed: wrong, exit status 3; logs/wrong.log",
        "  not made for want of crashes:",
        "    hangs",
        "  not made for want of crashes, killed, wrong:",
        "    report",
        "  report/index.html is not made, for it needs everything; what lies there is of an earlier run",
        "What is there stays: the same command makes the rest.",
    ]
    assert "Error in rule wrong:" in log_of(where) and "error: no such key" in log_of(where)


def test_the_terminal_is_short_and_the_log_file_has_the_full_text(tmp_path):
    where = folder(tmp_path, MANY)
    printed = lines(where)
    jobs = [line for line in printed if re.match(r" ?\d+/42 +\d\.\d s  (study_train i=\d+|report)$", line)]
    assert len(jobs) == 41  # of the rule that only asks for others there is nothing to tell
    assert "Making all: 42 jobs (study 40, report 1, all 1)" in printed
    assert len(printed) <= len(jobs) + 5 and max(map(len, printed)) <= 200, printed
    assert printed[-1] == "page.html: 3 reproduced" and printed[-2].startswith("42 jobs done in 0:")
    log = log_of(where)
    assert log.count("rule study_train:") == 40 and log.count("a-rather-long-name-of-a-folder/7.txt") >= 3
    assert max(map(len, log.splitlines())) > 1000  # the reason of the report

    again = lines(where)
    assert again[-2].startswith("Nothing to be done") and again[-1] == "page.html: 3 reproduced"
    assert lines(where, "--", "a-rather-long-name-of-a-folder/7.txt")[-1].endswith("-folder/7.txt")


def test_options_of_snakemake_show_more_or_less(tmp_path):
    where = folder(tmp_path, MANY)
    dry = lines(where, "-n")
    assert {"study_train i=7: output is missing", "report: output is missing, input will be new"} <= {*dry}
    assert dry[-1].startswith("42 jobs (study 40, report 1, all 1) would run")
    assert len(dry) == 43 and max(map(len, dry)) <= 200
    assert lines(where, "-n", "-q") == dry[-1:]
    whole = lines(where, "-n", "--verbose")
    assert "rule study_train:" in whole and "    output: a-rather-long-name-of-a-folder/7.txt" in whole

    one = ("--forcerun", "study_train", "--", "a-rather-long-name-of-a-folder/7.txt")
    assert "touch a-rather-long-name-of-a-folder/7.txt" in lines(where, "--printshellcmds", *one)
    assert lines(where, "--quiet", "progress", *one) == [one[-1]]
    assert lines(where, "--quiet", "all", *one) == []


def test_a_job_that_is_tried_again_is_told_of(tmp_path):
    printed = lines(folder(tmp_path, CRASHING), "--retries", "1", "--", "crashed.txt", status=1)
    deaths = [line for line in printed if line.startswith("crashes was ended by signal 11")]
    assert len(deaths) == 2 and "as another of crashes above" in deaths[1] and len(deaths[0]) > len(deaths[1])
    assert printed.count("crashes is tried again") == 1 and "0 of 1 job done, 1 failed" in printed[-3]


def test_quiet_keeps_failures(tmp_path):
    printed = lines(folder(tmp_path, CRASHING), "--quiet", "progress", "rules", "--", "crashed.txt", status=1)
    assert any(line.startswith("crashes was ended by signal 11") for line in printed)
    assert "  failed: crashes, signal 11 (segmentation fault); logs/crashed.log" in printed


def test_a_run_that_is_stopped_says_so_and_accuses_no_job(tmp_path):
    where = folder(tmp_path, "rule waits:\n    output: 'x'\n    shell: 'touch begun; sleep 60'\n")
    process = started(where)
    while not (where / "begun").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does on Ctrl-C
    printed, _ = process.communicate(timeout=60)
    assert process.returncode != 0 and "waits was stopped (Ctrl-C)" in printed
    assert "Stopped: 0 of 1 job done" in printed and "failed" not in printed


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_both_profiles_keep_going_and_use_our_console(name):
    profile = yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
    assert profile["keep-going"] is True and profile["logger"] == ["anarch"]
