"""Raw data that no download brings: whether they are there, told before any job."""

from pathlib import Path

from anarch.workflow.specs import DataSpec
from anarch.workflow.without_torch import WithoutTorch

BROUGHT = ("npz", "cinic10", "restricted_imagenet")  # sources whose files the user brings


def missing(spec: DataSpec, data_root: Path, root: Path) -> str | None:
    """What the source of ``spec`` lacks below ``data_root``, and the ways to get it.

    None where file or folders are there: what they hold is for the job to say.
    """
    if spec.source not in BROUGHT:
        return None
    library = WithoutTorch(root, absent=("anarch.data.sources._folders",))
    source = (f"anarch.data.sources.{spec.source}", "load")
    try:
        library.call(*source, data_root, spec.path, download=False, **spec.options)
    except FileNotFoundError as error:
        return str(error)
    except (ValueError, OSError):
        pass
    return None
