"""The figures of Zhang et al. 2021: each takes the tables its parameters name and returns a figure."""

from anarch.figures.embedding.certificate import table1
from anarch.figures.embedding.diagram import fig4
from anarch.figures.embedding.reduction import fig5, fig6
from anarch.figures.embedding.spectra import fig3
from anarch.figures.embedding.splitting import fig2
from anarch.figures.embedding.training import fig1

__all__ = ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "table1"]
