"""What describes artefacts: the manifest of a dataset, the spec of a run."""

from pathlib import Path
from typing import Any

from anarch.workflow import paths
from anarch.workflow.specs import RunSpec, parse
from shared.integrity import refusal, verified_json


def load_manifest(folder: Path) -> dict[str, Any]:
    return verified_json(folder / paths.MANIFEST)


def load_spec(run: Path) -> RunSpec:
    try:
        return parse(RunSpec, verified_json(run / paths.SPEC))
    except ValueError as error:
        raise refusal(run / paths.SPEC, f"is no spec of a run: {error}") from None
