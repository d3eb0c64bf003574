"""Architectures and optimisers of one's own, named in a config by their dotted path: found without import."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# Folders of installed libraries, whose code is told by their version alone.
_INSTALLED = {"site-packages", "dist-packages"}


def is_dotted(name: str) -> bool:
    """Whether ``name`` is "package.module.Name", and not one of the project's own."""
    return "." in name


def module_of(name: str) -> str:
    """The module of a dotted ``name``."""
    return name.rpartition(".")[0]


def module_file(root: Path, module: str) -> Path | None:
    """The source of the dotted ``module``, below ``root`` or on Python's path; None where there is none."""
    folder = _folder(root, module.partition(".")[0])
    stem = None if folder is None else folder.joinpath(*module.split("."))
    files = () if stem is None else (stem / "__init__.py", stem.with_name(f"{stem.name}.py"))
    return next((file for file in files if file.is_file()), None)


def is_installed(file: Path) -> bool:
    """Whether ``file`` belongs to an installed library, and is not one's own."""
    return not _INSTALLED.isdisjoint(file.parts)


def require_defined(key: str, name: str, root: Path) -> None:
    """Raises ValueError, naming the config's ``key``, where nothing is defined under the dotted ``name``."""
    module, _, wanted = name.rpartition(".")
    file = module_file(root, module)
    if file is None:
        raise ValueError(
            f"{key}: there is no module {module}, neither in this folder nor on Python's path (PYTHONPATH)"
        )
    if is_installed(file):  # it may make its names as it likes
        return
    try:
        names = set(_defined(ast.parse(file.read_bytes(), filename=str(file))))
    except SyntaxError as error:
        raise ValueError(f"{key}: {module} is no Python: {error}") from None
    if wanted not in names:
        raise ValueError(f"{key}: {module} has no {wanted}; it has {', '.join(sorted(names)) or 'nothing'}")


def _defined(tree: ast.Module) -> Iterator[str]:
    """Public names of classes, functions and imports at the top of a module."""
    for node in tree.body:
        names: list[str] = []
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names = [node.name]
        elif isinstance(node, ast.ImportFrom):
            names = [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        yield from (name for name in names if not name.startswith("_"))


@cache
def _folder(root: Path, top: str) -> Path | None:
    """The folder that has the package or module ``top``."""
    if top in sys.stdlib_module_names:
        return None
    folders = (root, *(Path(entry) for entry in sys.path if entry))
    return next((f for f in folders if (f / top).is_dir() or (f / f"{top}.py").is_file()), None)
