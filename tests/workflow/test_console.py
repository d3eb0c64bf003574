"""What a terminal shows of a run: short lines, failures in full, last what is there and what is missing."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from snakemake_logger_plugin_anarch import words

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
