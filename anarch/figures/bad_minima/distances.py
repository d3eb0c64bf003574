"""Table 1: how far training travels, in units of the norm of the first-named weights."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.bad_minima import published, series

COLUMNS = ("dataset", "model", "seed", "pair", "distance")


def table1(distances: pd.DataFrame, *, about: str) -> Figure:
    """Distances between initial and final weights, ours above the paper's, rows a data set and network."""
    tables.require(distances, "distances", COLUMNS)
    rows = distances[distances.pair.isin(published.PAIRS)]
    if rows.empty:
        raise tables.TableError(
            f"table distances has no row with a pair of the paper's: {', '.join(published.PAIRS)}"
        )
    lines: dict[tuple[str, str, str], list[str]] = {}
    for pair in series.pairs(rows):
        dataset, model = pair
        key = series.spoken(dataset), model
        ours = rows[(rows.dataset == dataset) & (rows.model == model)]
        lines[*key, "ours"] = [
            rendered.mean_sd(ours[ours.pair == name].distance, 3) for name in published.PAIRS
        ]
        reference = published.distances(dataset, model)
        if reference:
            lines[*key, reference[0]] = [f"{value:.3f}" for value in reference[1]]
    table = pd.DataFrame(
        list(lines.values()),
        index=pd.MultiIndex.from_tuples(lines, names=["data", "network", ""]),
        columns=list(published.PAIRS.values()),
    )
    counts = rows.groupby(["dataset", "model", "pair"]).distance.count()
    return rendered.render(
        table,
        "Distances d(W₁, W₂) = ‖W₁ − W₂‖ / ‖W₁‖ (Frobenius norms) that training travels. Subscripts 0, V, S: "
        "initial, after vanilla, after SOTA SGD; superscripts R, A: random, adversarial initialisation. "
        f"{_note(lines)}",
        about=about,
        counts=rendered.spread_text([int(n) for n in counts]),
    )


def _note(lines: dict[tuple[str, str, str], list[str]]) -> str:
    """What the paper's rows are, and which of them are of other data than ours."""
    labels = {label for *_, label in lines}
    notes = ["Grey: the paper's means of 5 runs."] if len(labels) > 1 else ["The paper has no such network."]
    if "paper (CIFAR-10)" in labels:
        notes.append("Where it has not our data, its CIFAR-10 row of the network stands for reference.")
    return " ".join(notes)
