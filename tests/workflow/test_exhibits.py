"""The registers of the studies: whole, in step with the code that draws, and refused where they are not."""

import importlib
import inspect
import re
import shutil
from pathlib import Path

import pytest
import yaml

from anarch.workflow.exhibits import FOLDER, SCHEMA, Figure, caption, papers, registers
from anarch.workflow.studies import STUDIES

REGISTERS = registers()
FIGURES = [figure for register in REGISTERS.values() for figure in register.figures.values()]
GOOD = {
    "about": "A planted study.",
    "data": "digits, {scale} scale",
    "figures": {"fig1": {"title": "Losses", "tables": ["losses"]}},
    "tables": {"losses": {"row": "a run", "replicate": "seed", "text": [], "columns": {"seed": "number"}}},
}


def test_every_study_has_a_register():
    assert set(STUDIES) < set(REGISTERS) and set(papers()) <= set(STUDIES)


@pytest.mark.parametrize("study", REGISTERS)
def test_the_figures_of_a_register_are_those_that_are_drawn(study):
    drawn = importlib.import_module(f"anarch.figures.{study}")
    assert set(REGISTERS[study].figures) == set(drawn.__all__)
    for name, figure in REGISTERS[study].figures.items():
        parameters = inspect.signature(getattr(drawn, name)).parameters.values()
        tables = {one.name for one in parameters if one.kind is not one.KEYWORD_ONLY}
        assert set(figure.tables) == tables, name


@pytest.mark.parametrize("study", REGISTERS)
def test_the_tables_of_a_register_name_their_own_columns(study):
    for name, table in REGISTERS[study].tables.items():
        assert set(table["text"]) <= set(table["columns"]), name
        assert not table["replicate"] or table["replicate"] in table["columns"], name


def test_labels_and_headings():
    names = ("fig3", "figB1", "table12", "lcn", "animation")
    figures = [Figure(study="x", name=name, title="Loss", tables=(), data="") for name in names]
    assert [figure.label for figure in figures] == ["Fig. 3", "Fig. B1", "Table 12", "LCN", "Animation"]
    assert figures[1].heading == "Fig. B1: Loss"


@pytest.mark.parametrize(
    "data, says",
    [
        ("two Gaussians, {scale} scale", "two Gaussians, tiny scale"),
        ("{one.dataset}", "digits"),
        ("{sets.*.dataset}: {*.dataset}", "digits, pixels: digits"),  # each once, in the config's order
        ("{line.points} points", "50 points"),
        ("{about}", "what the study says"),
    ],
)
def test_captions_are_filled_in_from_the_config(data, says):
    section = {
        "sets": {"a": {"dataset": "digits"}, "b": {"dataset": "pixels"}, "c": {"dataset": "digits"}},
        "one": {"dataset": "digits"},
        "line": {"points": 50},
    }
    figure = Figure(study="planted", name="fig1", title="", tables=(), data=data)
    assert caption(figure, section, scale="tiny", about="what the study says") == says


def test_a_caption_of_a_key_that_the_config_lacks_names_it():
    figure = Figure(study="planted", name="fig1", title="", tables=(), data="{one.data}")
    with pytest.raises(ValueError, match=r"planted\.yaml: figures\.fig1\.data: .* has no one\.data$"):
        caption(figure, {"one": {}}, scale="tiny")


@pytest.fixture
def planted(tmp_path):
    """Reads a register from a folder of its own."""
    shutil.copy(FOLDER / SCHEMA, tmp_path)

    def read(text):
        (tmp_path / "planted.yaml").write_text(text if isinstance(text, str) else yaml.safe_dump(text))
        return registers(Path(tmp_path))["planted"]

    return read


def test_a_register_is_read(planted):
    register = planted(GOOD)
    (figure,) = register.figures.values()
    assert (figure.study, figure.data, figure.kinds) == ("planted", GOOD["data"], ("png", "svg"))
    assert register.paper is None and register.tables == GOOD["tables"]


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"figure": {}}, "(top level): 'figure' was unexpected; known keys: about"),
        ({"figures": {"fig1": {"title": "Losses", "tables": ["loss"]}}}, "no table 'loss' under `tables`"),
        ({"figures": {"fig1": {"tables": ["losses"]}}}, "figures.fig1: 'title' is a required property"),
        ({"data": None}, "data: None is not of type 'string'"),
        ({"tables": {"losses": {"row": "a run"}}}, "tables.losses: "),
    ],
)
def test_a_mistake_in_a_register_is_one_line(planted, changes, says):
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        planted(GOOD | changes)
    assert "planted.yaml: " in str(caught.value) and "\n" not in str(caught.value)


def test_a_figure_that_says_nothing_of_its_data_is_refused(planted):
    with pytest.raises(ValueError, match=r"figures\.fig1\.data: give it, or `data` for all figures"):
        planted({key: value for key, value in GOOD.items() if key != "data"})


def test_a_register_that_is_no_yaml_is_one_line(planted):
    with pytest.raises(ValueError, match=r"planted\.yaml: while parsing .*") as caught:
        planted("figures: [")
    assert "\n" not in str(caught.value)
