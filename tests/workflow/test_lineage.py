"""No job runs code that its digest leaves out; a digest changes with what it is over and nothing else."""

import ast
import dataclasses
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import prepare_data
import train
from anarch import models
from anarch.training import network, optimisers
from anarch.training.optimisers import OPTIMISERS
from anarch.workflow import digests
from anarch.workflow.lineage import OWN_OPTIMISERS, Lineage, combined, modules_of, source_of
from anarch.workflow.specs import (
    Corruption,
    Model,
    Poison,
    Recipe,
    RunSpec,
    Start,
    canonical_json,
)
from anarch.workflow.subsets import data_spec

ROOT = Path(__file__).parents[2]
# Every import by name, and how the digests of the jobs that run it come to be over what it imports.
BY_NAME = {
    ("anarch/workflow/without_torch.py", "name"): "checks of a config, which are no artefacts",
    ("anarch/__init__.py", "_HOMES[name]"): "public names, which no job of the workflow uses",
    (
        "anarch/models/__init__.py",
        "f'{__name__}.{name}'",
    ): "modules_of, and the architectures of Lineage.measured",
    ("anarch/models/__init__.py", "module"): "architecture_module, in both",
    ("anarch/training/optimisers.py", "module"): "optimiser_modules, in modules_of",
    ("anarch/training/network.py", "'anarch.lifting.walk'"): "modules_of; what measures imports it plainly",
    ("anarch/training/network.py", "'anarch.lifting.padding'"): "modules_of",
    ("anarch/training/optimisers.py", "f'anarch.training.{module}'"): "modules_of",
    ("workflow_scripts/job_server.py", "name"): "what the command itself imports, and its digest follows",
    ("workflow_scripts/train.py", "'anarch.training.corrupted'"): "modules_of",
    ("workflow_scripts/train.py", "'anarch.training.poisoned'"): "modules_of",
    ("anarch/data/prepare.py", "f'{sources.__name__}.{_known(spec.source)}'"): "source_of",
    ("anarch/cost/networks.py", "'anarch.lifting.walk'"): "plans, which are no artefacts",
    (
        "workflow_scripts/collect_history.py",
        "f'anarch.workflow.{args.study}'",
    ): "the study of Lineage.measured",
    ("workflow_scripts/draw.py", "f'anarch.figures.{study}'"): "Lineage.drawn",
    (
        "workflow_scripts/shared/minima.py",
        "f'shared.{args.source}'",
    ): "named by rules/blessing.smk and rules/blessing_tables.smk",
}
RECIPE = Recipe(epochs=1, batch_size=10, lr=0.01)
MLP = Model(architecture="mlp", options={"hidden": [4]})
PLAIN = RunSpec(dataset="digits", model=MLP, recipe=RECIPE, seed=0)
CNN = dataclasses.replace(PLAIN, model=Model(architecture="s_conv", options={"alpha": 1}))
OF_OPTIMISERS = {"adadelta": {"rho": 0.9}, "evolution": {"sigma": 0.01, "pairs": 1}}


def lifted(spec: RunSpec, to: str) -> RunSpec:
    return dataclasses.replace(spec, model=dataclasses.replace(spec.model, lift=to))


def specs() -> Iterator[tuple[str, RunSpec]]:
    """A spec for each thing that a training may import by name."""
    for name in OPTIMISERS:
        recipe = dataclasses.replace(RECIPE, optimiser=name, **OF_OPTIMISERS.get(name, {}))
        yield name, dataclasses.replace(PLAIN, recipe=recipe)
    yield "fully connected", lifted(CNN, "fully_connected")
    yield "locally connected", lifted(CNN, "locally_connected")
    padded = lifted(CNN, "fully_connected")
    yield (
        "padded start",
        dataclasses.replace(padded, model=dataclasses.replace(padded.model, padded_start=True)),
    )
    yield "corrupted", dataclasses.replace(PLAIN, corruption=Corruption(replicas=1))
    yield "poisoned", dataclasses.replace(PLAIN, poison=Poison(beta=0.1, batch_size=5))


SPECS = dict(specs())


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "digits"
    small = {"canvas": 16, "scale": 9, "fragment": 4}
    dataset = {"source": "cluttered_digits", "train": 20, "test": 10, "extra": 10, "options": small}
    prepare_data.main(["--spec", json.dumps(dataset), "--out", str(folder)])
    return folder


