"""What changes the digest of a job's code, and what does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from anarch.workflow import digests

ROOT = Path(__file__).parents[2]

FILES = {
    "anarch/__init__.py": "NAMES = ['lift']\n",
    "anarch/lifting/__init__.py": '"""Lifting."""\nfrom anarch.lifting.layers import Layer\n',
    "anarch/lifting/layers.py": '"""Layers."""\nclass Layer:\n    """One."""\n    size = 1\n',
    "anarch/models/__init__.py": '"""Models."""\n',
    "anarch/models/small.py": "WIDTH = 3\n",
    "anarch/models/other.py": "WIDTH = 4\n",
    "anarch/loop.py": "def step(x):\n    # why\n    return x + 1\n",
    "workflow_scripts/files.py": "import json\n",
    "workflow_scripts/train.py": (
        "import files\nfrom anarch.loop import step\n\ndef main():\n    import anarch.models\n"
    ),
}


@pytest.fixture
def tree(tmp_path: Path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def digest(*modules: str, **edits: str) -> str:
        for name, text in edits.items():
            (tmp_path / name).write_text(text)
        forget()
        return digests.code_digest(tmp_path, "train.py", modules)

    yield digest
    forget()


def forget() -> None:
    for cached in (digests._facts, digests._known, digests._module_files, digests._neighbours):
        cached.cache_clear()


def digest_of_a_new_process(root: Path, first: str = "pass") -> str:
    program = (
        f"import ast; from pathlib import Path; from anarch.workflow import digests; {first};"
        f"print(digests.code_digest(Path({str(root)!r}), 'train.py'))"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_follows_imports_of_neighbours_of_packages_and_inside_functions(tmp_path, tree):
    tree()
    names = {str(file.relative_to(tmp_path)) for file in digests.code_files(tmp_path, "train.py")}
    assert names == {
        "workflow_scripts/train.py",
        "workflow_scripts/files.py",
        "anarch/loop.py",
        "anarch/models/__init__.py",
    }


def test_a_comment_a_docstring_or_layout_changes_nothing(tree):
    before = tree("anarch.lifting")
    assert (
        tree(
            "anarch.lifting",
            **{"anarch/loop.py": 'def step( x ):\n    """New."""\n    return (x + 1)  # other\n'},
        )
        == before
    )
    assert tree("anarch.lifting", **{"anarch/lifting/layers.py": "class Layer:\n    size = 1\n"}) == before


def test_a_real_edit_changes_it_and_its_reversal_changes_it_back(tree):
    before = tree()
    assert tree(**{"anarch/loop.py": "def step(x):\n    return x + 2\n"}) != before
    assert tree(**{"anarch/loop.py": FILES["anarch/loop.py"]}) == before


def test_only_named_modules_and_what_they_import_count(tree):
    before = tree("anarch.models.small", "anarch.lifting")
    assert (
        tree("anarch.models.small", "anarch.lifting", **{"anarch/models/other.py": "WIDTH = 5\n"}) == before
    )
    assert (
        tree(
            "anarch.models.small",
            "anarch.lifting",
            **{"anarch/lifting/layers.py": "class Layer:\n    size = 2\n"},
        )
        != before
    )


def test_a_new_public_name_is_no_new_code(tree):
    assert tree() == tree(**{"anarch/__init__.py": "NAMES = ['lift', 'deviation']\n"})


def test_a_string_that_is_no_docstring_counts(tree):
    before = tree()
    assert tree(**{"anarch/loop.py": "def step(x):\n    y = 'text'\n    return x + 1\n"}) != before


def test_an_unknown_module_is_an_error(tree):
    with pytest.raises(ValueError, match=r"no module anarch\.nowhere"):
        tree("anarch.nowhere")


def test_the_trainer_of_a_cnn_does_not_depend_on_the_lifting_nor_on_other_architectures():
    names = {
        str(file.relative_to(ROOT))
        for file in digests.code_files(ROOT, "train.py", ["anarch.models.vanilla_cnn"])
    }
    assert "anarch/training/loop.py" in names and "anarch/models/vanilla_cnn.py" in names
    for stranger in (
        "anarch/lifting",
        "anarch/models/alexnet",
        "anarch/landscape",
        "anarch/figures",
        "anarch/data/sources",
    ):
        assert not [name for name in names if name.startswith(stranger)]


def test_a_figure_depends_on_no_network():
    names = {
        str(file.relative_to(ROOT)) for file in digests.code_files(ROOT, "draw.py", ["anarch.figures.needle"])
    }
    about_files = {"anarch/workflow/__init__.py", "anarch/workflow/records.py"}
    drawing = ("anarch/figures", "workflow_scripts/draw", "workflow_scripts/shared")
    assert all(name.startswith(drawing) for name in names - about_files), names


def test_a_second_process_parses_nothing_and_says_the_same(tmp_path, tree):
    tree()
    before = digest_of_a_new_process(tmp_path)
    assert digest_of_a_new_process(tmp_path, first="del ast.parse") == before


def test_what_was_kept_hides_no_edit_and_need_not_be_readable(tmp_path, tree):
    tree()
    before = digest_of_a_new_process(tmp_path)
    (tmp_path / "anarch/loop.py").write_text("def step(x):\n    return x + 2\n")
    assert digest_of_a_new_process(tmp_path) != before
    (tmp_path / "anarch/loop.py").write_text(FILES["anarch/loop.py"])
    (tmp_path / ".snakemake" / "anarch.digests.json").write_text('{"maker": ')
    assert digest_of_a_new_process(tmp_path) == before


def test_facts_of_another_python_or_another_version_of_the_digest_are_not_used(tmp_path, tree):
    tree()
    before = digest_of_a_new_process(tmp_path)
    store = tmp_path / ".snakemake" / "anarch.digests.json"
    kept = json.loads(store.read_text())
    wrong = {key: ["0" * 16, imports] for key, (_, imports) in kept["known"].items()}
    store.write_text(json.dumps({"maker": "another", "known": wrong}))
    assert digest_of_a_new_process(tmp_path) == before
