"""SVHN, cropped house numbers: 73,257 + 26,032 (+ 531,131 extra) digits (3, 32, 32)."""

from pathlib import Path

import torch
from torchvision.datasets import SVHN

from anarch.data.dataset import Dataset
from anarch.data.sources._stored import folder
from anarch.data.sources._torchvision import verified


def load(root: Path | None, path: str, *, download: bool, extra: bool = False) -> Dataset:
    """The whole set from ``root/path/{train,test}_32x32.mat``; label 0 is the digit 0.

    The extra split is read where its file lies beside the others; ``extra=True`` insists on it, and downloads
    its 1.3 GB where downloads are allowed.  It needs 4 GB of memory.
    """
    layout = str(Path(path, "{train,test}_32x32.mat"))
    place = folder("svhn", root, path, layout)
    files = {split: (name, md5) for split, (_, name, md5) in SVHN.split_list.items()}
    splits = [split for split in files if split != "extra" or extra or (place / files[split][0]).is_file()]

    def fetch() -> None:
        for split in splits:
            SVHN(place, split=split, download=True)

    checksums = verified(
        "svhn", place, dict(files[split] for split in splits), layout, fetch if download else None
    )
    parts = {split: SVHN(place, split=split) for split in splits}
    return Dataset(
        images={split: torch.from_numpy(part.data).contiguous() for split, part in parts.items()},
        labels={split: torch.from_numpy(part.labels) for split, part in parts.items()},
        classes=10,
        origin="SVHN, cropped digits, original .mat files (Y. Netzer et al., 2011)",
        licence="non-commercial use only (Y. Netzer et al., 2011)",
        checksums=checksums,
    )
