"""A killed snakemake's locks are cleared by the next one; a living one's never."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anarch_snakemake import locks

ROOT = Path(__file__).parents[2]

SNAKEFILE = """
rule second:
    input: "first.txt"
    output: "second.txt"
    shell: "cp {input} {output}"

rule first:
    output: "first.txt"
    shell: "echo $$ > pid; test -e quick || exec sleep 60; echo done > {output}"
"""


@pytest.fixture
def left(tmp_path):
    """A directory as a snakemake on this machine leaves it when it is killed; its two lock files."""
    folder = tmp_path / ".snakemake" / "locks"
    folder.mkdir(parents=True)
    files = [folder / "0.input.lock", folder / "0.output.lock"]
    for file in files:
        file.write_text("first.txt\n")
    (tmp_path / ".snakemake" / "anarch.alive").write_text(f"{os.uname().nodename}\n")
    return files


def claim_and_release(directory: Path) -> None:
    file = locks.claim(directory)
    assert file is not None
    os.close(file)


def test_locks_of_the_dead_are_removed_and_nothing_else(tmp_path, left, capsys):
    other = left[0].with_name("notes.txt")
    other.write_text("mine")
    claim_and_release(tmp_path)
    assert [path.name for path in other.parent.iterdir()] == ["notes.txt"]
    assert (
        capsys.readouterr().err == f"anarch: removed 2 lock files of a killed snakemake from {other.parent}\n"
    )


def test_without_locks_nothing_is_said_and_the_machine_is_noted(tmp_path, capsys):
    claim_and_release(tmp_path)
    assert (tmp_path / ".snakemake" / "anarch.alive").read_text() == f"{os.uname().nodename}\n"
    assert capsys.readouterr().err == ""


def test_locks_stay_while_a_snakemake_holds_the_flock(tmp_path, left):
    living = os.open(tmp_path / ".snakemake" / "anarch.alive", os.O_RDWR)
    fcntl.flock(living, fcntl.LOCK_SH)
    claim_and_release(tmp_path)
    assert all(file.exists() for file in left)
    os.close(living)
    claim_and_release(tmp_path)
    assert not any(file.exists() for file in left)


def test_two_snakemakes_share_the_flock_and_jobs_do_not_inherit_it(tmp_path):
    first, second = locks.claim(tmp_path), locks.claim(tmp_path)
    assert first is not None and second is not None
    assert not os.get_inheritable(first)
    os.close(first)
    os.close(second)


@pytest.mark.parametrize(
    "note, doubt",
    [("elsewhere\n", "the last snakemake ran on elsewhere, not here"), ("", "no note tells who made them")],
)
def test_locks_from_another_machine_or_nobody_stay(tmp_path, left, capsys, note, doubt):
    """Twice, for the first look must not leave a note that makes the second one careless."""
    (tmp_path / ".snakemake" / "anarch.alive").write_text(note)
    for _ in range(2):
        claim_and_release(tmp_path)
        assert all(file.exists() for file in left)
        assert doubt in capsys.readouterr().err


def fake_process(folder: Path, command: list[str], directory: Path) -> None:
    process = folder / "4194305"  # above the highest number that Linux gives
    process.mkdir(parents=True)
    (process / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in command))
    (process / "cwd").symlink_to(directory)


@pytest.mark.parametrize(
    "command, place, alive",
    [
        (["/usr/bin/python3", "/opt/bin/snakemake", "--cores", "1"], ".", True),
        (["python", "-m", "snakemake", "-c1"], ".", True),
        (
            ["python", "-m", "snakemake", "-c1", "--mode", "subprocess", "--nolock"],
            ".",
            True,
        ),  # an orphan that writes
        (["snakemake", "-c1", "-d", "run"], "..", True),
        (["snakemake", "-c1"], "..", False),
        (["snakemake", "-n"], ".", False),
        (["bash", "-c", "set -euo pipefail; python train.py > snakemake"], ".", False),
    ],
)
def test_a_snakemake_without_the_plugin_is_seen_in_proc(tmp_path, monkeypatch, command, place, alive):
    run = tmp_path / "run"
    run.mkdir()
    fake_process(tmp_path / "proc", command, (run / place).resolve())
    monkeypatch.setattr(locks, "_PROCESSES", tmp_path / "proc")
    assert locks.live_snakemake(run) == (4194305 if alive else None)


def test_locks_stay_while_a_snakemake_without_the_plugin_lives(tmp_path, left, monkeypatch, capsys):
    fake_process(tmp_path / "proc", ["snakemake", "-c1"], tmp_path)
    monkeypatch.setattr(locks, "_PROCESSES", tmp_path / "proc")
    claim_and_release(tmp_path)
    assert all(file.exists() for file in left)
    assert "snakemake process 4194305 still runs here" in capsys.readouterr().err


def test_a_system_without_flock_or_a_foreign_directory_is_left_alone(tmp_path, left, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert locks.claim(blocked) is None
    monkeypatch.setattr(locks, "fcntl", None)
    assert locks.claim(tmp_path) is None
    assert all(file.exists() for file in left)


def start(directory: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "snakemake", "second", "--cores", "1", "--rerun-incomplete"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_after_kill_9_the_same_command_finishes(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    first = start(tmp_path)
    try:
        give_up = time.monotonic() + 30
        while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip()):
            assert first.poll() is None and time.monotonic() < give_up, first.communicate()[0]
            time.sleep(0.05)
        refused = start(tmp_path)
        said = refused.communicate()[0]
        assert refused.returncode == 1 and "LockException" in said and "lock files" not in said, said
    finally:
        first.kill()
        first.wait()
    # The job outlives its snakemake; it must not pass for it.
    orphan = int((tmp_path / "pid").read_text())
    assert list((tmp_path / ".snakemake" / "locks").iterdir())
    (tmp_path / "quick").touch()
    again = start(tmp_path)
    said = again.communicate()[0]
    os.kill(orphan, 0)
    os.kill(orphan, signal.SIGKILL)
    assert again.returncode == 0, said
    assert "anarch: removed 2 lock files of a killed snakemake" in said
    assert (tmp_path / "second.txt").read_text() == "done\n"
