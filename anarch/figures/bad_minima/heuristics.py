"""Table 2: the eight combinations of data augmentation, l2 regularisation and momentum."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.bad_minima import published, series

MODES = {
    "vanilla": "vanilla SGD",
    "da": "DA",
    "l2": r"$\ell_2$",
    "momentum": "momentum",
    "da+l2": r"DA + $\ell_2$",
    "da+momentum": "DA + momentum",
    "l2+momentum": r"$\ell_2$ + momentum",
    "sota": r"DA + $\ell_2$ + momentum (SOTA)",
}
INITS = {"random": "random initialisation", "adversarial": "adversarial initialisation"}
ACCURACIES = {"train_accuracy": "train accuracy (%)", "test_accuracy": "test accuracy (%)"}


def table2(measures: pd.DataFrame, *, about: str) -> Figure:
    """Train and test accuracy of each combination from both initialisations, the paper's beside ours."""
    rows = series.main_rows(series.trained(measures, "measures", *ACCURACIES), "measures")
    rows = rows[rows["mode"].isin(MODES)]
    if rows.empty:
        raise tables.TableError(f"table measures has no row of training with mode = {', '.join(MODES)}")
    partial = rows[~rows["mode"].isin(("vanilla", "sota"))]
    every = series.pairs(rows if partial.empty else partial)
    lines = {
        (series.spoken(pair[0]), pair[1], name): _line(rows, pair, mode)
        for pair in every
        for mode, name in MODES.items()
    }
    table = pd.DataFrame(
        list(lines.values()),
        index=pd.MultiIndex.from_tuples(lines, names=["data", "network", "SGD with"]),
        columns=pd.MultiIndex.from_product([INITS.values(), ACCURACIES.values(), ["ours", "paper"]]),
    )
    shown = rows.merge(pd.DataFrame(every, columns=["dataset", "model"]))
    counts = shown.groupby(["dataset", "model", "mode", "init"]).test_accuracy.count()
    return rendered.render(
        table if len(every) > 1 else table.droplevel(["data", "network"]),
        "Accuracy at the end of training with true labels, on clean training and on test images, by the "
        "heuristics in use: data augmentation (DA), ℓ2 regularisation and momentum. "
        f"{_where(every)}Grey: the paper's ResNet18 on CIFAR-10, 5 runs.",
        about=about,
        counts=rendered.spread_text([int(n) for n in counts]),
    )


def _line(rows: pd.DataFrame, pair: series.Pair, mode: str) -> list[str]:
    """Ours and the paper's: train and test accuracy from random, then from adversarial initialisation."""
    cells: list[str] = []
    for init in INITS:
        ours = series.of(rows, pair, mode, init)
        train, train_sd, test, test_sd = published.HEURISTICS[mode, init]
        cells += [rendered.mean_sd(ours.train_accuracy, 2, 100), f"{train:.3f} ± {train_sd:.3f}"]
        cells += [rendered.mean_sd(ours.test_accuracy, 2, 100), f"{test:.3f} ± {test_sd:.3f}"]
    return cells


def _where(every: list[series.Pair]) -> str:
    return f"Ours: {every[0][1]}. " if len(every) == 1 else ""
