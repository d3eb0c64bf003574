"""Verdicts of another run on the page, in a real browser."""

import csv
from pathlib import Path
from urllib.parse import unquote, urlsplit

from browsing import visible, wait


def test_verdicts_of_another_run_beside_ours(shown, tmp_path):
    """One judged the other way, one decided there only; a statement has a comma, quotes and two lines."""
    page = Path(unquote(urlsplit(shown.current_url).path)).parent
    with (page / "claims.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows[0] |= {"verdict": "not_reproduced", "value": "0.12345", "low": "-1", "high": "1.5"}
    rows[0]["statement"] = 'says "no",\nin two lines'
    rows[2] |= {"verdict": "reproduced"}
    other = tmp_path / "cifar.csv"
    with other.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    shown.find_element("id", "others").send_keys(str(other))
    wait(lambda: visible(shown, "#compared") != [""])
    assert visible(shown, "#compared") == [
        "cifar.csv: 4 claims are judged in both, 2 otherwise, 1 the opposite way."
    ]
    assert visible(shown, f".claim[data-id='{rows[0]['id']}'] .other")[0].endswith("0.123 [-1, 1.5]")
    assert len(visible(shown, ".cell.differs")) == 2


def test_another_file_is_told_to_be_none(shown, tmp_path):
    other = tmp_path / "letter.csv"
    other.write_text("id,verdict\nmine,good\n")
    shown.find_element("id", "others").send_keys(str(other))
    wait(lambda: visible(shown, "#compared") != [""])
    assert visible(shown, "#compared") == ["letter.csv is no claims.csv of this workflow."]
