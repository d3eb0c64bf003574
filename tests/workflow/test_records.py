"""Records of artefacts: what they vouch for, what readers refuse, and what a kill may leave."""

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from anarch.workflow import paths, records
from shared import artefacts, descriptions, integrity
from shared.frames import read_frame
from shared.tensors import load_weights, save_weights

ROWS = [{"epoch": 0, "loss": 0.5}, {"epoch": 1, "loss": None}]


@pytest.fixture(autouse=True)
def no_memory(monkeypatch):
    monkeypatch.setattr(integrity, "_good", set())
    monkeypatch.setenv("ANARCH_COMMAND", "snakemake --cores 1 --configfile config/smoke.yaml --")


def test_the_record_is_one_that_sha256sum_reads(tmp_path):
    artefacts.write_csv(tmp_path / "a table.csv", ROWS)
    artefacts.write_json(tmp_path / "b.json", {"key": 1})
    assert (tmp_path / "SHA256").read_text().splitlines() == [
        f"{hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}  {name}"
        for name in ("a table.csv", "b.json")
    ]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256"], cwd=tmp_path, check=True)
    (tmp_path / "b.json").write_text("{}")
    assert subprocess.run(["sha256sum", "--check", "--status", "SHA256"], cwd=tmp_path).returncode == 1


def test_many_writers_of_one_folder_lose_no_line(tmp_path):
    def write(number: int) -> None:
        records.note(tmp_path, {f"{number}.csv": f"{number:064x}"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(60)))
    assert records.recorded(tmp_path) == {f"{n}.csv": (f"{n:064x}",) for n in range(60)}


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def flip_behind_its_time(path):
    before = os.stat(path)
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


READERS = {
    "table.csv": (lambda path: artefacts.write_csv(path, ROWS), artefacts.read_csv),
    "frame.csv": (lambda path: artefacts.write_csv(path, ROWS), read_frame),
    paths.MANIFEST: (
        lambda path: artefacts.write_json(path, {"mean": [0.25]}),
        lambda path: descriptions.load_manifest(path.parent),
    ),
    paths.SPEC: (
        lambda path: artefacts.write_text(path, "{}\n"),
        lambda path: descriptions.load_spec(path.parent),
    ),
    paths.FINAL: (lambda path: save_weights(path, {"w": torch.arange(9.0)}), load_weights),
}


@pytest.mark.parametrize("damage", [flip, flip_behind_its_time, cut, empty, os.remove])
@pytest.mark.parametrize("name", READERS)
def test_every_reader_refuses_every_damage_in_one_line(tmp_path, name, damage):
    path = tmp_path / name
    write, read = READERS[name]
    write(path)
    if name != paths.SPEC:  # which is no run's
        read(path)
    damage(path)
    with pytest.raises(SystemExit) as stopped:
        read(path)
    told = str(stopped.value)
    assert told.startswith(f"error: {path} is ") and "\n" not in told
    assert told.endswith(f"make it again: snakemake --cores 1 --configfile config/smoke.yaml -- {path}")


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "is empty"),
        ("a,b\n1,2\n3", "line 3 has 1 of 2 cells"),
        ("a,b\n1,2\n3,4", "its last line has no end"),
    ],
)
def test_a_table_that_was_cut_is_refused_without_a_record_too(tmp_path, text, told):
    path = tmp_path / "by_hand.csv"
    path.write_text(text)
    for read in (artefacts.read_csv, read_frame):
        with pytest.raises(SystemExit, match=told):
            read(path)


def test_tables_read_as_they_were_written(tmp_path):
    for rows in (ROWS, []):
        artefacts.write_csv(tmp_path / "t.csv", rows)
        assert artefacts.read_csv(tmp_path / "t.csv") == [
            {name: "" if value is None else str(value) for name, value in row.items()} for row in rows
        ]
        assert len(read_frame(tmp_path / "t.csv")) == len(rows)


def test_files_written_together_appear_together_or_not_at_all(tmp_path):
    artefacts.write_text(tmp_path / "a", "old")
    with pytest.raises(RuntimeError), artefacts.together():
        artefacts.write_text(tmp_path / "a", "new")
        artefacts.write_text(tmp_path / "b", "new")
        assert (tmp_path / "a").read_text() == "old"
        raise RuntimeError
    assert sorted(os.listdir(tmp_path)) == ["SHA256", "a"]
    with artefacts.together():
        artefacts.write_text(tmp_path / "a", "new")
        artefacts.write_text(tmp_path / "b", "new")
    assert {name: integrity.verified(tmp_path / name).read_text() for name in "ab"} == {
        "a": "new",
        "b": "new",
    }


@pytest.mark.parametrize("after", range(6))
def test_a_kill_while_a_file_is_replaced_leaves_one_that_is_vouched_for(tmp_path, monkeypatch, after):
    """The steps of a replacement are renames and waits for the disk: the kill comes behind each of them."""

    class Killed(BaseException):
        pass

    path = tmp_path / "final"
    artefacts.write_text(path, "old")
    steps = iter(range(after))

    def step(own):
        def until_killed(*args):
            own(*args)
            if next(steps, None) is None:
                raise Killed

        return until_killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(os, "replace", step(os.replace))
        patched.setattr(os, "fsync", step(os.fsync))
        artefacts.write_text(path, "new")
    assert integrity.verified(path).read_text() in ("old", "new")


def test_partial_files_of_a_killed_writer_go_with_the_next_write(tmp_path):
    (tmp_path / ".a.csv.0123abcd.partial").write_text("cut")
    (tmp_path / ".b.csv.0123abcd.partial").write_text("another's")
    artefacts.write_csv(tmp_path / "a.csv", ROWS)
    assert sorted(os.listdir(tmp_path)) == [".b.csv.0123abcd.partial", "SHA256", "a.csv"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_told_in_one_line_and_leaves_what_was_there(tmp_path, monkeypatch, error):
    path = tmp_path / "a.csv"
    artefacts.write_csv(path, ROWS)

    def full(*args):
        raise error

    monkeypatch.setattr(artefacts, "write_rows", full)
    with pytest.raises(SystemExit, match=r"a.csv cannot be written: the disk is full; make room"):
        artefacts.write_csv(path, [])
    assert sorted(os.listdir(tmp_path)) == ["SHA256", "a.csv"]
    assert len(artefacts.read_csv(path)) == 2


@pytest.mark.parametrize("harmed", ["state.pt", "snapshots/epoch1.safetensors"])
def test_a_stopped_job_begins_anew_where_what_it_saved_is_damaged(tmp_path, capsys, harmed):
    work = tmp_path / ".resume-key"
    artefacts.write_text(work / "state.pt", "state")
    artefacts.write_text(work / "snapshots/epoch1.safetensors", "weights")
    assert integrity.resumable(work, "state.pt")
    flip(work / harmed)
    assert not integrity.resumable(work, "state.pt")
    assert not work.exists()
    assert capsys.readouterr().out == (
        f"{work / harmed} is damaged: its bytes are not those that were recorded: the job begins anew\n"
    )
