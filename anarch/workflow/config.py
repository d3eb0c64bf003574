"""Reads the config as a whole before any job starts: each mistake is one line that names its key."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anarch.workflow.schema import ConfigError, key, mistake
from anarch.workflow.specs import RunSpec
from anarch.workflow.studies import STUDIES
from anarch.workflow.subsets import own_images
from anarch.workflow.validation.datasets import check_datasets
from anarch.workflow.validation.design import check_design
from anarch.workflow.validation.runs import check_runs
from anarch.workflow.validation.sections import check_sections
from anarch.workflow.without_torch import WithoutTorch

__all__ = ["ConfigError", "data_root", "validated"]


def validated(config: Mapping[str, Any], root: Path) -> dict[str, dict[str, RunSpec]]:
    """Study -> run -> spec of all trainings of ``config``, on the images of its seed, after a check of all
    that it says.

    Raises:
        ConfigError: one line, for the first mistake found.
    """
    found = mistake(config, root / "config" / "schema.yaml")
    if found is not None:
        path, problem = found
        raise ConfigError(f"config key {key(path)}: {problem}")
    library, runs = WithoutTorch(root), {}
    try:
        check_design(config)
        datasets = check_datasets(config["datasets"], library)
        for name, study in STUDIES.items():
            study.check(config[name], config["datasets"])
            runs[name] = study.runs(config[name])
        check_sections(config, datasets, library)
        check_runs(config, runs, datasets, library)
    except ValueError as error:
        raise ConfigError(f"config key {error}") from None
    return {study: own_images(config["datasets"], specs) for study, specs in runs.items()}


def data_root(config: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> str:
    """Where real data lie: ``ANARCH_DATA_ROOT`` if it is set, else the config's ``data_root``.

    A home folder (``~``) and variables (``$SCRATCH``) are put in.

    Raises:
        ConfigError: there is no such user or variable, or a file lies there.
    """
    given = environment.get("ANARCH_DATA_ROOT")
    said_by, folder = ("ANARCH_DATA_ROOT", given) if given else ("config key data_root", config["data_root"])
    path = os.path.expanduser(os.path.expandvars(folder))
    if path.startswith("~"):
        raise ConfigError(f"{said_by}: {folder} names a user that this machine does not have")
    if "$" in path:
        raise ConfigError(f"{said_by}: {folder} holds a variable that is not set")
    if os.path.isfile(path):
        raise ConfigError(f"{said_by}: {folder} is a file; a folder is needed")
    return path
