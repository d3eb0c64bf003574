"""What the figures of this study share: which minima they show, and how these and the sets are named."""

import pandas as pd
from matplotlib.axes import Axes

from anarch.figures import style, tables

NAMES = {"swissroll": "swiss roll", "digits": "cluttered digits", "cifar10": "CIFAR-10", "svhn": "SVHN"}
TOY = "swissroll"


def spoken(name: str) -> str:
    """A set's name as it is printed."""
    return NAMES.get(name, name.replace("_", " "))


def named(beta: float) -> str:
    """A minimum by the weight ``beta`` of the reverse cross entropy (eq. 2) that led there."""
    return f"{'good' if beta == 0 else 'poisoned'} minimum (β = {beta:g})"


def per_cent(share: float, digits: int = 4) -> str:
    """0.9951 as "99.51 %", with a blank that no line breaks at; a dash where there is no number."""
    return "–" if pd.isna(share) else f"{100 * share:.{digits}g}\u00a0%"


def first_seed(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, str]:
    """The rows of the smallest seed in ``table``, and how a caption tells which it is."""
    if table.empty:
        raise tables.TableError(f"table {name} has no row")
    seed = table.seed.min()
    return table[table.seed == seed], f"n = 1 seed (seed {seed:g})"


def good_and_worst(rows: pd.DataFrame, name: str) -> dict[float, pd.DataFrame]:
    """beta -> its rows, of the good minimum (beta = 0) and of the one poisoned most."""
    worst = float(rows.beta.max())
    if not (rows.beta == 0).any() or not worst > 0:
        raise tables.TableError(f"table {name} needs rows with beta = 0 and with beta above 0 of one seed")
    return {beta: rows[rows.beta == beta] for beta in (0.0, worst)}


def note(ax: Axes, text: str) -> None:
    """``text`` in place of a panel for which there are no rows."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=style.INK)
