"""The floors of the house hold: rooms import only those that they may know (docs/HOUSE.md)."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("house", ROOT / "docs/house.py")
assert _spec is not None and _spec.loader is not None
house = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(house)

# Packages from elsewhere that weigh on a room, and the rooms that do without.
WITHOUT = {
    "torch": ("workflow", "figures", "claims", "report"),
    "pandas": (
        "workflow",
        "report",
        "models",
        "lifting",
        "training",
        "landscape",
        "complexity",
        "critical",
        "data",
    ),
    "matplotlib": tuple(room for room in house.PLACES if room not in ("figures", "workflow_scripts")),
    "snakemake": tuple(room for room in house.PLACES if room != "rules"),
    "argparse": tuple(room for room in house.PLACES if room != "workflow_scripts"),
}

LIGHT = {"anarch", "anarch_snakemake", "functools", "os", "pathlib", "re", "snakemake", "sys"}
LIGHT |= {"snakemake_logger_plugin_anarch"}


def sources(room: str) -> list[Path]:
    folder = ROOT / room if room == "workflow_scripts" else ROOT / "anarch" / room
    return sorted(folder.rglob("*.py")) or [folder.with_suffix(".py")]


def outside(file: Path) -> set[str]:
    """First names of what ``file`` imports, but for type checking alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    left_out = {id(child) for node in typing for child in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if id(node) not in left_out and isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif id(node) not in left_out and isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_every_package_of_the_project_is_a_room():
    found = {house.room_of(file) for file in ROOT.glob("anarch/**/*.py")} - {"__init__"}
    assert found | {"workflow_scripts", "rules"} == set(house.PLACES) == set(house.MAY_KNOW)


@pytest.mark.parametrize("room", house.PLACES)
def test_a_room_imports_only_those_that_it_may_know(room):
    assert house.imports()[room] <= house.MAY_KNOW[room]


@pytest.mark.parametrize("room", house.PLACES)
def test_a_room_may_know_only_lower_floors(room):
    floor = house.PLACES[room][1]
    assert all(house.PLACES[other][1] < floor for other in house.MAY_KNOW[room])


def test_models_and_data_know_nothing_of_each_other_and_figures_and_claims_of_nobody():
    assert "models" not in house.MAY_KNOW["data"] and "data" not in house.MAY_KNOW["models"]
    assert house.MAY_KNOW["figures"] == house.MAY_KNOW["claims"] == set()
    for room in ("landscape", "complexity", "critical"):
        assert not {"data", "training", "workflow"} & house.MAY_KNOW[room]


@pytest.mark.parametrize("package", WITHOUT)
def test_rooms_do_without_what_is_not_theirs(package):
    rooms = [room for room in WITHOUT[package] if room != "rules"]
    files = [file for room in rooms for file in sources(room)]
    assert [str(file.relative_to(ROOT)) for file in files if package in outside(file)] == []


def test_the_rules_import_nothing_heavy():
    for file in (ROOT / "Snakefile", *ROOT.glob("rules/*.smk")):
        names = re.findall(r"^(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.M)
        assert set(names) <= LIGHT, file.name


def test_the_picture_is_up_to_date():
    picture = (ROOT / "docs/house.svg").read_text(encoding="utf-8")
    assert house.described() in " ".join(picture.split()), "make house draws it anew"
