"""The figures of d'Ascoli et al. 2019: each takes the tables its parameters name and returns a figure."""

from anarch.figures.needle.blocks import fig6, fig7, figA
from anarch.figures.needle.curves import fig2
from anarch.figures.needle.interpolation import figC
from anarch.figures.needle.relaxation import fig3, fig4, fig5
from anarch.figures.needle.sketch import fig1
from anarch.figures.needle.variants import figB1, figB2, lcn

__all__ = ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "fig7", "figA", "figB1", "figB2", "figC", "lcn"]
