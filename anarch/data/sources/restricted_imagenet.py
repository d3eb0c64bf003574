"""Restricted ImageNet: nine superclasses of ILSVRC 2012, shrunk to (3, 32, 32), from the user's folder.

Layout: ``<data_root>/<path>/{train,val}/<wnid>/*.JPEG``, where <path> is ``imagenet`` if the config names
none.  A class's ILSVRC index is the place of its wnid in the sorted list of all 1000: so either train holds
all 1000 folders, or a file ``wnids.txt`` beside it lists them, one a line, and only the folders of the
superclasses are needed.
"""

from pathlib import Path

from anarch.data.dataset import Dataset
from anarch.data.sources._folders import class_folders, read_split
from anarch.data.sources._stored import folder, missing

SUPERCLASSES = {  # first and last ILSVRC index, as in the robustness literature (D. Tsipras et al., 2019)
    "dog": (151, 268),
    "cat": (281, 285),
    "frog": (30, 32),
    "turtle": (33, 37),
    "bird": (80, 100),
    "primate": (365, 382),
    "fish": (389, 397),
    "crab": (118, 121),
    "insect": (300, 319),
}
FIRST_WAY = "`download: true` cannot help, so ask for ILSVRC 2012 at image-net.org"


def load(root: Path | None, path: str, *, download: bool) -> Dataset:
    """The whole set, ILSVRC's val as test: images (N, 3, 32, 32), labels in the order of ``SUPERCLASSES``.

    Each picture is shrunk as a whole by averaging over boxes, so that its sides lose their ratio.
    """
    path = path or "imagenet"
    layout = f"{path}/{{train,val}}/<wnid>/*.JPEG"
    place = folder("restricted_imagenet", root, path, layout, FIRST_WAY)
    folders = {"train": "train", "test": "val"}
    for name in folders.values():
        if not (place / name).is_dir():
            raise missing("restricted_imagenet", f"found no folder {name} in {place}", layout, FIRST_WAY)
    label_of = superclass_labels(_all_wnids(place))
    parts = {
        split: read_split("restricted_imagenet", place / name, label_of, resize=True)
        for split, name in folders.items()
    }
    for split, (_, labels, _) in parts.items():
        if absent := [name for label, name in enumerate(SUPERCLASSES) if not (labels == label).any()]:
            raise ValueError(
                f"restricted_imagenet: {place / folders[split]} holds no picture of superclass {absent[0]}, "
                "ILSVRC indices {}..{}".format(*SUPERCLASSES[absent[0]])
            )
    return Dataset(
        images={split: images for split, (images, _, _) in parts.items()},
        labels={split: labels for split, (_, labels, _) in parts.items()},
        classes=len(SUPERCLASSES),
        origin="Restricted ImageNet, nine superclasses of ILSVRC 2012, shrunk to 32 x 32",
        licence="non-commercial research only (image-net.org)",
        checksums={f"{folders[split]}/": digest for split, (_, _, digest) in parts.items()},
    )


def superclass_labels(wnids: list[str]) -> dict[str, int]:
    """wnid -> superclass label for those of the 1000 ``wnids`` that belong to one."""
    ordered = sorted(wnids)
    return {
        ordered[index]: label
        for label, (first, last) in enumerate(SUPERCLASSES.values())
        for index in range(first, last + 1)
    }


def _all_wnids(place: Path) -> list[str]:
    listing = place / "wnids.txt"
    wnids = (
        listing.read_text(encoding="utf-8").split() if listing.is_file() else class_folders(place / "train")
    )
    if len(set(wnids)) != 1000:
        where = listing if listing.is_file() else place / "train"
        raise ValueError(
            f"restricted_imagenet: {where} names {len(set(wnids))} classes, but only all 1000 tell the "
            f"ILSVRC index of each; keep all 1000 folders in train or list their wnids in {listing}"
        )
    return list(wnids)
