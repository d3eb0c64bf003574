"""Table 1: Kendall's tau of every measure with test accuracy.  Table 2: in how many pairs each errs."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.atlas.looks import FLIPS, MEASURES, WAYS, flips, series, with_interval

CAPTION = (
    "Kendall's τ-b between a measure and test accuracy: positive where networks with more of it are more "
    "accurate. Pairs of networks are compared within groups only, one protocol on one dataset, and only "
    "where their accuracies differ by two standard errors; over groups, the mean weighted by pairs. In "
    "three ways: of networks with a training accuracy of 99 % or more; the partial τ given the training "
    "loss; and the mean sign of pairs of one seed that differ in one setting, averaged over settings. In "
    "brackets 95 % bootstrap intervals over seeds, where there are three; of all studies pooled over "
    "groups and seeds; an asterisk where 0 lies outside. A dash: not defined, or nothing to compare. †: "
    "the sign turns from one study to another, with both intervals clear of 0. Sizes within a tenth of "
    "each other do not count for parameters."
)
ERRORS = (
    "Sign error of every measure: share of pairs in which the network that theory expects to be more "
    "accurate is not (0.5: no better than chance), of one seed, one setting changed, accuracies two "
    "standard errors apart. An environment is a group and a setting with three pairs or more; the mean "
    "over environments, and the worst."
)
SIGNS = ("level", "study", "group", "setting", "measure", "pairs", "environments", "error", "worst")


def table1(taus: pd.DataFrame, *, about: str) -> Figure:
    """A row per way and measure; tau with its interval, of each study and of all."""
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for way, name in WAYS.items():
        ranked = series(taus, way)
        turned = flips(ranked)
        for measure, told in MEASURES.items():
            label = told.name + (FLIPS if measure in turned else "")
            lines[name, label] = {study: _cell(rows, measure) for study, rows in ranked.items()}
    shown = pd.DataFrame(
        list(lines.values()), index=pd.MultiIndex.from_tuples(lines, names=["compared", "measure"])
    )
    pooled = taus[(taus.level == "pooled") & (taus.way == "partial") & taus.tau.notna()]
    counts = f"{int(pooled.pairs.max()) if len(pooled) else 0:,} pairs given the training loss"
    return rendered.render(shown, CAPTION, about=about, counts=counts)


def table2(signs: pd.DataFrame, *, about: str) -> Figure:
    """A row per measure: its mean error, and the environment in which it errs most."""
    tables.require(signs, "signs", SIGNS)
    over = signs[signs.level == "all"]
    lines = {MEASURES[str(row.measure)].name: _errors(row) for _, row in over.iterrows()}
    if not lines:
        raise tables.TableError("table signs has no row with level = all")
    shown = pd.DataFrame(list(lines.values()), index=pd.Index(list(lines), name="measure"))
    counts = f"{int(over.environments.max())} environments at most"
    return rendered.render(shown, ERRORS, about=about, counts=counts)


def _errors(row: pd.Series) -> dict[str, str]:
    """The texts of one measure; dashes where there is no environment."""
    known = row.environments > 0
    return {
        "pairs": f"{int(row.pairs):,}",
        "environments": f"{int(row.environments)}",
        "mean error": f"{row.error:.2f}" if known else "–",
        "worst": f"{row.worst:.2f}" if known else "–",
        "where": f"{row.study}/{row.group}, {row.setting}" if known else "–",
    }


def _cell(rows: pd.DataFrame, measure: str) -> str:
    if measure not in rows.index:
        return "–"
    row = rows.loc[measure]
    certain = row.low > 0 or row.high < 0
    return with_interval(row) + (" *" if certain else "")
