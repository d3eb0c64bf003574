"""How the atlas names its measures and tells the studies apart."""

from typing import Any, NamedTuple

import pandas as pd

from anarch.figures import style, tables


class Measure(NamedTuple):
    name: str  # in one line
    short: str  # in several, below a tick
    log: bool = False  # drawn on a logarithmic axis
    scale: float = 1.0


MEASURES = {
    "train_loss": Measure("training loss (nats)", "training\nloss", log=True),
    "train_accuracy": Measure("training accuracy (%)", "training\naccuracy", scale=100),
    "gradient_norm": Measure("gradient norm", "gradient\nnorm", log=True),
    "hessian_top": Measure("top Hessian eigenvalue", "top\neigen-\nvalue", log=True),
    "radius_median": Measure("basin radius, median", "basin\nradius,\nmedian", log=True),
    "radius_mean": Measure("basin radius, mean", "basin\nradius,\nmean", log=True),
    "noise": Measure("noise borne (std. dev.)", "noise\nborne", log=True),
    "pac_bayes": Measure("PAC-Bayes (way / noise)", "PAC-\nBayes", log=True),
    "margin": Measure("margin, tenth part", "margin\n"),
    "frobenius": Measure("Frobenius norm", "Frobe-\nnius\nnorm", log=True),
    "log10_path1": Measure(r"$\log_{10}$ of $\ell_1$ path norm", r"$\ell_1$ path" + "\nnorm"),
    "log10_path2": Measure(r"$\log_{10}$ of $\ell_2$ path norm", r"$\ell_2$ path" + "\nnorm"),
    "log10_path2_margin": Measure(
        r"$\log_{10}$ of $\ell_2$ path / margin", r"$\ell_2$ path" + "\nover\nmargin"
    ),
    "distance": Measure("distance travelled", "dis-\ntance"),
    "deviation": Measure("deviation δ", "devi-\nation\nδ"),
    "sparsity": Measure("sparsity (%)", "spar-\nsity", scale=100),
    "parameters": Measure("parameters", "para-\nmeters", log=True),
}
POOLED = "all, pooled"
WAYS = {
    "fit": "only networks that fit (99 %)",
    "partial": "given the training loss",
    "granulated": "one setting changed",
}
FLIPS = "\N{DAGGER}"  # behind a measure whose sign turns
STUDIES = {
    "needle": (style.BLUE, "o"),
    "bad_minima": (style.ORANGE, "s"),
    "scratch": (style.GREEN, "^"),
    "blessing": (style.RED, "D"),
}
TAUS = ("way", "level", "study", "measure", "tau", "low", "high", "networks", "groups")


def series(taus: pd.DataFrame, way: str) -> dict[str, pd.DataFrame]:
    """Study -> its taus by measure, and last those of all studies pooled, of one way to compare."""
    tables.require(taus, "taus", TAUS)
    taus = taus[taus.way == way]
    numbers = {name: pd.to_numeric(taus[name]) for name in ("tau", "low", "high")}
    taus = taus.assign(**numbers)  # a column without any number holds objects
    of_study = taus[taus.level == "study"]
    by_study = {study: of_study[of_study.study == study] for study in STUDIES if study in set(of_study.study)}
    pooled = taus[taus.level == "pooled"]
    if pooled.empty:
        raise tables.TableError(f"table taus has no row with way = {way} and level = pooled")
    return {name: rows.set_index("measure") for name, rows in {**by_study, POOLED: pooled}.items()}


def flips(ranked: dict[str, pd.DataFrame]) -> list[str]:
    """Measures whose tau is above 0 in one study and below in another, with both intervals clear of 0."""
    studies = [rows for name, rows in ranked.items() if name != POOLED]
    up = {measure for rows in studies for measure in rows.index[rows.low > 0]}
    down = {measure for rows in studies for measure in rows.index[rows.high < 0]}
    return [measure for measure in MEASURES if measure in up & down]


def signed(value: float) -> str:
    """ "+0.31" or "−0.31"; "+0.00" of what rounds to it."""
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "\N{MINUS SIGN}")


def with_interval(row: Any) -> str:
    """ "−0.31 [−0.52, −0.10]"; a dash where there is no tau."""
    if pd.isna(row.tau):
        return "–"
    if pd.isna(row.low):
        return signed(row.tau)
    return f"{signed(row.tau)} [{signed(row.low)}, {signed(row.high)}]"
