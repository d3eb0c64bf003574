"""What a look before a run finds damaged, what it reads for that, and what no time of a file hides."""

import os

import pytest

from anarch.workflow import records, survey


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("data/digits/manifest.json", "needle/runs/cnn/final.safetensors", "needle/tables/a.csv"):
        put(tmp_path / "results/smoke" / name, name.encode())
    (tmp_path / "results/smoke/logs").mkdir()
    (tmp_path / "results/smoke/logs/cnn.log").write_text("told")
    put(tmp_path / "results/smoke/needle/runs/cnn/.resume-0/state.pt", b"state")
    return survey.Path("results/smoke")


def put(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    records.note(file.parent, {file.name: records.file_digest(file)})


def reading(monkeypatch):
    """The files that are read from here on."""
    read = []
    own = records.file_digest

    def told(path):
        read.append(str(path))
        return own(path)

    monkeypatch.setattr(survey, "file_digest", told)
    monkeypatch.setattr(records, "file_digest", told)
    return read


def test_the_second_look_reads_nothing_and_the_next_only_what_changed(results, monkeypatch):
    assert survey.damaged(results) == {}
    read = reading(monkeypatch)
    assert survey.damaged(results) == {} and read == []
    put(results / "needle/tables/b.csv", b"new")
    read.clear()
    assert survey.damaged(results) == {} and read == ["results/smoke/needle/tables/b.csv"]


def test_what_a_job_has_made_is_not_read_again(results, monkeypatch):
    survey.damaged(results)
    put(results / "needle/tables/b.csv", b"new")
    survey.made(["results/smoke/needle/tables/b.csv"])
    read = reading(monkeypatch)
    assert survey.damaged(results) == {} and read == []


@pytest.mark.parametrize("restore_time", [False, True])
@pytest.mark.parametrize("content, told", [(b"", "is empty"), (b"needle/tables/A.csv", "is damaged")])
def test_damage_is_found_whatever_the_time_says_and_until_it_is_cured(results, restore_time, content, told):
    survey.damaged(results)
    file = results / "needle/tables/a.csv"
    before = file.stat()
    file.write_bytes(content)
    if restore_time:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    for _ in range(2):
        (found,) = survey.damaged(results).items()
        assert found[0] == str(file) and found[1].startswith(told)
        os.utime(file)  # what `snakemake --touch` does
    put(file, b"made again")
    assert survey.damaged(results) == {}


@pytest.mark.parametrize("text", ["", "0" * 64 + "  a.csv\n"])
def test_a_record_that_is_damaged_vouches_for_nothing(results, text):
    survey.damaged(results)
    (results / "needle/tables/SHA256").write_text(text)
    assert list(survey.damaged(results)) == ["results/smoke/needle/tables/a.csv"]


def test_a_file_that_no_maker_recorded_is_refused_until_it_is_accepted(results):
    file = results / "needle/tables/own.csv"
    file.write_text("a\n")
    assert "nothing vouches for it" in survey.damaged(results)[str(file)]
    survey.accept([str(file)])
    assert survey.damaged(results) == {}
    file.write_text("b\n")
    survey.accept([str(file)])  # what is recorded stays so
    assert str(file) in survey.damaged(results)


def test_looks_at_one_scale_keep_those_at_another(results, monkeypatch):
    put(survey.Path("results/laptop/x.csv"), b"x")
    survey.damaged(results)
    survey.damaged(survey.Path("results/laptop"))
    read = reading(monkeypatch)
    assert survey.damaged(results) == {} and read == []


def test_a_cut_line_of_an_earlier_look_only_costs_a_reading(results):
    survey.damaged(results)
    survey.SEEN.write_bytes(survey.SEEN.read_bytes()[:-20])
    assert survey.damaged(results) == {}


def test_verifying_reads_all_and_misses_what_is_gone(results):
    assert survey.all_damaged(results) == (3, {})
    (results / "needle/tables/a.csv").unlink()
    assert survey.all_damaged(results) == (3, {"results/smoke/needle/tables/a.csv": "is missing"})
