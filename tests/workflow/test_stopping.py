"""One signal to snakemake alone ends a run with its jobs; the next start ends the orphans of a killed one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anarch_snakemake import orphans

ROOT = Path(__file__).parents[2]
SNAKEFILE = """
from anarch_snakemake.orphans import mark
from anarch_snakemake.stopping import stop_gently
mark()
stop_gently(workflow)

rule long:
    output: "made"
    shell: "python job.py && touch {output}"
"""
# Ends upon a TERM only, and tells that it could save its state.
JOB = """
import os, signal, sys, time
def leave(number, frame):
    open("saved", "w").close()
    os._exit(128 + number)
signal.signal(signal.SIGTERM, leave)
signal.signal(signal.SIGINT, signal.SIG_IGN)
open("begun", "w").write(str(os.getpid()))
time.sleep(300)
"""


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A snakemake whose job has begun; whatever is left of them after the test is killed."""
    monkeypatch.chdir(tmp_path)
    Path("Snakefile").write_text(SNAKEFILE)
    Path("job.py").write_text(JOB)
    process = start()
    wait_for(lambda: Path("begun").exists() and Path("begun").read_text())
    yield process
    process.kill()
    for number in orphans.orphans(tmp_path):
        os.kill(number, signal.SIGKILL)


def start() -> subprocess.Popen:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-incomplete"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # pytest in the background of a shell ignores it, and children would inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(condition) -> None:
    given_up = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < given_up
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_to_snakemake_alone_ends_its_jobs_and_says_so(running, number):
    running.send_signal(number)
    said = running.communicate(timeout=60)[0]
    assert running.returncode == 1 and Path("saved").exists() and not Path("made").exists()
    assert f"Stopping, by {number.name}: 1 running job told to end" in said and "Traceback" not in said
    assert orphans.orphans(Path.cwd()) == []


def test_a_second_signal_kills(running, tmp_path):
    (tmp_path / "job.py").write_text("")
    os.kill(int(Path("begun").read_text()), signal.SIGSTOP)  # it cannot hear a TERM
    running.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=60)[0]
    assert "Stopping at once, by a second signal (SIGTERM): 1 running job killed" in said
    assert not Path("saved").exists()


def test_orphans_of_a_killed_snakemake_are_ended_by_the_next_start(running, tmp_path):
    running.kill()
    running.wait()
    left = orphans.orphans(tmp_path)
    assert int(Path("begun").read_text()) in left
    Path("job.py").write_text("")
    again = start()
    said = again.communicate(timeout=120)[0]
    assert again.returncode == 0, said
    assert f"anarch: {len(left)} processes of a killed snakemake still ran here: ended" in said
    assert Path("saved").exists() and Path("made").exists()
    assert orphans.orphans(tmp_path) == []


def test_jobs_of_a_living_snakemake_are_no_orphans(running, tmp_path):
    assert orphans.orphans(tmp_path) == []


def test_a_number_that_is_used_again_is_no_living_snakemake():
    environment: dict[str, str] = {}
    orphans.mark(environment)
    owner = environment[orphans.VARIABLE]
    assert not orphans._is_dead(owner)
    assert orphans._is_dead(f"{os.getpid()}:{int(owner.partition(':')[2]) - 1}")
    assert not orphans._is_dead("")  # whoever started that, it was no workflow of ours


STOPPED = """
import time
from shared import stopping
stopping.GRACE = {grace}
stopping.heed_signals()
print("ready", flush=True)
time.sleep({deaf})
while not stopping.told_to_stop():
    time.sleep(0.01)
print("saved", flush=True)
stopping.leave()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("grace, deaf, saves", [(60.0, 0.0, True), (0.2, 60.0, False)])
def test_a_long_job_saves_and_ends_by_the_signal_or_ends_without_after_a_while(number, grace, deaf, saves):
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED.format(grace=grace, deaf=deaf)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'workflow_scripts'}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    said = process.communicate(timeout=50)[0]
    assert process.returncode == -number
    assert said.splitlines() == [f"told to stop by {number.name}", *(["saved"] if saves else [])]
