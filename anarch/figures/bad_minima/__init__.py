"""The figures of Liu et al. 2020: each takes the tables its parameters name and returns a figure."""

from anarch.figures.bad_minima.curves import fig2, fig3
from anarch.figures.bad_minima.distances import table1
from anarch.figures.bad_minima.heuristics import table2
from anarch.figures.bad_minima.norms import fig5
from anarch.figures.bad_minima.replication import fig4
from anarch.figures.bad_minima.robustness import fig6
from anarch.figures.bad_minima.toy import fig1

__all__ = ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "table1", "table2"]
