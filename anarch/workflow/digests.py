"""Digests of code: what a job's result can depend on, and nothing else.

Snakemake sees neither an edit in an imported module nor that a changed comment changes nothing.  The digest
here is over the syntax trees of a script and of every project module that it imports, so that a touch, a
comment or a docstring is no change, and a real edit in the training loop is one.
"""

import ast
import atexit
import hashlib
import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import NamedTuple

from anarch.workflow.own_modules import is_installed, module_file

PACKAGE = "anarch"
SCRIPTS = "workflow_scripts"
KEPT = 2000  # versions of files whose facts are kept; the project has some 300 files


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_digest(root: Path, script: str, modules: Iterable[str] = ()) -> str:
    """Digest of ``workflow_scripts/<script>``, of the dotted ``modules`` that a spec names (architecture,
    dataset, lifting), and of all that these import from the project below ``root`` and from modules of one's
    own on Python's path.  Of an installed library that is named its version counts."""
    libraries = {module.partition(".")[0] for module in modules if _is_library(root, module)}
    files = sorted(code_files(root, script, modules))
    told = [f"{_name(root, file)} {_facts(root, file).digest}" for file in files]
    return text_digest("\n".join([*told, *map(_version, sorted(libraries))]))


def code_files(root: Path, script: str, modules: Iterable[str] = ()) -> set[Path]:
    """The project files that the digest is over."""
    waiting, seen = [root / SCRIPTS / script], set[Path]()
    for module in modules:
        found = _module_files(root, module)
        if not found and not _is_library(root, module):
            raise ValueError(f"there is no module {module} below {root}")
        waiting += found
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            for name in _facts(root, file).imports:
                waiting += _module_files(root, name)
    return seen


@cache
def _module_files(root: Path, dotted: str) -> tuple[Path, ...]:
    """The file of a module and the ``__init__`` of each package above it, but not the project's top one: that
    only lists public names, and a new name is no new code.  Installed libraries have no files here."""
    parts = dotted.split(".")
    if parts[0] in _neighbours(root):
        parts = [SCRIPTS, *parts]  # a script imports its neighbours by their bare names
    elif parts[0] != PACKAGE:
        every = (module_file(root, ".".join(parts[:depth])) for depth in range(1, len(parts) + 1))
        return tuple(file for file in every if file is not None and not is_installed(file))
    stems = [root.joinpath(*parts[:depth]) for depth in range(2, len(parts) + 1)]
    files = [file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py")]
    return tuple(file for file in files if file.is_file())


def _is_library(root: Path, module: str) -> bool:
    file = module_file(root, module)
    return file is not None and is_installed(file)


def _version(package: str) -> str:
    return f"{package} {' '.join(sorted(version(name) for name in packages_distributions()[package]))}"


def _name(root: Path, file: Path) -> str:
    """``file`` as a digest tells it: where a checkout or a module of one's own lies is no matter."""
    return str(file.relative_to(root)) if file.is_relative_to(root) else file.name


@cache
def _neighbours(root: Path) -> set[str]:
    return {path.stem for path in (root / SCRIPTS).iterdir()}


class Facts(NamedTuple):
    """What is to be known of a file: the digest of its code, and what it imports."""

    digest: str
    imports: tuple[str, ...]


@cache
def _facts(root: Path, file: Path) -> Facts:
    content = file.read_bytes()
    known = _known(root)
    key = hashlib.sha256(content).hexdigest()
    if key not in known:
        tree = ast.parse(content, filename=str(file))
        known[key] = Facts(imports=_imports(tree, file), digest=_tree_digest(tree))
    return known[key]


def _imports(tree: ast.Module, file: Path) -> tuple[str, ...]:
    """Dotted names that a file imports; for ``from a import b`` both ``a`` and ``a.b``: b may be a module."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{file}: write absolute imports, the code digest follows no relative ones")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


def _tree_digest(tree: ast.Module) -> str:
    """Digest of a syntax tree, from which docstrings are taken (comments and layout are in no tree)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return text_digest(ast.unparse(tree))


@cache
def _known(root: Path) -> dict[str, Facts]:
    """Facts by the digest of a file's bytes, of earlier calls too: parsing all files takes seconds.

    They lie in Snakemake's own folder and are valid for this Python and this module, whatever is edited.
    """
    maker = f"{sys.version} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"
    store = root / ".snakemake" / "anarch.digests.json"
    known: dict[str, Facts] = {}
    with suppress(OSError, ValueError, LookupError, TypeError):  # no store yet, or one of another maker
        stored = json.loads(store.read_bytes())
        if stored["maker"] == maker:
            known = {key: Facts(digest, tuple(imports)) for key, (digest, imports) in stored["known"].items()}
    atexit.register(_keep, store, maker, known, len(known))
    return known


def _keep(store: Path, maker: str, known: dict[str, Facts], before: int) -> None:
    """Write the facts if there are new ones; processes that do so at once leave one whole file."""
    if len(known) > before:
        newest = dict(list(known.items())[-KEPT:])
        with suppress(OSError):  # somebody else's checkout
            store.parent.mkdir(exist_ok=True)
            part = store.with_suffix(f".{os.getpid()}.part")
            part.write_text(json.dumps({"maker": maker, "known": newest}), encoding="utf-8")
            part.replace(store)
