"""The claims and the tables that they are judged on, as rules and report read them; free of pandas."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from anarch.claims.checking import check
from anarch.claims.claim import Claim, parse
from anarch.workflow.schema import ConfigError, load, mistake

CLAIMS, SCHEMA, REGISTRY = "config/claims.yaml", "config/claims_schema.yaml", "anarch/claims/tables.yaml"


def read(root: Path, figures: Mapping[str, Collection[str]]) -> list[Claim]:
    """The claims of config/claims.yaml below ``root``; ``figures``: names of each study's figures, as `fig3`.

    Raises:
        ConfigError: one line that names the claim and the key, for the first mistake found.
    """
    try:
        told = load(root / CLAIMS)
    except yaml.YAMLError as error:
        raise ConfigError(f"{CLAIMS}: {' '.join(str(error).split())}") from None
    found = mistake(told, root / SCHEMA)
    if found is not None:
        path, problem = found
        raise ConfigError(f"{CLAIMS}: {_place(told, path)}: {problem}")
    claims = [parse(row) for row in told]
    try:
        check(claims, {row["id"]: row.keys() for row in told}, registry(root), figures)
    except ValueError as error:
        raise ConfigError(f"{CLAIMS}: {error}") from None
    return claims


def registry(root: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Study -> table -> what a row is, which column tells replicates apart, what each column means."""
    return load(root / REGISTRY)


def needed(claims: Iterable[Claim], made: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """(study, table) of all that ``claims`` are judged on; ``made``: the tables that a config has."""
    pairs = ((claim.study, table) for claim in claims for table in claim.tables)
    return [(study, table) for study, table in dict.fromkeys(pairs) if table in made.get(study, ())]


def digest_text(root: Path) -> str:
    """What claims and registry say, whatever their layout: a comment changes no verdict."""
    return json.dumps([load(root / CLAIMS), load(root / REGISTRY)], sort_keys=True)


def _place(told: Any, path: list[Any]) -> str:
    """The claim by its name, and the key."""
    if not path:
        return "(top level)"
    row = told[path[0]]
    name = row.get("id", f"claim {path[0] + 1}") if isinstance(row, dict) else f"claim {path[0] + 1}"
    return ".".join(map(str, (name, *path[1:])))
