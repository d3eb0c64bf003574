"""Errors out of code that is not ours, told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def retold(what: str) -> Iterator[None]:
    """Inside, any error becomes a ValueError of one line: ``what``, and the first line of its message."""
    try:
        yield
    except Exception as error:
        raise ValueError(f"{what}: {one_line(error)}") from error


def one_line(error: Exception) -> str:
    """The first line of the message, behind the error's type where that says something of its own."""
    kind, lines = type(error).__name__, str(error).splitlines()
    if not lines:
        return kind
    return lines[0] if isinstance(error, RuntimeError | ValueError) else f"{kind}: {lines[0]}"
