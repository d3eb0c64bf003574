"""CINIC-10: CIFAR-10's classes from CIFAR-10 and downscaled ImageNet, from the user's folder of PNG files.

Layout, as the authors' archive unpacks: ``<data_root>/<path>/{train,test[,valid]}/<class>/*.png``, where
<path> is ``CINIC-10`` if the config names none. "valid", where present, becomes the extra split.
"""

from pathlib import Path

from anarch.data.dataset import Dataset
from anarch.data.sources._folders import class_folders, read_split
from anarch.data.sources._stored import folder, missing

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FIRST_WAY = "`download: true` cannot help, so unpack CINIC-10.tar.gz of doi:10.7488/ds/2448"


def load(root: Path | None, path: str, *, download: bool) -> Dataset:
    """The whole set: images (N, 3, 32, 32), sorted by class and file name."""
    path = path or "CINIC-10"
    layout = f"{path}/{{train,test[,valid]}}/<class>/*.png"
    place = folder("cinic10", root, path, layout, FIRST_WAY)
    folders = {"train": "train", "test": "test"} | ({"extra": "valid"} if (place / "valid").is_dir() else {})
    for name in folders.values():
        if not (place / name).is_dir():
            raise missing("cinic10", f"found no folder {name} in {place}", layout, FIRST_WAY)
        if absent := sorted(set(CLASSES) - set(class_folders(place / name))):
            raise ValueError(
                f"cinic10: {place / name} lacks the class folder {absent[0]}; needed: {', '.join(CLASSES)}"
            )
    label_of = {name: label for label, name in enumerate(CLASSES)}
    parts = {
        split: read_split("cinic10", place / name, label_of, resize=False) for split, name in folders.items()
    }
    return Dataset(
        images={split: images for split, (images, _, _) in parts.items()},
        labels={split: labels for split, (_, labels, _) in parts.items()},
        classes=len(CLASSES),
        origin="CINIC-10, from a folder of PNG files (L. Darlow et al., 2018)",
        licence="MIT for the compilation; its ImageNet part for non-commercial research only",
        checksums={f"{folders[split]}/": digest for split, (_, _, digest) in parts.items()},
    )
