"""What the project promises of its surroundings: versions, names, no heavy import where none may be."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def pins(lines: list[str]) -> dict[str, str]:
    return dict(re.fullmatch(r"([\w-]+)==([\w.]+)", line.strip()).groups() for line in lines if "==" in line)


def test_conda_and_pip_name_the_same_versions():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pins(pip) == pins((ROOT / "requirements.txt").read_text().splitlines())


def test_the_makefile_installs_the_pinned_torch():
    wanted = pins((ROOT / "requirements.txt").read_text().splitlines())
    for name in ("torch", "torchvision"):
        assert f"{name}=={wanted[name]}" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    "module",
    [
        "anarch",
        "anarch.workflow.config",
        "anarch.workflow.needle",
        "anarch.figures.needle",
        "anarch.report.page",
        "anarch_snakemake",
        "snakemake_logger_plugin_anarch",
    ],
)
def test_what_the_snakefile_and_the_figures_import_loads_no_torch(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_public_names_are_there_and_documented():
    import anarch

    for name in anarch.__all__:
        assert getattr(anarch, name).__doc__
    with pytest.raises(AttributeError, match="it offers"):
        anarch.lifting_machine  # noqa: B018


SCRIPTS = sorted(
    file.name
    for file in (ROOT / "workflow_scripts").glob("*.py")
    if "__main__" in file.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("file", SCRIPTS)
def test_every_script_tells_its_use(file):
    shown = subprocess.run(
        [sys.executable, file, "--help"], cwd=ROOT / "workflow_scripts", capture_output=True, text=True
    )
    assert shown.returncode == 0 and "usage:" in shown.stdout
