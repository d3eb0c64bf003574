"""Digests of code: what a job's result can depend on, and nothing else.

Snakemake sees neither an edit in an imported module nor that a changed comment changes nothing.  The digest
here is over the syntax trees of a script and of every project module that it imports, so that a touch, a
comment or a docstring is no change, and a real edit in the training loop is one.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = "anarch"
SCRIPTS = "workflow_scripts"


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_digest(root: Path, script: str, modules: Iterable[str] = ()) -> str:
    """Digest of ``workflow_scripts/<script>``, of the dotted ``modules`` that a spec names (architecture,
    dataset, lifting), and of all that these import from the project below ``root``."""
    files = sorted(code_files(root, script, modules))
    return text_digest("\n".join(f"{file.relative_to(root)} {_tree_digest(file)}" for file in files))


def code_files(root: Path, script: str, modules: Iterable[str] = ()) -> set[Path]:
    """The project files that the digest is over."""
    waiting, seen = [root / SCRIPTS / script], set[Path]()
    for module in modules:
        found = list(_module_files(root, module))
        if not found:
            raise ValueError(f"there is no module {module} below {root}")
        waiting += found
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            for name in _imports(file):
                waiting += _module_files(root, name)
    return seen


def _module_files(root: Path, dotted: str) -> Iterator[Path]:
    """The file of a module and the ``__init__`` of each package above it, but not the top one: that only
    lists public names, and a new name is no new code.  Modules outside the project have no files here."""
    parts = dotted.split(".")
    if parts[0] != PACKAGE:
        parts = [SCRIPTS, *parts]  # a script imports its neighbours by their bare names
    for depth in range(2, len(parts) + 1):
        stem = root.joinpath(*parts[:depth])
        for file in (stem.with_suffix(".py"), stem / "__init__.py"):
            if file.is_file():
                yield file


@cache
def _source(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


@cache
def _imports(file: Path) -> tuple[str, ...]:
    """Dotted names that a file imports; for ``from a import b`` both ``a`` and ``a.b``: b may be a module."""
    names: list[str] = []
    for node in ast.walk(_source(file)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{file}: write absolute imports, the code digest follows no relative ones")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


@cache
def _tree_digest(file: Path) -> str:
    """Digest of a file's syntax tree without docstrings (comments and layout are in no tree)."""
    tree = ast.parse(ast.unparse(_source(file)))
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
