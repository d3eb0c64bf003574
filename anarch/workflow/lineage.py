"""What a job's result comes from, as digests: a job whose digest has changed runs again.

Snakemake does not miss an intermediate file whose products are there, so that a product must itself tell when
what it was made from has changed: an interrupted training would else leave stale tables behind it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from anarch.workflow import digests
from anarch.workflow.own_modules import is_dotted, module_of
from anarch.workflow.specs import DataSpec, RunSpec, canonical_json
from anarch.workflow.subsets import data_spec

# Optimiser of a recipe -> the module of anarch.training that it alone needs.
OWN_OPTIMISERS = {
    "beta_lasso": "beta_lasso",
    "proxprop": "gradient_free",
    "evolution": "gradient_free",
}


def combined(*parts: str) -> str:
    """One digest of several."""
    return digests.text_digest("".join(parts))


def architecture_module(architecture: str) -> str:
    """The module that a network of ``architecture`` comes from: ours, or that of a dotted name."""
    return module_of(architecture) if is_dotted(architecture) else f"anarch.models.{architecture}"


def optimiser_modules(optimiser: str) -> list[str]:
    """The module that an optimiser alone needs, if there is one."""
    if is_dotted(optimiser):
        return [module_of(optimiser)]
    return [f"anarch.training.{OWN_OPTIMISERS[optimiser]}"] if optimiser in OWN_OPTIMISERS else []


def modules_of(spec: RunSpec) -> list[str]:
    """Modules that a training by ``spec`` imports by name, to which no import statement leads."""
    return [
        architecture_module(spec.model.architecture),
        *(["anarch.lifting.walk"] if spec.model.lift != "none" else []),
        *(["anarch.lifting.padding"] if spec.model.padded_start else []),
        *(["anarch.training.corrupted"] if spec.corruption is not None else []),
        *(["anarch.training.poisoned"] if spec.poison is not None else []),
        *optimiser_modules(spec.recipe.optimiser),
    ]


def source_of(spec: DataSpec) -> str:
    """The module that the preparation of a dataset imports by name."""
    return f"anarch.data.sources.{spec.source}"


@dataclass(frozen=True)
class Lineage:
    """Digests of the jobs of one config: its ``datasets``, and its runs by study and name."""

    root: Path
    datasets: Mapping[str, Any]
    runs: Mapping[str, Mapping[str, RunSpec]]
    _trained: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False)

    def code(self, script: str, *modules: str) -> str:
        """Of all code that a script can run, with ``modules`` that it imports by name."""
        return _code(self.root, script, modules)

    def dataset(self, name: str) -> str:
        """The spec of a prepared dataset, as text."""
        return canonical_json(data_spec(self.datasets, name))

    def trained(self, study: str, run: str) -> str:
        """Of a run: its spec, its data's, its code, and the same of the run that it starts from."""
        if (study, run) not in self._trained:
            spec = self.runs[study][run]
            self._trained[study, run] = combined(
                canonical_json(spec),
                self.dataset(spec.dataset),
                self.code("train.py", *modules_of(spec)),
                "" if spec.start is None else self.trained(study, spec.start.run),
            )
        return self._trained[study, run]

    def measured(self, script: str, study: str, runs: Iterable[str], *modules: str) -> str:
        """Of a table of ``runs``: its script, what their names and architectures mean, their lineages."""
        runs = list(runs)
        architectures = {architecture_module(self.runs[study][run].model.architecture) for run in runs}
        return combined(
            self.code(script, f"anarch.workflow.{study}", *modules, *sorted(architectures)),
            *(self.trained(study, run) for run in runs),
        )

    def stacked(self, table: str) -> str:
        """Of a table put together from others, whose digest is ``table``."""
        return combined(self.code("stack.py"), table)

    def drawn(self, study: str, tables: Iterable[str]) -> str:
        """Of a figure: how it is drawn, and the digests of its ``tables``."""
        return combined(self.code("draw.py", f"anarch.figures.{study}"), *tables)


@cache
def _code(root: Path, script: str, modules: tuple[str, ...]) -> str:
    return digests.code_digest(root, script, modules)
