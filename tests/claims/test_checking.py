"""A claim that could not be judged is refused before any job, in one line that names it and the key."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from planted import REGISTRY, claim, row, side

from anarch.claims.checking import check
from anarch.claims.expressions import columns_of
from anarch.workflow import claims as files
from anarch.workflow.config import ConfigError

ROOT = Path(__file__).parents[2]
STUDIES = dict.fromkeys(("needle", "bad_minima"), REGISTRY)
FIGURES = {"needle": ["fig3", "fig4"], "bad_minima": ["fig1"]}


def checked(**changes):
    told = row(**changes)
    check([claim(**changes)], {told["id"]: told}, STUDIES, FIGURES)


def test_a_sound_claim_passes():
    checked()
    checked(each=["time"], right=side(where="model == 'B'", shared_by=["time"]))
    checked(compare="monotone", over="time", direction="falling", right=None)


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"id": "needles.planted"}, "id: there is no study 'needles'; there is needle, bad_minima"),
        ({"figures": ["needle_fig9"]}, "figures: there is no target 'needle_fig9'; there is needle_fig3"),
        ({"compare": "bigger"}, "compare: there is no comparison 'bigger'; there is greater, less"),
        (
            {"left": {"table": "measure", "value": "accuracy"}},
            "left.table: there is no table of needle 'measure'; there is measures",
        ),
        ({"left": side("acuracy")}, "left.value: there is no column of needle measures 'acuracy'; there is"),
        (
            {"left": side("accuracy", where="modell == 'A'")},
            "left.where: there is no column of needle measures",
        ),
        (
            {"right": side("accuracy", per="tim == 0")},
            "right.per: there is no column of needle measures 'tim'",
        ),
        ({"left": side(largest="epoch")}, "left.largest: there is no column of needle measures 'epoch'"),
        ({"each": ["task"]}, "each: there is no column of needle measures 'task'"),
        ({"some": ["task"]}, "some: there is no column of needle measures 'task'"),
        ({"each": ["time"], "some": ["model"]}, "some: a claim has `each` or `some`, not both"),
        ({"replicate": "run"}, "replicate: there is no column of needle measures 'run'"),
        (
            {"left": {"table": "certificate", "value": "violation"}, "right": None},
            "replicate: certificate has no column of replicates: name one",
        ),
        (
            {"left": side(shared_by=["model"])},
            "left.shared_by: there is no group, curve or replicate 'model'",
        ),
        ({"left": side("accuracy +")}, "left.value: 'accuracy +' cannot be read (invalid syntax)"),
        ({"left": side(where="accuracy")}, "left.where: 'accuracy' must be a condition, such as"),
        ({"left": side("accuracy > 1")}, "left.value: 'accuracy > 1' must be a number, not a condition"),
        ({"left": side("max(accuracy)")}, "left.value: 'max(accuracy)' calls 'max'; functions are abs, exp"),
        ({"left": side("accuracy.max()")}, "left.value: 'accuracy.max()' calls 'accuracy.max'"),
        ({"left": side("@seed")}, "left.value: '@seed' cannot be read"),
        ({"left": side("loss if seed else 0")}, "holds 'loss if seed else 0'; allowed are columns"),
        ({"compare": "within", "of": 1}, "tolerance: within needs it"),
        ({"compare": "within", "of": 1, "tolerance": "loss"}, "tolerance: 'loss' must be a number"),
        ({"of": 1}, "of: greater takes none; it takes by, sign_test"),
        (
            {"compare": "peak_near", "over": "time", "at": "inside", "sign_test": True},
            "sign_test: peak_near takes none",
        ),
        ({"compare": "ratio"}, "at_least: ratio needs at_least or at_most"),
        ({"compare": "ratio", "at_least": 2, "right": None}, "right: ratio needs it, or left.per"),
        ({"compare": "monotone", "over": "time"}, "direction: monotone needs it"),
        ({"compare": "monotone", "over": "date", "direction": "rising"}, "over: there is no column"),
        ({"compare": "peak_near", "over": "time", "at": 20}, "factor: peak_near needs one above 1"),
        ({"compare": "correlation", "over": "time"}, "sign: correlation needs it"),
        ({"compare": "holds", "tolerance": 0}, "right: holds takes none"),
        ({"compare": "holds", "tolerance": "slack", "right": None}, "tolerance: there is no column"),
        ({"compare": "holds", "tolerance": 0, "trials": "n", "right": None}, "trials: there is no column"),
    ],
)
def test_a_mistake_names_the_claim_and_the_key(changes, says):
    with pytest.raises(ValueError) as caught:
        checked(**changes)
    message, name = str(caught.value), changes.get("id", "needle.planted")
    assert message.startswith(f"{name}.") and says in message and "\n" not in message


def test_a_name_is_given_once():
    told = row()
    with pytest.raises(ValueError, match=r"needle\.planted\.id: there is another claim of this name"):
        check([claim(), claim()], {told["id"]: told}, STUDIES, FIGURES)


def test_columns_are_told_once_and_functions_are_none():
    text = "log10(loss) / accuracy ** 2 - abs(loss)"
    assert sorted(columns_of(text, condition=False)) == ["accuracy", "loss"]
    assert sorted(columns_of("a == 1 and not (b in ['x', 'y'] or c < 2)", condition=True)) == ["a", "b", "c"]


@pytest.fixture
def folder(tmp_path):
    """A checkout of nothing but the schema, and a way to write its claims."""
    (tmp_path / files.SCHEMA).parent.mkdir()
    (tmp_path / files.SCHEMA).write_text((ROOT / files.SCHEMA).read_text())

    def write(*rows, text=None):
        (tmp_path / files.CLAIMS).write_text(yaml.safe_dump(list(rows)) if text is None else text)
        files.load.cache_clear()
        return tmp_path

    return write


def good(**changes):
    """A claim on a real table."""
    sides = {
        name: {"table": "measures", "where": f"model == '{model}'", "value": "test_accuracy"}
        for name, model in (("left", "CNN"), ("right", "FCN"))
    }
    return row(**(sides | changes))


def test_a_file_of_claims_is_read(folder):
    (read,) = files.read(folder(good()))
    assert read.study == "needle" and read.tables == ("measures",) and read.right.where == "model == 'FCN'"


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"scale": "any"}, "needle.planted: 'scale' was unexpected; known keys: at, at_least"),
        ({"left": {"tabel": "measures", "value": "seed"}}, "needle.planted.left: 'tabel' was unexpected"),
        ({"says": None}, "needle.planted: 'says' is a required property"),
        ({"says": "No full stop"}, "needle.planted.says: 'No full stop' does not match"),
        ({"id": "Needle"}, "Needle.id: 'Needle' does not match"),
        ({"scales": "all"}, "needle.planted.scales"),
        ({"figures": []}, "needle.planted.figures: [] should be non-empty"),
        ({"direction": "up"}, "needle.planted.direction: 'up' is not one of ['rising', 'falling']"),
        ({"left": {"table": "measures", "value": "accuracy"}}, "there is no column of needle measures"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(folder, changes, says):
    with pytest.raises(ConfigError) as caught:
        files.read(folder(good(**changes)))
    message = str(caught.value)
    assert message.startswith("config/claims.yaml: ") and says in message and "\n" not in message


@pytest.mark.parametrize(
    "text, says", [("- id: [", "while parsing"), ("{}", "(top level)"), ("- 3", "claim 1")]
)
def test_a_file_of_another_shape_is_one_line(folder, text, says):
    with pytest.raises(ConfigError) as caught:
        files.read(folder(text=text))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_each_table_is_asked_for_once(folder):
    claims = files.read(folder(good(), good(id="needle.other")))
    assert files.needed(claims) == [("needle", "measures")]


def test_a_comment_changes_nothing_and_a_limit_does(folder):
    before = files.digest_text(folder(good()))
    assert files.digest_text(folder(text="# A comment\n" + yaml.safe_dump([good()]))) == before
    assert files.digest_text(folder(good(by=1.0))) != before


def test_the_check_needs_neither_torch_nor_pandas():
    code = (
        "import sys; from pathlib import Path; from anarch.workflow import claims; "
        "claims.read(Path('.')); sys.exit(bool({'torch', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
