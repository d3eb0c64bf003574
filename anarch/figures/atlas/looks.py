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
    "hessian_top": Measure("top Hessian eigenvalue", "top\nHessian\neigenvalue", log=True),
    "radius_median": Measure("basin radius, median", "basin\nradius,\nmedian", log=True),
    "radius_mean": Measure("basin radius, mean", "basin\nradius,\nmean", log=True),
    "frobenius": Measure("Frobenius norm", "Frobenius\nnorm", log=True),
    "log10_path1": Measure(r"$\log_{10}$ of $\ell_1$ path norm", r"$\ell_1$ path" + "\nnorm"),
    "log10_path2": Measure(r"$\log_{10}$ of $\ell_2$ path norm", r"$\ell_2$ path" + "\nnorm"),
    "distance": Measure("distance travelled", "distance\ntravelled"),
    "deviation": Measure("deviation δ", "deviation\nδ"),
    "sparsity": Measure("sparsity (%)", "sparsity\n", scale=100),
    "parameters": Measure("parameters", "parameters\n", log=True),
}
POOLED = "all, pooled"
STUDIES = {
    "needle": (style.BLUE, "o"),
    "bad_minima": (style.ORANGE, "s"),
    "scratch": (style.GREEN, "^"),
    "blessing": (style.RED, "D"),
}
TAUS = ("level", "study", "measure", "tau", "low", "high", "networks", "groups")


def series(taus: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Study -> its taus by measure, and last those of all studies pooled."""
    tables.require(taus, "taus", TAUS)
    numbers = {name: pd.to_numeric(taus[name]) for name in ("tau", "low", "high")}
    taus = taus.assign(**numbers)  # a column without any number holds objects
    of_study = taus[taus.level == "study"]
    by_study = {study: of_study[of_study.study == study] for study in STUDIES if study in set(of_study.study)}
    pooled = taus[taus.level == "pooled"]
    if pooled.empty:
        raise tables.TableError("table taus has no row with level = pooled")
    return {name: rows.set_index("measure") for name, rows in {**by_study, POOLED: pooled}.items()}


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
