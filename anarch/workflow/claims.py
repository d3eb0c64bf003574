"""The claims and the tables that they are judged on, as rules and report read them; free of pandas."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from anarch.claims.checking import check
from anarch.claims.claim import Claim, parse
from anarch.workflow.exhibits import papers, registers
from anarch.workflow.schema import ConfigError, load, mistake

CLAIMS, SCHEMA = "config/claims.yaml", "config/claims_schema.yaml"


def read(root: Path) -> list[Claim]:
    """The claims of config/claims.yaml below ``root``.

    Raises:
        ConfigError: one line that names the claim and the key, for the first mistake found.
    """
    try:
        rows = load(root / CLAIMS)
    except yaml.YAMLError as error:
        raise ConfigError(f"{CLAIMS}: {' '.join(str(error).split())}") from None
    found = mistake(rows, root / SCHEMA)
    if found is not None:
        path, problem = found
        raise ConfigError(f"{CLAIMS}: {_place(rows, path)}: {problem}")
    claims = [parse(row) for row in rows]
    figures = {study: register.figures.keys() for study, register in registers().items()}
    try:
        check(claims, {row["id"]: row.keys() for row in rows}, tables(), figures)
    except ValueError as error:
        raise ConfigError(f"{CLAIMS}: {error}") from None
    return claims


def tables() -> dict[str, Mapping[str, Mapping[str, Any]]]:
    """Study -> table -> what a row is, which column tells replicates apart, what each column means; of the
    studies of a paper, which alone makes claims."""
    return {study: registers()[study].tables for study in papers()}


def needed(claims: Iterable[Claim]) -> list[tuple[str, str]]:
    """(study, table) of all that ``claims`` are judged on."""
    return list(dict.fromkeys((claim.study, table) for claim in claims for table in claim.tables))


def digest_text(root: Path) -> str:
    """What claims and registers say, whatever their layout: a comment changes no verdict."""
    return json.dumps([load(root / CLAIMS), tables()], sort_keys=True)


def _place(rows: Any, path: list[Any]) -> str:
    """The claim by its name, and the key."""
    if not path:
        return "(top level)"
    row = rows[path[0]]
    name = row.get("id", f"claim {path[0] + 1}") if isinstance(row, dict) else f"claim {path[0] + 1}"
    return ".".join(map(str, (name, *path[1:])))
