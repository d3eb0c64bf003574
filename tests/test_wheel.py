"""The wheel: built without network, it holds the library alone and needs no more than it declares."""

import os
import subprocess
import sys
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="requirements-dev.txt has it: make setup")
ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Names under which the declared dependencies are imported, and torch's own; all others are kept away below.
ALLOWED = {"torch", "numpy", "scipy", "mpmath"}
KEPT_AWAY = (
    "torchvision", "sklearn", "filelock", "rich", "snakemake", "safetensors", "pandas", "seaborn",
    "matplotlib", "yaml", "jsonschema", "jinja2", "PIL",
)  # fmt: skip
PROGRAM = f"""
import sys
import torch
torch.manual_seed(0)
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {KEPT_AWAY!r}:
            raise ModuleNotFoundError(f"{{name}} is not installed", name=name)
for name in {KEPT_AWAY!r}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())
before = set(sys.modules)
import anarch
print(*sorted(set(sys.modules) - before))
print(anarch.__file__)
for name in anarch.__all__:
    getattr(anarch, name)
cnn = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(18, 3)).eval()
x, y = torch.randn(4, 1, 5, 5), torch.tensor([0, 1, 2, 0])
efcn = anarch.lift(cnn, (1, 5, 5), to="fully_connected")
assert torch.allclose(cnn(x), efcn(x), atol=1e-5) and anarch.deviation(efcn) == 0
assert anarch.gradient_norm(efcn, x, y) > 0 and anarch.top_hessian_eigenvalue(efcn, x, y) > 0
assert (anarch.basin_radii(efcn, x, y, 10.0, 2) > 0).all() and anarch.path_norm(efcn, (1, 5, 5), 1) > 0
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        str(ROOT),
        *offline,
        "--quiet",
        "--wheel-dir",
        str(folder),
    ]
    subprocess.run(command, check=True)
    (found,) = folder.glob("anarch-*.whl")
    return found


def test_it_holds_the_library_typed_and_nothing_that_changes_snakemake(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].removesuffix(".dist-info").split("-")[0] for name in names} == {"anarch"}
    assert "anarch/py.typed" in names and "anarch/exhibits/needle.yaml" in names
    assert {f"anarch/{file.relative_to(ROOT / 'anarch')}" for file in (ROOT / "anarch").rglob("*.py")} <= {
        *names
    }


def test_it_declares_what_the_library_imports_and_the_rest_as_extras(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        told = BytesParser().parsebytes(archive.read(name))
    needed = [line for line in told.get_all("Requires-Dist") if "extra ==" not in line]
    assert {line.split(">")[0] for line in needed} == ALLOWED
    assert set(told.get_all("Provides-Extra")) == {"data", "workflow"}


def test_it_works_where_only_its_dependencies_are(wheel, tmp_path):
    """Unpacked and imported from another folder; everything else of this environment is out of reach."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", PROGRAM],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    loaded, place = run.stdout.splitlines()
    assert place == str(tmp_path / "site/anarch/__init__.py")
    assert loaded == "anarch"  # beside torch it loads one module: names are looked up when they are used


def test_the_extras_are_what_the_pinned_environment_has():
    extras = PROJECT["optional-dependencies"]
    wanted = {name.split(">")[0] for name in [*PROJECT["dependencies"], *extras["data"], *extras["workflow"]]}
    pinned = {line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert wanted - {"anarch[data]"} == pinned - {"snakemake-executor-plugin-slurm"}
