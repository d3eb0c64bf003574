"""The figures of Huang et al. 2019: each takes the tables its parameters name and returns a figure."""

from anarch.figures.blessing.animation import animation
from anarch.figures.blessing.boundaries import fig3, fig6, fig8
from anarch.figures.blessing.methods import fig2
from anarch.figures.blessing.minefield import fig1
from anarch.figures.blessing.rays import fig7
from anarch.figures.blessing.slices import fig4
from anarch.figures.blessing.table import table1
from anarch.figures.blessing.volumes import fig5

__all__ = ["animation", "fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "fig7", "fig8", "table1"]
