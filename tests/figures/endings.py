"""What the tests of every study's figures share: how one is drawn, and the tables that each must refuse."""

import inspect
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
from legible import saved
from matplotlib.figure import Figure

from anarch.figures.tables import TableError

Draw = Callable[..., Any]


def drawing(study: ModuleType, about: str) -> Draw:
    """Draws a figure of ``study``, by its name, from those of the given tables that its parameters name."""

    def draw(name: str, tables: dict[str, pd.DataFrame], **options: Any) -> Any:
        function = getattr(study, name)
        parameters = inspect.signature(function).parameters.values()
        wanted = [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]
        return function(*(tables[key] for key in wanted), about=about, **options)

    return draw


def words(figure: Figure) -> str:
    """The caption in one line."""
    return " ".join((figure.get_supxlabel() or "").split())


def missing_columns(draw: Draw, planted: str, cases: Sequence[tuple[str, str, str]]) -> Callable[..., None]:
    """A test for each (figure, table, column): the column that the table lacks is named.

    ``planted`` is the fixture of whole tables; without a table's name all of them lack the column.
    """

    @pytest.mark.parametrize(("name", "key", "lost"), cases)
    def test(name: str, key: str, lost: str, request: pytest.FixtureRequest) -> None:
        tables = request.getfixturevalue(planted)
        keys = [key] if key else list(tables)
        bare = {one: tables[one].drop(columns=lost, errors="raise" if key else "ignore") for one in keys}
        with pytest.raises(TableError, match=f"table {key or '.*'} lacks column {lost}"):
            draw(name, tables | bare)

    return test


def missing_rows(draw: Draw, planted: str, cases: Sequence[tuple[str, str, str, str]]) -> Callable[..., None]:
    """A test for each (figure, table, query, message): what the rows of the query alone lack is named."""

    @pytest.mark.parametrize(("name", "key", "query", "message"), cases)
    def test(name: str, key: str, query: str, message: str, request: pytest.FixtureRequest) -> None:
        tables = request.getfixturevalue(planted)
        with pytest.raises(TableError, match=message):
            draw(name, tables | {key: tables[key].query(query)})

    return test


def equal_bytes(draw: Draw, planted: str, name: str) -> Callable[..., None]:
    """A test that equal tables are equal bytes."""

    def test(request: pytest.FixtureRequest) -> None:
        tables = request.getfixturevalue(planted)
        first, second = (saved(draw(name, tables), metadata={"Software": None}) for _ in range(2))
        assert first == second

    return test
