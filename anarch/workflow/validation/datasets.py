"""Datasets: what their source does not have or cannot do."""

from collections.abc import Mapping
from typing import Any

from anarch.workflow.datasets import FIXED, GENERATED, STORED, SVHN_EXTRA, whole
from anarch.workflow.specs import DataSpec
from anarch.workflow.subsets import BY_SEED, SUBSET, data_spec
from anarch.workflow.validation.options import check_types
from anarch.workflow.without_torch import WithoutTorch

_WITHOUT_FILES = (*GENERATED, "digits")


def check_datasets(datasets: Mapping[str, Mapping[str, Any]], library: WithoutTorch) -> dict[str, DataSpec]:
    """The spec of each dataset."""
    specs = {}
    for name, options in datasets.items():
        key = f"datasets.{name}"
        specs[name] = data_spec(datasets, name)
        _check_source(key, specs[name], library)
        _check_path(key, specs[name])
        _check_side(key, specs[name])
        _check_sizes(key, specs[name])
        if options.get(SUBSET) == BY_SEED:
            _check_draws(key, specs[name])
    return specs


def _check_source(key: str, spec: DataSpec, library: WithoutTorch) -> None:
    """What `anarch.data.prepare` and the source itself refuse before they look for any file."""
    try:
        library.call("anarch.data.prepare", "prepare", spec, None)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    except OSError:  # of a stored source: no data root is given
        pass
    module = f"anarch.data.sources.{spec.source}"
    source = library.function(module, "generate") or library.function(module, "load")
    check_types(key, source, spec.options)


def _check_path(key: str, spec: DataSpec) -> None:
    if spec.path and spec.source in _WITHOUT_FILES:
        raise ValueError(f"{key}.path: {spec.source} reads no file, got {spec.path!r}")
    if spec.path.startswith("~"):
        raise ValueError(f"{key}.path: is below data_root, got {spec.path!r}; give it from there, or in full")


def _check_side(key: str, spec: DataSpec) -> None:
    pixels = whole(spec).shape[1]
    if spec.source in STORED and spec.side and pixels % spec.side:
        raise ValueError(f"{key}.side: must divide the {pixels} pixels of {spec.source}, got {spec.side}")


def _check_sizes(key: str, spec: DataSpec) -> None:
    """Numbers of images, where nobody's files can hold others than are published."""
    if spec.source not in FIXED or spec.source in GENERATED:
        return
    available = {"extra": SVHN_EXTRA if spec.source == "svhn" else 0, **whole(spec).sizes}
    for split in ("train", "test", "extra"):
        wanted, held = getattr(spec, split), spec.held_out if split == "train" else 0
        # A training set of which all is held out would be empty.
        if (wanted or bool(held)) + held > available[split]:
            and_held_out = f" and {held} held out" if held else ""
            raise ValueError(
                f"{key}.{split}: {spec.source} has {available[split]} images there, "
                f"{wanted or 'one or more'}{and_held_out} are wanted"
            )


def _check_draws(key: str, spec: DataSpec) -> None:
    """Of all the images that there are, each seed would draw the same."""
    stored = spec.source in FIXED and spec.source not in GENERATED
    if not (spec.train or spec.held_out) or (stored and spec.train == whole(spec).sizes["train"]):
        raise ValueError(
            f"{key}.subset: by_seed draws from more training images than a seed trains on, and train keeps "
            f"all of {spec.source}; say how many, or leave subset out"
        )
