"""Shapes and sizes of datasets, from their specs: published sizes of stored ones, options of made ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from anarch.workflow.specs import DataSpec


@dataclass(frozen=True)
class Images:
    """What a dataset holds: images (C, H, W) of so many classes, numbers of images by split."""

    shape: tuple[int, int, int]
    classes: int
    sizes: Mapping[str, int]
    known: bool = field(default=True)  # False: its size is an assumption, since only its file can tell

    @property
    def values(self) -> int:
        channels, height, width = self.shape
        return channels * height * width

    @property
    def stored(self) -> int:
        """Bytes of the prepared file: uint8 images and int64 labels of all splits."""
        return sum(self.sizes.values()) * (self.values + 8)


STORED = {
    "cifar10": Images((3, 32, 32), 10, {"train": 50_000, "test": 10_000}),
    "cifar100": Images((3, 32, 32), 100, {"train": 50_000, "test": 10_000}),
    "cinic10": Images((3, 32, 32), 10, {"train": 90_000, "test": 90_000, "extra": 90_000}),
    "digits": Images((1, 8, 8), 10, {"train": 1_000, "test": 797}),
    "fashion_mnist": Images((1, 32, 32), 10, {"train": 60_000, "test": 10_000}),
    "mnist": Images((1, 32, 32), 10, {"train": 60_000, "test": 10_000}),
    "restricted_imagenet": Images((3, 32, 32), 9, {"train": 257_748, "test": 10_150}),
    "svhn": Images((3, 32, 32), 10, {"train": 73_257, "test": 26_032}),
}
SVHN_EXTRA = 531_131
GENERATED = ("cluttered_digits",)
# Sources of which nobody has more or fewer images: made, embedded, or held against a published checksum.
FIXED = (*GENERATED, "digits", "cifar10", "cifar100", "fashion_mnist", "mnist", "svhn")
# Of a user's own file, or of a source that is not in the table, until it has been prepared.
ASSUMED = Images((3, 32, 32), 10, {"train": 50_000, "test": 10_000}, known=False)


def images(spec: DataSpec, manifest: Mapping[str, Any] | None = None) -> Images:
    """What the prepared dataset of ``spec`` will hold; ``manifest``: what it holds, once it is prepared."""
    if manifest is not None:
        channels, height, width = manifest["shape"]
        sizes = {split: facts["size"] for split, facts in manifest["splits"].items()}
        return Images((channels, height, width), manifest["classes"], sizes)
    if spec.source in GENERATED:
        return whole(spec)
    return _kept(spec, whole(spec))


def whole(spec: DataSpec) -> Images:
    """All that the source of ``spec`` has, before any of it is left out or averaged."""
    if spec.source in GENERATED:
        side, channels = spec.options.get("canvas", 32), spec.options.get("channels", 1)
        wanted = {"train": spec.train, "test": spec.test, "extra": spec.extra}
        sizes = {split: size for split, size in wanted.items() if size}
        return Images((channels, side, side), 10 ** spec.options.get("digits", 1), sizes)
    kept = STORED.get(spec.source, ASSUMED)
    if "pad" in spec.options:
        side = 28 + 2 * spec.options["pad"]
        kept = replace(kept, shape=(1, side, side))
    if spec.options.get("extra"):
        kept = replace(kept, sizes={**kept.sizes, "extra": SVHN_EXTRA})
    return kept


def size(spec: DataSpec, split: str) -> int | None:
    """How many images a split will have (0: there is none), or None where only the user's files can tell."""
    given = getattr(spec, split) or (spec.held_out if split == "extra" else 0)
    # SVHN's extra split is read where its file lies beside the others.
    open_ended = spec.source == "svhn" and split == "extra"
    if given or (spec.source in FIXED and not open_ended):
        return given or images(spec).sizes.get(split, 0)
    return None


def _kept(spec: DataSpec, stored: Images) -> Images:
    """As many images as the spec keeps (see `anarch.data.prepare`)."""
    sizes = {
        split: getattr(spec, split) or n - (spec.held_out if split == "train" else 0)
        for split, n in stored.sizes.items()
    }
    if spec.held_out:
        sizes["extra"] = spec.held_out
    side = (spec.side,) * 2 if spec.side else stored.shape[1:]
    return replace(stored, sizes=sizes, shape=(stored.shape[0], *side))
