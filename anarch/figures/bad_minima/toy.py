"""Fig. 1: decision regions of the toy network in the four settings."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anarch.figures import style, tables
from anarch.figures.regions import handles, regions

COLUMNS = ("setting", "kind", "x", "y", "value", "seed", "train_accuracy")
TITLES = {
    1: "true labels",
    2: "random labels",
    3: "random then true,\nvanilla",
    4: "random then true,\n" r"DA + $\ell_2$",
}
REGIONS = ("#f1f6fa", "#f3cfa0")  # of class 0 and of class 1: apart in grey too


@style.house_style
def fig1(toy: pd.DataFrame, *, about: str) -> Figure:
    """Decision regions and points of the first seed: true labels, random ones, then true ones in two ways."""
    tables.require(toy, "toy", COLUMNS)
    if toy.empty:
        raise tables.TableError("table toy has no row")
    seed = toy.seed.min()
    rows = toy[toy.seed == seed]
    lacking = [str(setting) for setting in TITLES if not (rows.setting == setting).any()]
    if lacking:
        raise tables.TableError(f"table toy has no row with setting = {', '.join(lacking)} of seed {seed:g}")
    values = tables.select(rows, "toy", kind="grid").value
    threshold = 0.5 if values.between(0, 1).all() else 0.0  # probabilities, or else logits
    figure, axes = style.figure(1, 4, height=3.0, sharex=True, sharey=True)
    for ax, (setting, title), name in zip(axes[0], TITLES.items(), "abcd", strict=True):
        part = rows[rows.setting == setting]
        margin = _regions(ax, part, threshold)
        accuracy = 100 * part.train_accuracy.dropna().astype(float)
        reached = f"train accuracy {accuracy.iloc[0]:.4g} %" if len(accuracy) else "train accuracy –"
        ax.set_title(f"{title}\n{reached}\n{margin}")
        ax.set_xlabel("$x_1$")
        style.letter(ax, name)
    axes[0, 0].set_ylabel("$x_2$")
    figure.legend(handles=handles(linewidth=1.0), loc="outside upper center", ncols=3)
    style.caption(
        figure,
        "Decision regions of a network with two hidden layers on two Gaussians, trained with true labels "
        "(a), with random ones (b), and from b with true ones, by vanilla SGD (c) and with data augmentation "
        "and ℓ2 regularisation (d). Margin: smallest distance of a point to the boundary.",
        about=about,
        counts=f"n = 1 seed (seed {seed:g})",
    )
    return figure


def _regions(ax: Axes, part: pd.DataFrame, threshold: float) -> str:
    """Regions, boundary and points of one setting; returns what the margin is."""
    points = part[part.kind == "point"]
    x, y, above = regions(
        ax,
        part[part.kind == "grid"],
        points,
        threshold=threshold,
        colours=REGIONS,
        linewidth=0.9,
        markersize=2.6,
        markeredgewidth=0.25,
    )
    edge = boundary(x, y, above)
    if not len(edge) or points.empty:
        return "no boundary"
    gaps = np.linalg.norm(points[["x", "y"]].to_numpy(float)[:, None] - edge[None], axis=2)
    step = max(np.diff(x).max(), np.diff(y).max())
    return f"margin {gaps.min():.2f}" if gaps.min() > step else f"margin < {step:.2g}"


def boundary(x: np.ndarray, y: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Points (K, 2) where ``above`` (len(y), len(x)) changes sign along the lines of its grid."""
    crossings = []
    for values, flip in ((above, False), (above.T, True)):
        along, across = (y, x) if flip else (x, y)
        row, column = np.nonzero((values[:, :-1] > 0) != (values[:, 1:] > 0))
        low, high = values[row, column], values[row, column + 1]
        place = along[column] + (along[column + 1] - along[column]) * low / (low - high)
        crossing = np.column_stack([place, across[row]])
        crossings.append(crossing[:, ::-1] if flip else crossing)
    return np.concatenate(crossings)
