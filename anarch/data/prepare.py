"""From a spec to a dataset: the source loads or generates, then as many images as asked are kept."""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from anarch.data import sources
from anarch.data.dataset import SPLITS, Dataset, drawn_by
from anarch.data.pixels import permuted, pixel_order
from anarch.randomness import generator

if TYPE_CHECKING:
    from anarch.workflow.specs import DataSpec


def prepare(spec: "DataSpec", root: Path | None, *, download: bool = False) -> Dataset:
    """The dataset that ``spec`` describes, from raw files below ``root``, downloaded to it if allowed.

    A stored split is the first n of a permutation of its images drawn from (seed, split), n being all where
    the spec says 0: so a subset is part of each larger one, and no split stays sorted by class.  With
    ``spec.held_out`` that many images from the end of train's permutation become the split "extra".
    Another ``spec.draw`` permutes or generates all splits but the test images anew.

    Raises:
        FileNotFoundError: the raw data are missing; says the three ways to get them.
        ValueError: unknown source or option, more images wanted than there are, or a corrupt raw file.
    """
    dataset = _as_stored_or_generated(spec, root, download)
    if spec.permute is None:
        return dataset
    order = pixel_order(spec.permute, dataset.images["train"].shape[2:].numel())
    shuffled = {split: permuted(images, order) for split, images in dataset.images.items()}
    return replace(
        dataset, images=shuffled, origin=f"{dataset.origin}, pixels permuted (seed {spec.permute})"
    )


def _as_stored_or_generated(spec: "DataSpec", root: Path | None, download: bool) -> Dataset:
    module = import_module(f"{sources.__name__}.{_known(spec.source)}")
    wanted = {split: getattr(spec, split) for split in SPLITS}
    for split, n in {**wanted, "held_out": spec.held_out}.items():
        if n < 0:
            raise ValueError(f"{spec.source}: {split} must be 0 or more images, got {n}")
    if spec.held_out and (hasattr(module, "generate") or spec.extra):
        raise ValueError(
            f"{spec.source}: `held_out` takes images out of the train split of a stored source; "
            "say how many by one of the two, of a generated source by `extra`"
        )
    if hasattr(module, "generate"):
        if absent := [split for split in ("train", "test") if not wanted[split]]:
            raise ValueError(
                f"{spec.source} is generated in any size: `{absent[0]}` must be 1 or more images, got 0"
            )
        if spec.side:
            raise ValueError(f"{spec.source} is generated in any size: say so in its options, not by `side`")
        _check_options(spec, module.generate)
        sizes = {split: n for split, n in wanted.items() if n}
        return module.generate(sizes, seed=spec.seed, draw=spec.draw, **spec.options)
    _check_options(spec, module.load)
    dataset = _subset(spec, module.load(root, spec.path, download=download, **spec.options), wanted)
    if not spec.side:
        return dataset
    smaller = {split: _averaged(spec, images) for split, images in dataset.images.items()}
    return replace(dataset, images=smaller, origin=f"{dataset.origin}, averaged to {spec.side} x {spec.side}")


def _averaged(spec: "DataSpec", images: Tensor) -> Tensor:
    """uint8 ``images`` (N, C, H, W) as means over square blocks: (N, C, side, side)."""
    height, width = images.shape[2:]
    block = height // spec.side if spec.side > 0 else 0
    if (height, width) != (block * spec.side,) * 2:
        raise ValueError(f"{spec.source}: side must divide the {height} x {width} images, got {spec.side}")
    parts = [F.avg_pool2d(part.float(), block).round_().to(torch.uint8) for part in images.split(4096)]
    return torch.cat(parts)


def known_sources() -> list[str]:
    """Names of the modules in anarch.data.sources that are sources."""
    return sorted(m.name for m in pkgutil.iter_modules(sources.__path__) if not m.name.startswith("_"))


def _known(source: str) -> str:
    if source not in known_sources():
        raise ValueError(f"there is no source {source!r}; there are {', '.join(known_sources())}")
    return source


def _check_options(spec: "DataSpec", function: Callable[..., Dataset]) -> None:
    parameters = inspect.signature(function).parameters.values()
    allowed = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY} - {"seed", "draw", "download"}
    if unknown := sorted(set(spec.options) - allowed):
        offer = f"it has {', '.join(sorted(allowed))}" if allowed else "it has none"
        raise ValueError(f"{spec.source} has no option `{unknown[0]}`; {offer}")


def _subset(spec: "DataSpec", dataset: Dataset, wanted: dict[str, int]) -> Dataset:
    images, labels = {}, {}
    for split, n in wanted.items():
        available = len(dataset.images.get(split, ()))
        held_out = spec.held_out if split == "train" else 0
        if (n or bool(held_out)) + held_out > available:
            and_held_out = f" and {held_out} held out" if held_out else ""
            raise ValueError(f"{spec.source}: {split} has {available} images, {n}{and_held_out} are wanted")
        if available and not (split == "extra" and spec.held_out):
            draws = generator(spec.seed, "subset", *drawn_by(split, spec.draw))
            order = torch.randperm(available, generator=draws)
            kept = {split: order[: n or available - held_out]}
            if held_out:
                kept["extra"] = order[available - held_out :]
            for name, rows in kept.items():
                images[name], labels[name] = dataset.images[split][rows], dataset.labels[split][rows]
    return replace(dataset, images=images, labels=labels)
