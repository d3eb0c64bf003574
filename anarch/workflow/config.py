"""Reads the config as a whole before any job starts: each mistake is one line that names its key."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.exceptions import best_match

from anarch.workflow.specs import DataSpec, parse
from anarch.workflow.studies import STUDIES


class ConfigError(ValueError):
    """The config cannot be run; the message names the key, the value and what is allowed."""


def validated(config: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """``config`` checked against config/schema.yaml and for values that no run could have.

    Raises:
        ConfigError: one line, for the first mistake found.
    """
    schema = yaml.safe_load((root / "config" / "schema.yaml").read_text(encoding="utf-8"))
    error = best_match(jsonschema.Draft202012Validator(schema).iter_errors(config))
    if error is not None:
        raise ConfigError(f"config key {_key(error.absolute_path)}: {sentence(error)}")
    try:
        for name, options in config["datasets"].items():
            spec = parse(DataSpec, options)
            if not (root / "anarch" / "data" / "sources" / f"{spec.source}.py").is_file():
                raise ValueError(f"datasets.{name}.source: there is no anarch/data/sources/{spec.source}.py")
        for name, study in STUDIES.items():
            study.check(config[name], config["datasets"])
            for architecture in {spec.model.architecture for spec in study.runs(config[name]).values()}:
                if not (root / "anarch" / "models" / f"{architecture}.py").is_file():
                    raise ValueError(f"{name}: there is no anarch/models/{architecture}.py")
    except ValueError as mistake:
        raise ConfigError(f"config key {mistake}") from None
    return dict(config)


def data_root(config: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> str:
    """Where real data lie: ``ANARCH_DATA_ROOT`` if it is set, else the config's ``data_root``."""
    return environment.get("ANARCH_DATA_ROOT") or config["data_root"]


def _key(path: Any) -> str:
    return ".".join(str(part) for part in path) or "(top level)"


def sentence(error: jsonschema.ValidationError) -> str:
    """What is wrong and what is allowed, in one line."""
    if error.validator == "additionalProperties":
        known = ", ".join(sorted(error.schema.get("properties", {})))
        return f"{error.message.split(' (')[-1].rstrip(')')}; known keys: {known}"
    if len(error.message) > 160:  # jsonschema quotes the whole offending value
        return f"{error.message[:70]} ... {error.message[-70:]}"
    return error.message
