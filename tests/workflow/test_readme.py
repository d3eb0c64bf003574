"""Every command of the README works as it is typed there (as a dry run, where it would train for long)."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from checkout import Checkout

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [
    line.split("  #")[0].strip()
    for block in blocks("sh")
    for line in block.splitlines()
    if line.strip() and not line.startswith("#")
]


def test_the_readme_holds_the_lines_that_our_user_types():
    for line in (
        "make all",
        "make test",
        "snakemake --cores 8 --resources gpu=2 all",
        "snakemake --cores 2 needle_fig3",
    ):
        assert line in COMMANDS


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("snakemake ")])
def test_snakemake_commands(command):
    """Also on a machine without SLURM: there the profile's executor is left out, the rest stays."""
    words = shlex.split(command)
    if "profiles/slurm" in words:
        profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
        words = [word for word in words if word not in ("--workflow-profile", "profiles/slurm")] + [
            "--jobs",
            str(profile["jobs"]),
        ]
    if "--cores" not in words and "--jobs" not in words:
        words += ["--cores", "1"]
    checkout = Checkout(ROOT)
    # First: a dry run must come before targets that a list of the command's would swallow.
    checkout.run(words[0], "-n", *words[1:])


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_make_targets(command):
    subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if not c.startswith(("make ", "snakemake ", "export "))]
)
def test_other_commands_name_files_that_exist(command):
    files = [word for word in shlex.split(command) if word.endswith((".py", ".yml", ".yaml", ".txt"))]
    assert files or command.startswith(("pip ", "conda ", "source ")), command
    for file in files:
        assert (ROOT / file).exists(), file


@pytest.mark.parametrize("code", blocks("python"))
def test_python_examples(code, tmp_path):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_target_of_the_table_is_a_rule():
    targets = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    assert "needle_fig3" in targets
    rules = Checkout(ROOT).run("snakemake", "--list-target-rules").split()
    assert set(targets) <= set(rules)


def test_pictures_of_the_documents_are_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / picture).is_file(), f"{page.name}: {picture}"
