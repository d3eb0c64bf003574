"""docs/EXTENDING.md is true: its study and figure, in a copy of the checkout, run from data to picture."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from checkout import ROOT, SMOKE, Checkout

PAGE = (ROOT / "docs/EXTENDING.md").read_text(encoding="utf-8")
STUDY_FILES, FIGURE_FILES = 12, 3  # at most
BLOCK = re.compile(
    r"^\*\*(?P<files>`[^*]+`)\*\*, (?P<how>new|at the end|changed):(?P<rest>.*?)(?=^\*\*`|^#|\Z)", re.M | re.S
)


class Edit(NamedTuple):
    files: list[str]
    how: str
    texts: list[str]


def edits(heading: str) -> list[Edit]:
    """What a section of the page does to which files."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## )", PAGE, re.M | re.S)
    return [
        Edit(
            re.findall(r"`([^`]+)`", block["files"]),
            block["how"],
            re.findall(r"^```\w+\n(.*?)^```", block["rest"], re.M | re.S),
        )
        for block in BLOCK.finditer(section)
    ]


def side(diff: str, mark: str) -> str:
    """The old (mark "-") or the new lines (mark "+") of a difference."""
    return "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in (" ", mark))


def apply(edit: Edit, root: Path) -> None:
    for name in edit.files:
        file = root / name
        for text in edit.texts:
            if edit.how == "new":
                assert not file.exists(), name
                file.write_text(text, encoding="utf-8")
            elif edit.how == "at the end":
                file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
            else:
                before, old = "\n" + file.read_text(encoding="utf-8"), "\n" + side(text, "-")
                assert before.count(old) == 1, f"{name}: {old}"
                file.write_text(before.replace(old, "\n" + side(text, "+"))[1:], encoding="utf-8")


def touched(heading: str) -> set[str]:
    return {name for edit in edits(heading) for name in edit.files}


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> Checkout:
    checkout = Checkout.copy(tmp_path_factory.mktemp("extended") / "anarch")
    for heading in ("A study", "A figure"):
        for edit in edits(heading):
            apply(edit, checkout.root)
    return checkout


def test_a_study_touches_twelve_files_and_a_figure_three():
    assert 10 < len(touched("A study")) <= STUDY_FILES
    assert len(touched("A figure")) == FIGURE_FILES


def test_the_study_runs_from_data_to_pictures(extended):
    extended.run("snakemake", *SMOKE, "--cores", "2", "--", "widths")
    for name in ("fig1", "fig2"):
        for kind in ("png", "svg"):
            file = extended.root / f"results/smoke/widths/figures/{name}.{kind}"
            assert file.stat().st_size > 2000
    table = (extended.root / "results/smoke/widths/tables/history.csv").read_text()
    assert len(table.splitlines()) == 1 + 2 * 2 * 3  # widths, seeds, and epochs from 0 to 2
    assert extended.planned(*SMOKE, "--", "widths") == {}


@pytest.mark.parametrize("scale", ["config", "paper"])
def test_the_study_is_part_of_larger_scales(extended, scale):
    plan = extended.planned("--configfile", f"config/{scale}.yaml", "--", "widths")
    assert {"prepare_data", "widths_train", "widths_history", "widths_fig1", "widths_fig2"} <= set(plan)


def test_the_plan_knows_what_the_study_costs(extended):
    printed = extended.run("python", "workflow_scripts/plan.py", "--all-jobs", *SMOKE, "widths")
    assert "widths" in printed and "unknown" not in printed


def test_its_own_tests_and_those_of_all_registers_pass(extended):
    tests = ["tests/figures/test_widths_figures.py", "tests/workflow/test_exhibits.py"]
    extended.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
