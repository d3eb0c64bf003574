"""The registers of the studies, anarch/exhibits/<study>.yaml: paper, figures and tables, each said once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from anarch.workflow.schema import ConfigError, key, load, mistake

FOLDER = Path(__file__).parents[1] / "exhibits"
SCHEMA = "schema.yaml"
KINDS = ("png", "svg")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """``key`` is its name in claims.csv."""

    key: str
    short: str
    authors: str
    year: int
    title: str
    venue: str
    arxiv: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure or printed table: what it shows, and the tables that it is drawn from.

    ``data``: what its caption says of the data, with fields that `caption` fills in.
    """

    study: str
    name: str
    title: str
    tables: tuple[str, ...]
    data: str
    kinds: tuple[str, ...] = KINDS

    @property
    def label(self) -> str:
        """ "Fig. B1" of ``figB1``, "Table 2" of ``table2``, else the name itself with a capital."""
        known = re.fullmatch(r"(fig|table)(\w+)", self.name)
        if known is None:
            return self.name.upper() if len(self.name) <= 3 else self.name.capitalize()
        return f"{'Fig.' if known[1] == 'fig' else 'Table'} {known[2]}"

    @property
    def heading(self) -> str:
        """ "Fig. 3: Final accuracy …"."""
        return f"{self.label}: {self.title}"


@dataclass(frozen=True, kw_only=True)
class Register:
    """What a study shows.  ``tables``: name -> row, replicate, text and columns, as the schema says."""

    study: str
    about: str
    paper: Paper | None
    figures: Mapping[str, Figure]
    tables: Mapping[str, Mapping[str, Any]]


@cache
def registers(folder: Path = FOLDER) -> dict[str, Register]:
    """The register of every study that has one, by name.

    Raises:
        ConfigError: one line that names the file and the key, for the first mistake found.
    """
    files = [file for file in sorted(folder.glob("*.yaml")) if file.name != SCHEMA]
    return {file.stem: _register(file) for file in files}


def papers() -> dict[str, Paper]:
    """Study -> the paper that it re-derives, of those of a paper."""
    return {study: register.paper for study, register in registers().items() if register.paper}


def _register(file: Path) -> Register:
    try:
        register = load(file)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: {' '.join(str(error).split())}") from None
    found = mistake(register, file.parent / SCHEMA)
    if found is not None:
        path, problem = found
        raise ConfigError(f"{file}: {key(path)}: {problem}")
    study, paper = file.stem, register.get("paper")
    figures = {}
    for name, figure in register["figures"].items():
        data = figure.get("data", register.get("data"))
        if data is None:
            raise ConfigError(f"{file}: figures.{name}.data: give it, or `data` for all figures")
        if unknown := set(figure["tables"]) - register["tables"].keys():
            raise ConfigError(
                f"{file}: figures.{name}.tables: there is no table {min(unknown)!r} under `tables`; "
                f"there is {', '.join(register['tables'])}"
            )
        figures[name] = Figure(
            study=study,
            name=name,
            title=figure["title"],
            tables=tuple(figure["tables"]),
            data=data,
            kinds=tuple(figure.get("kinds", KINDS)),
        )
    return Register(
        study=study,
        about=register["about"],
        paper=None if paper is None else Paper(**paper),
        figures=figures,
        tables=register["tables"],
    )


def caption(figure: Figure, section: Mapping[str, Any], **words: str) -> str:
    """``figure.data`` with its fields filled in: from ``words``, else by their path in ``section``."""

    def value(field: re.Match[str]) -> str:
        name = field[1]
        if name in words:
            return words[name]
        texts = list(dict.fromkeys(str(one) for one in _values(section, name.split("."))))
        if not texts:
            raise ValueError(
                f"anarch/exhibits/{figure.study}.yaml: figures.{figure.name}.data: the config's "
                f"section {figure.study} has no {name}"
            )
        return ", ".join(texts)

    return re.sub(r"\{([^{}]+)\}", value, figure.data)


def _values(place: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield place
    elif isinstance(place, Mapping):
        first, *rest = path
        for key in place if first == "*" else [first] if first in place else []:
            yield from _values(place[key], rest)
