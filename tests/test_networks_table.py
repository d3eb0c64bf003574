"""docs/NETWORKS.md tells what works with which network: made again, it is the same."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))
import networks

CELLS = {
    line.split(" | ")[0].removeprefix("| "): line.strip(" |").split(" | ")[1:]
    for line in networks.PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ")
}
REASONS = dict(
    line.split(". ", 1)
    for line in networks.PAGE.read_text(encoding="utf-8").splitlines()
    if line[:1].isdigit()
)


def test_the_table_is_of_all_networks_and_measures():
    assert CELLS.pop("network") == list(networks.MEASURES)
    assert list(CELLS) == list(networks.NETWORKS)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("name", networks.NETWORKS)
def test_a_row_made_again_is_the_same(name):
    told = [
        cell if cell == "works" else REASONS[cell.removeprefix("refused (").rstrip(")")]
        for cell in CELLS[name]
    ]
    assert list(networks.row(name).values()) == told
