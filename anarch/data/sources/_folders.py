"""What the sources share that the user brings as a folder a class with one picture a file."""

import hashlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

SUFFIXES = {".png", ".jpg", ".jpeg"}


def read_split(
    source: str, split: Path, label_of: Mapping[str, int], *, resize: bool
) -> tuple[Tensor, Tensor, str]:
    """Images uint8 (N, 3, 32, 32), labels int64 (N,), one sha256 over names and contents.

    ``label_of`` maps class folders of ``split`` to labels; a folder that it does not name is left alone.
    Pictures come sorted by folder and name; ``resize`` shrinks them, otherwise they must have 32 x 32 pixels.

    Raises:
        ValueError: one picture cannot be read or has the wrong size, or there are none at all.
    """
    files = [
        (file, label)
        for name, label in sorted(label_of.items())
        for file in sorted((split / name).glob("*"))
        if file.suffix.lower() in SUFFIXES and not hidden(file)
    ]
    if not files:
        raise ValueError(
            f"{source}: no class folder of {split} holds a picture ({', '.join(sorted(SUFFIXES))})"
        )
    images = np.empty((len(files), 32, 32, 3), np.uint8)
    digest = hashlib.sha256()
    for row, (file, _) in enumerate(files):
        content = file.read_bytes()
        digest.update(
            f"{file.relative_to(split).as_posix()} {hashlib.sha256(content).hexdigest()}\n".encode()
        )
        images[row] = _decode(source, file, content, resize)
    labels = torch.tensor([label for _, label in files])
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), labels, digest.hexdigest()


def _decode(source: str, file: Path, content: bytes, resize: bool) -> np.ndarray:
    try:
        stored = Image.open(BytesIO(content))
        if resize:
            stored.draft(
                "RGB", (64, 64)
            )  # lets a JPEG skip what the boxes would average away: 3 times as fast
            picture = stored.convert("RGB").resize((32, 32), Image.Resampling.BOX)
        else:
            picture = stored.convert("RGB")
        if picture.size != (32, 32):
            raise ValueError(f"{source}: {file} must be 32 x 32, it is {picture.size[0]} x {picture.size[1]}")
        return np.asarray(picture)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{source}: {file} is corrupt ({' '.join(str(error).split())}); get it again"
        ) from None


def class_folders(split: Path) -> Sequence[str]:
    """Sorted names of the folders in ``split``, hidden ones left out."""
    return sorted(entry.name for entry in split.iterdir() if entry.is_dir() and not hidden(entry))


def hidden(path: Path) -> bool:
    """Whether ``path`` is a by-product of some program, such as macOS's ``._cat.png`` beside ``cat.png``."""
    return path.name.startswith(".")
