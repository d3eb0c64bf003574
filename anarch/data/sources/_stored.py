"""What all sources with raw files share: the one line that says how to get missing data, and checksums."""

import hashlib
from pathlib import Path

DOWNLOAD = "allow the download with `download: true` in the config"


def missing(source: str, found: str, layout: str, first_way: str = DOWNLOAD) -> FileNotFoundError:
    """The error for ``source`` without data: what was ``found`` where, and the three ways to get them."""
    return FileNotFoundError(
        f"{source}: {found}; {first_way}, or put the files under <data_root>/{layout}, "
        f"or set ANARCH_DATA_ROOT to a folder that holds {layout}"
    )


def folder(source: str, root: Path | None, path: str, layout: str, first_way: str = DOWNLOAD) -> Path:
    """``root`` / ``path``, which need not exist yet; no root at all is the same to the user as no data."""
    if root is None:
        raise missing(source, "no data root is set", layout, first_way)
    return root / path


def digests(file: Path) -> tuple[str, str]:
    """md5 (which publishers give) and sha256 (which the manifest keeps) of ``file``, read once."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            md5.update(block)
            sha256.update(block)
    return md5.hexdigest(), sha256.hexdigest()
