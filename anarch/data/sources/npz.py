"""Your own data: one .npz file with x_train, y_train, x_test, y_test and, if there are, x_extra, y_extra.

Images are uint8 (N, H, W, C), (N, C, H, W) or (N, H, W) with C 1 or 3; a last dimension of 1 or 3 is taken as
C. Labels are whole numbers 0..classes-1, (N,) or (N, 1), and each class has an image in train.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anarch.data.dataset import Dataset
from anarch.data.sources._stored import digests, folder, missing

FIRST_WAY = "`download: true` cannot help, so write it with numpy.savez"


def load(root: Path | None, path: str, *, download: bool) -> Dataset:
    """The whole set from the file ``root/path``.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is broken, or a key is missing or holds what it must not; names both.
    """
    if not path:
        raise ValueError("npz: `path` is empty; it must name the .npz file, relative to the data root")
    file = folder("npz", root, path, path, FIRST_WAY)
    if not file.is_file():
        raise missing("npz", f"found no file {file}", path, FIRST_WAY)
    arrays = _read(file)
    splits = ["train", "test"] + (["extra"] if {"x_extra", "y_extra"} & set(arrays) else [])
    images = {split: _images(file, f"x_{split}", arrays) for split in splits}
    labels = {split: _labels(file, f"y_{split}", arrays, len(images[split])) for split in splits}
    classes = 1 + max(int(part.max()) for part in labels.values())
    if absent := sorted(set(range(classes)) - set(labels["train"].tolist())):
        raise ValueError(
            f"npz: {file}: y_train has no label {absent[0]}, but labels reach {classes - 1}; "
            "number the classes from 0 on"
        )
    for split in splits:
        if images[split].shape[1:] != images["train"].shape[1:]:
            raise ValueError(
                f"npz: {file}: x_{split} holds images {tuple(images[split].shape[1:])}, "
                f"x_train {tuple(images['train'].shape[1:])} (C, H, W); they must agree"
            )
    return Dataset(
        images=images,
        labels=labels,
        classes=classes,
        origin=f"the user's file {file.name}",
        licence="unknown: the user's own file",
        checksums={file.name: digests(file)[1]},
    )


def _read(file: Path) -> dict[str, NDArray]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (BadZipFile, ValueError, OSError, EOFError, zlib.error, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"npz: {file} is corrupt or no .npz file ({reason}); write it with numpy.savez"
        ) from None


def _get(file: Path, key: str, arrays: Mapping[str, NDArray]) -> NDArray:
    if key not in arrays:
        raise ValueError(f"npz: {file} has no {key}; it has {', '.join(sorted(arrays)) or 'nothing'}")
    if not len(np.atleast_1d(arrays[key])):
        raise ValueError(f"npz: {file}: {key} is empty")
    return arrays[key]


def _images(file: Path, key: str, arrays: Mapping[str, NDArray]) -> Tensor:
    """uint8 (N, C, H, W)."""
    array = _get(file, key, arrays)
    if array.dtype != np.uint8:
        raise ValueError(f"npz: {file}: {key} must be uint8, pixels in 0..255; it is {array.dtype}")
    if array.ndim == 3:
        array = array[:, None]
    elif array.ndim == 4 and array.shape[3] in (1, 3):
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4 or array.shape[1] not in (1, 3):
        raise ValueError(
            f"npz: {file}: {key} must be (N, H, W, C), (N, C, H, W) or (N, H, W), C 1 or 3; "
            f"it is {array.shape}"
        )
    return torch.from_numpy(np.ascontiguousarray(array))


def _labels(file: Path, key: str, arrays: Mapping[str, NDArray], n: int) -> Tensor:
    """int64 (n,)."""
    array = _get(file, key, arrays)
    if array.dtype.kind not in "iu" or array.shape not in ((n,), (n, 1)):
        raise ValueError(
            f"npz: {file}: {key} must be whole numbers of shape ({n},) or ({n}, 1); "
            f"it is {array.dtype} {array.shape}"
        )
    if int(array.min()) < 0:
        raise ValueError(f"npz: {file}: {key} must be 0 or more; it has {int(array.min())}")
    return torch.from_numpy(array.astype(np.int64).reshape(-1))