@pytest.mark.parametrize("name", SPECS)
def test_a_training_imports_nothing_by_name_that_its_digest_is_not_over(data, tmp_path, monkeypatch, name):
    imported = []

    def recording(module: str) -> ModuleType:
        imported.append(module)
        return importlib.import_module(module)

    for importer in (train, models, network, optimisers):
        monkeypatch.setattr(importer, "import_module", recording)
    train.main(
        ["--spec", canonical_json(SPECS[name]), "--data", str(data), "--gpus", "0", "--out", str(tmp_path)]
    )
    over = digests.code_files(ROOT, "train.py", modules_of(SPECS[name]))
    files = {Path(importlib.import_module(module).__file__ or "") for module in imported}
    assert files and files <= over, f"name them in anarch/workflow/lineage.py: {imported}"


def test_a_run_that_was_killed_after_its_last_artefact_leaves_nothing_behind(data, tmp_path, capsys):
    """Complete, but for the removal of what it would have gone on from."""
    command = ["--spec", canonical_json(PLAIN), "--data", str(data), "--gpus", "0", "--out", str(tmp_path)]
    train.main(command)
    (tmp_path / ".resume-0123/snapshots").mkdir(parents=True)
    (tmp_path / ".resume-0123/snapshots/epoch1.safetensors").write_text("weights")
    train.main(command)
    assert "is finished already" in capsys.readouterr().out
    assert not list(tmp_path.glob(".resume-*"))


def test_optimisers_with_modules_of_their_own_are_optimisers():
    assert set(OWN_OPTIMISERS) <= set(OPTIMISERS)


def imports_by_name() -> set[tuple[str, str]]:
    found = set()
    for file in (*ROOT.glob("anarch/**/*.py"), *ROOT.glob("workflow_scripts/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                "import_module",
                "__import__",
            ):
                found.add((str(file.relative_to(ROOT)), ast.unparse(node.args[0])))
    return found


def test_every_import_by_name_is_one_that_digests_are_known_to_follow():
    """A new one is in no digest until lineage.py names it: an edit behind it would leave artefacts stale."""
    assert imports_by_name() == set(BY_NAME)


@pytest.mark.parametrize("scale", ["smoke", "config", "cifar", "paper"])
def test_every_dataset_of_a_config_has_a_source_that_digests_find(scale):
    config = yaml.safe_load((ROOT / f"config/{scale}.yaml").read_text())
    for name in config["datasets"]:
        assert digests.code_files(ROOT, "prepare_data.py", [source_of(data_spec(config["datasets"], name))])


DATASETS = {"digits": {"source": "digits", "train": 20}}


def lineage(**runs: RunSpec) -> Lineage:
    return Lineage(ROOT, DATASETS, {"needle": runs})


def test_a_run_comes_from_its_spec_its_data_and_the_run_that_it_starts_from():
    begun = dataclasses.replace(lifted(CNN, "fully_connected"), start=Start(run="cnn", epoch=0))
    before = lineage(cnn=CNN, fcn=begun)
    longer = dataclasses.replace(CNN, recipe=dataclasses.replace(RECIPE, epochs=2))
    after = lineage(cnn=longer, fcn=begun)
    more = Lineage(ROOT, {"digits": {"source": "digits", "train": 30}}, before.runs)
    for run in ("cnn", "fcn"):
        assert len({one.trained("needle", run) for one in (before, after, more)}) == 3
    assert after.trained("needle", "cnn") != after.trained("needle", "fcn")
    assert lineage(cnn=CNN).trained("needle", "cnn") == before.trained("needle", "cnn")


def test_a_table_comes_from_the_runs_that_it_measures_and_from_no_others():
    two = lineage(a=CNN, b=dataclasses.replace(CNN, seed=1))
    other = lineage(a=CNN, b=dataclasses.replace(CNN, seed=2))
    assert two.measured("measure.py", "needle", ["a"]) == other.measured("measure.py", "needle", ["a"])
    assert two.measured("measure.py", "needle", "ab") != other.measured("measure.py", "needle", "ab")
    assert two.measured("measure.py", "needle", ["a"]) != two.measured("lift.py", "needle", ["a"])


def test_a_figure_comes_from_its_study_and_tables_and_a_stacked_table_from_its_parts():
    one = lineage(a=CNN)
    drawn = {one.drawn("needle", ["x"]), one.drawn("needle", ["y"]), one.drawn("scratch", ["x"])}
    assert len(drawn) == 3 and one.drawn("needle", ["x"]) in drawn
    assert one.stacked("x") != one.stacked("y") and combined("x", "y") == combined("xy")
