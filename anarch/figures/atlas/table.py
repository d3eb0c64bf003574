"""Table 1: Kendall's tau of every measure with test accuracy, by study and pooled."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered
from anarch.figures.atlas.looks import MEASURES, series, with_interval

CAPTION = (
    "Kendall's τ-b between a measure and test accuracy: positive where networks with more of it are more "
    "accurate. Pairs of networks are compared within groups only, one protocol on one dataset; over "
    "groups, the mean weighted by pairs. In brackets 95 % bootstrap intervals, over the networks of each "
    "group of a study; of all studies pooled, also over the groups; an asterisk where 0 lies outside. A "
    "dash: the measure is not defined, or the same for all. Groups and networks are those of the measure "
    "that has most."
)


def table1(taus: pd.DataFrame, *, about: str) -> Figure:
    """A row per measure; tau with its interval, of each study and of all."""
    columns = {}
    for name, rows in series(taus).items():
        networks, groups = int(rows.networks.max()), int(rows.groups.max())
        head = (name, f"{networks} networks, {groups} group{'s' * (groups != 1)}")
        columns[head] = [_cell(rows, measure) for measure in MEASURES]
    shown = pd.DataFrame(columns, index=pd.Index([m.name for m in MEASURES.values()], name="measure"))
    pooled = taus[(taus.level == "pooled") & taus.tau.notna()]
    return rendered.render(
        shown,
        CAPTION,
        about=about,
        counts=f"{int(pooled.pairs.max()) if len(pooled) else 0:,} pairs",
    )


def _cell(rows: pd.DataFrame, measure: str) -> str:
    if measure not in rows.index:
        return "–"
    row = rows.loc[measure]
    certain = row.low > 0 or row.high < 0
    return with_interval(row) + (" *" if certain else "")
