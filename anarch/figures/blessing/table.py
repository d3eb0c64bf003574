"""Table 1: every minimum with its accuracies, sharpness and the volume of its basin."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.blessing import published, selection, volumes

SHARPNESS = ("sharpness", "filter_sharpness")
SCORES = ("train_accuracy", "test_accuracy", "train_loss", "unstable", *SHARPNESS)
MINIMA = ("set", "label", "seed", "beta", *SCORES, *(f"{name}_converged" for name in SHARPNESS))
COLUMNS = (
    "train (%)",
    "test (%)",
    "train loss",
    "top eigenvalue",
    "in filter lengths",
    "unstable (%)",
    "n",
    "mean radius",
    r"$\log_{10} V$",
    "effective",
    r"$\log_{10} V$, median $r$",
    r"$\log_{10} V$, by shape",
)


def table1(minima: pd.DataFrame, basins: pd.DataFrame, *, about: str) -> Figure:
    """A row per minimum in order of beta and seed in its set, the paper's accuracies below image sets."""
    tables.require(minima, "minima", MINIMA)
    tables.require(basins, "basins", (*volumes.BASINS, "dimension"))
    main = basins[basins.main.astype(bool)]
    rows = minima.merge(main, how="left", on=["set", "seed", "beta"], validate="one_to_one")
    if rows.empty:
        raise tables.TableError("table minima has no row")
    lines: dict[tuple[str, str, str], list[str]] = {}
    for _, part in rows.groupby(["set", "label"], sort=False):
        name = str(part.set.iloc[0])
        group = f"{selection.spoken(name)}, {part.label.iloc[0]}"
        for _, row in part.sort_values(["beta", "seed"]).iterrows():
            lines[group, f"{row.beta:g}", f"{row.seed:g}"] = _cells(row)
        if name != selection.TOY:
            for kind, accuracy in (("good", published.IMAGES_GOOD), ("bad", published.IMAGES_BAD)):
                cells = ["100", f"{accuracy:g}", *["–"] * (len(COLUMNS) - 2)]
                lines[group, f"({kind})", "paper (SVHN)"] = cells
    cutoffs = ", ".join(f"{cutoff:g}" for cutoff in sorted(main.cutoff.unique()))
    seeds = rows.groupby("set").seed.nunique()
    return rendered.render(
        pd.DataFrame(
            list(lines.values()),
            index=pd.MultiIndex.from_tuples(lines, names=["set, network", "β", "seed"]),
            columns=list(COLUMNS),
        ),
        "Every minimum: accuracies; loss on the training set (eq. 1); sharpness, the top eigenvalue of that "
        "loss's Hessian H, as it is and with weights in lengths of their filters (in brackets: the iteration "
        "did not converge); training points that one of 20 random steps turns wrong; and of the basin below "
        f"loss {cutoffs}, in n dimensions, the mean radius along filter-normalised directions, the volume V "
        "with its effective sample size, V by the median radius, and V along directions that follow the "
        "basin's shape. ≥: some directions never reach the cutoff. Where the effective sample size is near "
        "1, the true volume is larger.",
        about=about,
        counts=rendered.spread_text(list(seeds)).removeprefix("mean ± standard deviation over "),
    )


def _cells(row: pd.Series) -> list[str]:
    """The texts of one minimum; dashes for the basin where the minimum lies outside it."""
    bound = "≥ " if row.censored > 0 else ""
    curved = [
        text if row[f"{name}_converged"] else f"({text})"
        for name in SHARPNESS
        for text in (_number(row[name], ".3g"),)
    ]
    return [
        _number(100 * row.train_accuracy, ".2f"),
        _number(100 * row.test_accuracy, ".2f"),
        _number(row.train_loss, ".2g"),
        *curved,
        _number(100 * row.unstable, ".0f"),
        _number(row.dimension, ",.0f"),
        bound + _number(row.radius_mean, ".3g"),
        bound + _number(row.log10_volume, ",.1f"),
        "–" if pd.isna(row.effective) else f"{row.effective:,.1f} of {row.directions:,.0f}",
        _number(row.log10_volume_median, ",.1f"),
        _number(row.log10_preconditioned, ",.1f"),
    ]


def _number(value: float, spec: str) -> str:
    """``value`` with a true minus sign; a dash where there is none."""
    return "–" if pd.isna(value) else format(value, spec).replace("-", "\N{MINUS SIGN}")
