"""A copy of the checkout to run and to edit, and what snakemake says of it."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = (".git", ".venv", ".snakemake", "results", "__pycache__", ".*_cache", ".hypothesis", "data")
SUMMING = ("claims", "report")  # they follow every table or figure
SMOKE = ("--configfile", "config/smoke.yaml")


@dataclass(frozen=True)
class Checkout:
    root: Path

    @classmethod
    def copy(cls, root: Path) -> "Checkout":
        ignore = shutil.ignore_patterns(*LEFT_OUT)
        # `data` at the top is a user's images; anarch/data is code.
        shutil.copytree(
            ROOT,
            root,
            ignore=lambda folder, names: (
                ignore(folder, names) - ({"data"} if Path(folder) != ROOT else set())
            ),
        )
        return cls(root)

    @property
    def environment(self) -> dict[str, str]:
        """As after activating the project's environment, with this copy's code first."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**os.environ, "PATH": path, "PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1"}

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *command: str, fails: bool = False) -> str:
        """What ``command`` prints; its failure, or unexpected success, fails the test with that."""
        process = self.start(*command)
        printed, _ = process.communicate(timeout=1800)
        assert (process.returncode != 0) == fails, f"{' '.join(command)}:\n{printed[-4000:]}"
        return printed

    def told(self, *arguments: str) -> str:
        """What ``snakemake -n`` tells of every job; without the profile it is all, and not one line a job."""
        plain = ("--workflow-profile", "none", "--rerun-incomplete")
        return self.run("snakemake", *plain, "-n", "--cores", "2", *arguments)

    def planned(self, *arguments: str) -> dict[str, set[str]]:
        """Rule -> outputs that ``snakemake -n`` would make; what sums all up only where nothing else is."""
        printed = self.told(*arguments)
        plan: dict[str, set[str]] = {}
        for rule, body in re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", printed, re.MULTILINE):
            made = re.search(r"^    output: (.*)$", body, re.MULTILINE)
            plan.setdefault(rule, set()).update(made[1].split(", ") if made else ())
        plan.pop("all", None)
        return {rule: made for rule, made in plan.items() if rule not in SUMMING} or plan

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text()
        assert old in text, f"{file} holds no {old!r}"
        (self.root / file).write_text(text.replace(old, new, 1))

    def bits(self, folder: str) -> dict[str, bytes]:
        """Every artefact below ``folder``, but what only tells how a job went (logs, timings) and locks."""
        top = self.root / folder
        return {
            str(file.relative_to(top)): file.read_bytes()
            for file in sorted(top.rglob("*"))
            if file.is_file()
            and not {"logs", "timings"} & set(file.relative_to(top).parts)
            and file.name != ".lock"
        }
