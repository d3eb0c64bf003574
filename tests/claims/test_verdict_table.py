"""The page that puts verdicts of several scales side by side."""

import csv

import pytest

import verdict_table

ROW = {
    "id": "needle.one",
    "study": "needle",
    "statement": "a | b",
    "measured": "c",
    "location": "Fig. 1",
    "paper_text": "",
    "value": "0.51",
    "low": "0.4",
    "high": "0.625",
    "unit": "nats",
    "verdict": "not_reproduced",
    "decided_at": "5",
    "replicate": "seed",
}


def written(path, *rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_claim_is_a_row_with_a_cell_for_each_scale(tmp_path):
    here = written(tmp_path / "a.csv", ROW)
    there = written(
        tmp_path / "b.csv",
        {**ROW, "value": "", "low": "", "high": "", "verdict": "not_judged", "decided_at": ""},
    )
    verdict_table.main([f"laptop={here}", f"cifar={there}", "--out", str(tmp_path / "page.md")])
    lines = (tmp_path / "page.md").read_text().splitlines()
    assert "| laptop | 0 | 1 | 0 | 0 |" in lines and "| cifar | 0 | 0 | 0 | 1 |" in lines
    assert lines[-1] == (
        r"| a \| b<br>*c* | Fig. 1 | – | 0.51 (0.4 to 0.625) nats: **not reproduced** (5 seeds) "
        "| not judged |"
    )


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"error: laptop=none\.csv: write SCALE=FILE"):
        verdict_table.main(["laptop=none.csv", "--out", str(tmp_path / "page.md")])
