"""The figures of Neyshabur 2020: each takes the tables its parameters name and returns a figure."""

from anarch.figures.scratch.accuracies import table1, table2
from anarch.figures.scratch.architectures import fig1
from anarch.figures.scratch.bound import table5
from anarch.figures.scratch.filters import fig4, fig7, fig8, fig9
from anarch.figures.scratch.formulas import table3, table4
from anarch.figures.scratch.kernels import fig5
from anarch.figures.scratch.nonzeros import fig3
from anarch.figures.scratch.permuted import fig10
from anarch.figures.scratch.sweep import fig2, fig6

__all__ = [
    "fig1",
    "fig2",
    "fig3",
    "fig4",
    "fig5",
    "fig6",
    "fig7",
    "fig8",
    "fig9",
    "fig10",
    "table1",
    "table2",
    "table3",
    "table4",
    "table5",
]
