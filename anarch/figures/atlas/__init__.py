"""The figures of the atlas: each takes the tables its parameters name and returns a figure."""

from anarch.figures.atlas.minima import fig1
from anarch.figures.atlas.table import table1, table2

__all__ = ["fig1", "table1", "table2"]
