"""What the sources share that torchvision reads: find or download the raw files, check each, read them.

torchvision says "not found or corrupted" without a name, and checks no MNIST file that is unpacked already;
so each file is compared with its published md5 here, before anything is read from it.
"""

import tarfile
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path

import torch
import torch.nn.functional as F
from filelock import FileLock
from torchvision import datasets
from torchvision.datasets.mnist import read_image_file, read_label_file

from anarch.data.dataset import Dataset
from anarch.data.sources._stored import digests, folder, missing

DOWNLOAD_FAILURES = (OSError, RuntimeError, EOFError, HTTPException, tarfile.TarError)


def verified(
    source: str, root: Path, md5: Mapping[str, str], layout: str, download: Callable[[], object] | None
) -> dict[str, str]:
    """sha256 of each raw file below ``root`` once all match their published ``md5`` (file name -> md5).

    ``download``, if given, is called once when a file is missing or differs.

    Raises:
        FileNotFoundError: a file is missing, or the download failed.
        ValueError: a file is corrupt.
    """
    absent, corrupt, sha256 = _compare(root, md5)
    if (absent or corrupt) and download is not None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(root / f".{source}.lock"):  # two subsets of one source may be prepared at once
                download()
        except DOWNLOAD_FAILURES as error:
            reason = " ".join(str(error).split())
            raise missing(
                source, f"the download to {root} failed ({reason})", layout, "try it again later"
            ) from None
        absent, corrupt, sha256 = _compare(root, md5)
    if absent:
        raise missing(source, f"found no {absent[0]} in {root}", layout)
    if corrupt:
        raise ValueError(
            f"{source}: {root / corrupt[0]} is corrupt (its md5 is not the published {md5[corrupt[0]]}); "
            "delete it and get it again"
        )
    return sha256


def _compare(root: Path, md5: Mapping[str, str]) -> tuple[list[str], list[str], dict[str, str]]:
    absent = [name for name in md5 if not (root / name).is_file()]
    found = {name: digests(root / name) for name in md5 if name not in absent}
    corrupt = [name for name, (actual, _) in found.items() if actual != md5[name]]
    return absent, corrupt, {name: sha256 for name, (_, sha256) in found.items()}


def load_cifar(
    source: str, kind: type[datasets.CIFAR10], root: Path | None, path: str, *, download: bool
) -> Dataset:
    """CIFAR-10 or CIFAR-100 from torchvision's layout: images (N, 3, 32, 32)."""
    layout = str(Path(path, kind.base_folder)) + "/"
    place = folder(source, root, path, layout)
    listed = [*kind.train_list, *kind.test_list, (kind.meta["filename"], kind.meta["md5"])]
    checksums = verified(
        source,
        place,
        {f"{kind.base_folder}/{name}": md5 for name, md5 in listed},
        layout,
        (lambda: kind(place, download=True)) if download else None,
    )
    parts = {split: kind(place, train=split == "train") for split in ("train", "test")}
    return Dataset(
        images={
            split: torch.from_numpy(part.data).permute(0, 3, 1, 2).contiguous()
            for split, part in parts.items()
        },
        labels={split: torch.tensor(part.targets) for split, part in parts.items()},
        classes=len(parts["train"].classes),
        origin=f"{kind.__name__}, original files in {kind.base_folder}/ (A. Krizhevsky, 2009)",
        licence="none stated by the authors; cite A. Krizhevsky, Learning Multiple Layers of Features, 2009",
        checksums=checksums,
    )


def load_mnist_like(
    source: str,
    kind: type[datasets.MNIST],
    md5: Mapping[str, str],
    licence: str,
    root: Path | None,
    path: str,
    *,
    download: bool,
    pad: int,
) -> Dataset:
    """An MNIST-like set from torchvision's layout: images (N, 1, S, S), S = 28 + 2 pad, with zeros around.

    The four files are read one by one: the class would prefer an unchecked ``processed/*.pt`` of an old
    torchvision.
    """
    if not isinstance(pad, int) or pad < 0:
        raise ValueError(f"{source}: option `pad` must be a number of pixels, 0 or more; got {pad!r}")
    raw = f"{kind.__name__}/raw"
    layout = str(Path(path, raw)) + "/"
    place = folder(source, root, path, layout)
    names = {f"{raw}/{name}": digest for name, digest in md5.items()}
    checksums = verified(
        source, place, names, layout, (lambda: kind(place, download=True)) if download else None
    )
    stems = {"train": "train", "test": "t10k"}
    return Dataset(
        images={
            split: F.pad(
                read_image_file(str(place / raw / f"{stem}-images-idx3-ubyte")).unsqueeze(1), (pad,) * 4
            )
            for split, stem in stems.items()
        },
        labels={
            split: read_label_file(str(place / raw / f"{stem}-labels-idx1-ubyte"))
            for split, stem in stems.items()
        },
        classes=len(kind.classes),
        origin=f"{kind.__name__}, original files in {raw}/, padded by {pad} zeros on each side",
        licence=licence,
        checksums=checksums,
    )
