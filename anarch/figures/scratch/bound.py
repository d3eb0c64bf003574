"""Table 5 (ours): the bound of Theorem 2 for trained networks, beside the gap that was measured."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.scratch import series
from anarch.figures.scratch.accuracies import ways

NEEDED = ("parameters", "nonzero_parameters", "distinct", "images", "bound", "gap")
LABELS = {
    ("S-CONV", "SGD"): "S-CONV, SGD",
    ("S-LOCAL", "SGD"): "S-LOCAL, SGD",
    ("S-FC", "SGD"): "S-FC, SGD",
    ("S-FC", "beta = 50"): "S-FC, β-LASSO",
}


def table5(results: pd.DataFrame, *, about: str) -> Figure:
    """n, non-zeros, k, |d(g)|, bits an image, bound and gap of dense, local and sparse networks."""
    rows = series.longest(series.family(results, "results", "bound", *NEEDED))
    rows = rows.assign(way=ways(rows), sharing=sharing_bits(rows))
    groups = rows[rows.way.isin(LABELS)]
    if groups.empty:
        raise tables.TableError("table results has no row of family = bound of S-CONV, S-LOCAL or S-FC")
    names = series.task_names(groups)
    lines = [
        (name, LABELS[way], *_line(part))
        for task, name in names.items()
        for way in LABELS
        if len(part := groups[(groups.task == task) & (groups.way == way)])
    ]
    table = pd.DataFrame(lines, columns=["data", "network", *_HEADS]).set_index(["data", "network"])
    stored = table[[_MEMORY, _SPARSE]]
    if (stored == "–").all(axis=None):
        table = table.drop(columns=list(stored))
    counted = groups.groupby(["task", "way"]).bound.count()
    return rendered.render(
        table if len(names) > 1 else table.droplevel("data"),
        _text(bool(_MEMORY in table)),
        about=about,
        counts=rendered.spread_text([int(n) for n in counted]),
    )


def sharing_bits(rows: pd.DataFrame) -> pd.Series:
    """|d(g)| = ||w||_0 log2(k n) + 2 log2 n of Theorem 2, in bits."""
    parameters = rows.parameters.astype(float)
    return rows.nonzero_parameters * np.log2(rows.distinct * parameters) + 2 * np.log2(parameters)


_MEMORY, _SPARSE = "dense (MB)", "sparse (MB)"
_HEADS = [
    "images $m$", "$n$", r"$\Vert w\Vert_0$", "$k$", "$|d(g)|$ (bits)", "bits / image", "bound", "gap",
    _MEMORY, _SPARSE,
]  # fmt: skip


def _line(part: pd.DataFrame) -> list[str]:
    size = part.parameters, part.nonzero_parameters, part.distinct, part.sharing
    counts = [series.count_text(values.mean()) if values.notna().any() else "–" for values in size]
    bits = 2 * part.bound.astype(float) ** 2  # the bound is sqrt(bits / (2 m))
    memory = [
        f"{1e-6 * part[name].mean():.2f}" if name in part and part[name].notna().any() else "–"
        for name in ("dense_bytes", "sparse_bytes")
    ]
    return [
        f"{part.images.iloc[0]:g}",
        *counts,
        rendered.mean_sd(bits, 1),
        rendered.mean_sd(part.bound, 2),
        rendered.mean_sd(part.gap, 3),
        *memory,
    ]


def _text(stored: bool) -> str:
    text = (
        "Theorem 2: with probability 0.95 the population's error exceeds the training error by at most "
        "√((k b + |d(g)| + log₂(2n/δ)) / 2m), b = 32 bits, δ = 0.05, |d(g)| = ‖w‖₀ log₂(kn) + 2 log₂ n. "
        "n: parameters, ‖w‖₀: non-zero ones, k: different values (means over seeds); bits / image: the whole "
        "code over m. A bound of 1 or more (2 bits an image) says nothing. Gap: test error − training error."
    )
    return text + (
        " Dense, sparse: memory of the network as it is and with sparse matrices." if stored else ""
    )
