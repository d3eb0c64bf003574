"""Granted seeds extend every list of a study, and `decide` plans by verdicts and timings that there are."""

import csv

import pytest

from anarch.workflow import deciding, looks, paths


def test_every_list_of_seeds_grows_and_none_shrinks():
    config = {
        "looks": [3, 5],
        "a": {"seeds": [0, 1], "deep": {"x": {"seeds": [100]}, "y": {"seeds": [0, 1, 2, 3]}}, "seed": 7},
        "b": {"seeds": [0]},
    }
    extended = looks.with_seeds(config, {"a": 3})
    assert extended["a"] == {
        "seeds": [0, 1, 2],
        "deep": {"x": {"seeds": [100, 101, 102]}, "y": {"seeds": [0, 1, 2, 3]}},
        "seed": 7,
    }
    assert extended["b"] == {"seeds": [0]} and extended["looks"] == [3, 5]
    assert config["a"]["seeds"] == [0, 1]
    assert looks.seeds_of(config["a"]) == 1 and looks.seeds_of({"seed": 0}) == 0


def test_what_is_written_is_read(tmp_path):
    file = tmp_path / "laptop/seeds.json"
    assert looks.read(file) == {}
    looks.write(file, {"needle": 5})
    assert looks.read(file) == {"needle": 5} and [*file.parent.iterdir()] == [file]


@pytest.mark.parametrize("text", ["", "{", "[3]", '{"needle": "5"}'])
def test_a_damaged_file_is_refused_by_name(tmp_path, text):
    file = tmp_path / "seeds.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"seeds\.json .*delete it, and decide again"):
        looks.read(file)


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("2h", 7200), ("1.5h", 5400), ("30s", 30)])
def test_times(text, seconds):
    assert looks.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "2 weeks", "nanh"])
def test_no_times(text):
    with pytest.raises(ValueError, match=r"budget: .* is no time; write 90m or 2h"):
        looks.seconds(text)


STUDIES = ("needle", "bad_minima", "embedding", "scratch", "blessing")
OPEN = {
    "id": "needle.a", "study": "needle", "comparison": "greater", "replicate": "seed", "replicates": "3",
    "verdict": "inconclusive", "value": "9", "low": "-1", "high": "19", "threshold": "0", "margin": "9",
}  # fmt: skip


def finished(claims: list[dict[str, str]], cpu: str = "60") -> dict[str, object]:
    """Verdicts and one timing of a scale ``small``, and its config of three seeds each."""
    file = paths.claims("small")
    looks.write(deciding.Path(file).with_name("x"), {})  # makes the folder
    with open(file, "w", newline="") as table:
        writer = csv.DictWriter(table, OPEN)
        writer.writeheader()
        writer.writerows(claims)
    timing = deciding.Path("results/small/timings/needle/runs/a.tsv")
    timing.parent.mkdir(parents=True)
    timing.write_text(f"s\tcpu_time\tmax_rss\n1\t{cpu}\t2\n")
    section = {"seeds": [0, 1, 2]}
    return {"scale": "small", "looks": [3, 5, 8, 12], **dict.fromkeys(STUDIES, section)}


def test_the_plan_names_the_next_look_its_cost_and_what_no_seeds_decide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny = {
        "id": "needle.b",
        "replicates": "8",
        "value": "0.01",
        "low": "-99.99",
        "high": "100.01",
        "margin": "0.01",
    }
    granted, lines = deciding.plan(finished([OPEN, {**OPEN, **tiny}]), budget=3600)
    assert granted == {"needle": 5}
    # 60 CPU-seconds over three seeds are 20 a seed, and two more are wanted.
    assert lines[0].startswith("needle: 3 to 5 seeds, about 1 CPU-minutes, 1.")
    assert any(line.startswith("needle.b: hardly decided by 12 seeds, the cap") for line in lines[1:])


def test_a_look_beyond_the_budget_is_told_and_not_granted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    granted, lines = deciding.plan(finished([OPEN], cpu="9000"), budget=3600)
    assert granted == {} and lines[0].endswith("more than the budget has left")


def test_without_open_claims_nothing_is_planned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    granted, lines = deciding.plan(finished([{**OPEN, "verdict": "reproduced"}]), budget=3600)
    assert granted == {} and lines == ["no claim is open that a further look could decide"]


def test_without_verdicts_it_says_what_to_make(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"no verdicts .*results/small/report/claims\.csv first"):
        deciding.plan({"scale": "small", "looks": [3]}, budget=1)
