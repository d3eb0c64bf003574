"""What the jobs of the workflow find in their environment."""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path


def refuse_elsewhere(root: Path) -> None:
    """Raises ValueError in another folder than the workflow's: rules name scripts and results from there."""
    if Path.cwd().resolve() != root.resolve():
        raise ValueError(f"the workflow runs in its own folder: cd {root}, and the same without -s and -d")


def prepare(
    root: Path, data_root: str, download: bool, environment: MutableMapping[str, str] = os.environ
) -> None:
    """Lead jobs to snakemake's own ``python``, to this checkout's anarch, installed or not, and to the data.

    Where real data lie is no parameter of a job: a folder that moved makes no dataset stale.
    """
    for name, first in (("PATH", Path(sys.executable).parent), ("PYTHONPATH", root)):
        environment[name] = os.pathsep.join(filter(None, [str(first), environment.get(name)]))
    environment["ANARCH_DATA_ROOT"] = data_root
    environment["ANARCH_DOWNLOAD"] = "1" if download else ""
