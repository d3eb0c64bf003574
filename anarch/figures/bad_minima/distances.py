"""Table 1: how far training travels, in units of the norm of the first-named weights."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.bad_minima import published, series
from anarch.figures.bad_minima.heuristics import MODES

# Pairs of SGD with one heuristic, and those of vanilla SGD in whose columns they stand
ALONE = {"d(WHR,W0R)": "d(WVR,W0R)", "d(WHA,W0A)": "d(WVA,W0A)"}
SINGLE = ("da", "l2", "momentum")
COLUMNS = ("mode", "dataset", "model", "main_replicas", "replicas", "seed", "pair", "distance")


def table1(distances: pd.DataFrame, *, about: str) -> Figure:
    """Distances between initial and final weights, ours above the paper's, rows a data set and network."""
    tables.require(distances, "distances", COLUMNS)
    main = distances.replicas.isna() | (distances.replicas == distances.main_replicas)
    rows, alone = (distances[distances.pair.isin(pairs) & main] for pairs in (published.PAIRS, ALONE))
    if rows.empty:
        raise tables.TableError(
            f"table distances has no row with a pair of the paper's: {', '.join(published.PAIRS)}"
        )
    lines: dict[tuple[str, str, str], list[str]] = {}
    for dataset, model in series.pairs(rows):
        key = series.spoken(dataset), model
        lines[*key, "ours"] = _cells(rows, dataset, model)
        for mode in SINGLE:
            of_mode = alone[alone["mode"] == mode]
            cells = _cells(of_mode.assign(pair=of_mode.pair.map(ALONE)), dataset, model)
            if set(cells) != {"–"}:
                lines[*key, MODES[mode]] = cells
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
        f"{_note(lines)}{_of_heuristics(lines)}",
        about=about,
        counts=rendered.spread_text([int(n) for n in counts]),
    )


def _cells(rows: pd.DataFrame, dataset: str, model: str) -> list[str]:
    """One for each of the paper's pairs."""
    ours = rows[(rows.dataset == dataset) & (rows.model == model)]
    return [rendered.mean_sd(ours[ours.pair == name].distance, 3) for name in published.PAIRS]


def _note(lines: dict[tuple[str, str, str], list[str]]) -> str:
    """What the paper's rows are, and which of them are of other data than ours."""
    labels = {label for *_, label in lines}
    printed = labels & {"paper", "paper (CIFAR-10)"}
    notes = ["Grey: the paper's means of 5 runs." if printed else "The paper has no such network."]
    if "paper (CIFAR-10)" in labels:
        notes.append("Where it has not our data, its CIFAR-10 row of the network stands for reference.")
    return " ".join(notes)


def _of_heuristics(lines: dict[tuple[str, str, str], list[str]]) -> str:
    """What the rows of single heuristics are, where there are any."""
    named = [MODES[mode] for mode in SINGLE if any(label == MODES[mode] for *_, label in lines)]
    return f" {', '.join(named)}: this heuristic alone in the place of vanilla SGD." if named else ""
