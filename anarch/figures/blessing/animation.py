"""The animation beside Fig. 3: both decision boundaries while the weights are perturbed."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import style, tables
from anarch.figures.blessing import selection
from anarch.figures.blessing.selection import per_cent
from anarch.figures.regions import handles, regions

COLUMNS = ("seed", "beta", "frame", "size", "x", "y", "value", "train_accuracy")
POINTS = ("seed", "beta", "kind", "x", "y", "value")


def animation(frames: pd.DataFrame, boundaries: pd.DataFrame, *, about: str) -> list[Figure]:
    """A figure per frame: the regions of the good and the most poisoned minimum, perturbed equally."""
    tables.require(frames, "frames", COLUMNS)
    tables.require(boundaries, "boundaries", POINTS)
    rows, counts = selection.first_seed(frames, "frames")
    selection.good_and_worst(rows, "frames")
    seed = rows.seed.iloc[0]
    points = boundaries[(boundaries.seed == seed) & (boundaries.kind == "point")]
    if points.empty:
        raise tables.TableError(f"table boundaries has no training point of seed {seed:g}")
    return [_frame(part, points, about, counts) for _, part in rows.groupby("frame")]


@style.house_style
def _frame(rows: pd.DataFrame, points: pd.DataFrame, about: str, counts: str) -> Figure:
    """Every frame has its axes in the same place: nothing but the regions and accuracies may move."""
    figure = Figure(figsize=(6.0, 4.0))
    places = ((0.075, 0.225, 0.42, 0.63), (0.56, 0.225, 0.42, 0.63))
    for place, (beta, part) in zip(places, selection.good_and_worst(rows, "frames").items(), strict=True):
        ax = figure.add_axes(place, xlabel="$x_1$")
        regions(ax, part, points[points.beta == beta])
        first = part.iloc[0]
        moved = f"perturbed by {first['size']:.3f}"
        ax.set_title(f"{selection.named(beta)}, {moved}\ntrain {per_cent(first.train_accuracy, 3)}")
    figure.axes[0].set_ylabel("$x_2$")
    figure.legend(handles=handles(), loc="upper center", ncols=3)
    style.caption(
        figure,
        "Decision regions while all weights move along filter-normalised random directions, by the same "
        "multiple of each filter's length in both networks, and the accuracy left on the points shown.",
        about=about,
        counts=counts,
    )
    return figure
