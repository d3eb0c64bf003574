"""Table 1, the seven networks, and Table 2, ways to train a fully-connected one, the paper's beside ours."""

from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.scratch import published, series

COUNTED = {"D-CONV": "D-FC", "D-LOCAL": "D-FC", "S-CONV": "S-FC", "S-LOCAL": "S-FC"}  # embedded in


class Column(NamedTuple):
    """Accuracies of one data set after one length of training, ours (of a task) or the paper's."""

    dataset: str
    epochs: float
    task: str | None  # None: the paper's

    @property
    def heads(self) -> tuple[str, str, str]:
        length = f"{self.epochs:g} epoch{'' if self.epochs == 1 else 's'}"
        return self.dataset, length, "ours" if self.task else "paper"


def columns(rows: pd.DataFrame, lengths: tuple[int, ...]) -> list[Column]:
    """Ours and the paper's columns, side by side where data and length of training agree.

    ``lengths`` are those of the paper's table.  Where no data set is the paper's, its CIFAR-10 stands last.
    """
    columns: list[Column] = []
    for task, name in series.task_names(rows).items():
        ours = set(rows[rows.task == task].epochs)
        known = published.data(name) in published.DATASETS
        for epochs in sorted(ours | set(lengths if known else ())):
            columns += [Column(name, epochs, task)] if epochs in ours else []
            columns += [Column(name, epochs, None)] if known and epochs in lengths else []
    if all(column.task for column in columns):
        columns += [Column("CIFAR-10", epochs, None) for epochs in lengths]
    return columns


def table1(results: pd.DataFrame, *, about: str) -> Figure:
    """Weights and test accuracy of the seven networks by SGD, the paper's numbers beside ours."""
    rows = series.family(results, "results", "table1", "weights", "test_accuracy")
    networks = series.present(rows, published.ACCURACIES, "results")
    every = columns(rows, published.EPOCHS)
    weights = rows.groupby("network").weights.max()
    lines = [
        _sizes(network, weights) + [_accuracy(rows, network, column) for column in every]
        for network in networks
    ]
    heads = [("weights", "", name) for name in ("width", "ours", "FC-emb.", "paper", "paper, true")]
    widths = rows.groupby("network").width.max()
    table = pd.DataFrame(
        [[f"{widths[network]:g}", *line] for network, line in zip(networks, lines, strict=True)],
        index=pd.Index(networks, name="network"),
        columns=pd.MultiIndex.from_tuples([*heads, *(column.heads for column in every)]),
    )
    counted = rows.groupby(["task", "network", "epochs"]).test_accuracy.count()
    return rendered.render(
        table,
        "Test accuracy (%) after training by SGD. Width: base channels α (S-, D-), hidden units (3-FC); "
        "weights: entries of kernels and matrices; FC-emb.: of the fully-connected counterpart. Grey: the "
        "paper's Table 1. Its 3.42 M of D-LOCAL follow from a slip in its Table 3; true: what the networks "
        "have at its α = 15 (D-) and 150 (S-).",
        about=about,
        counts=rendered.spread_text([int(n) for n in counted]),
    )


def _sizes(network: str, weights: pd.Series) -> list[str]:
    embedded = COUNTED.get(network, network)
    true = published.TRUE_WEIGHTS.get(network)
    return [
        series.count_text(weights[network]),
        series.count_text(weights[embedded]) if embedded in weights else "–",
        series.count_text(1e6 * published.MILLIONS[network]),
        series.count_text(true) if true else "–",
    ]


def _accuracy(rows: pd.DataFrame, network: str, column: Column) -> str:
    if column.task is None:
        dataset = published.DATASETS.index(published.data(column.dataset))
        return f"{published.ACCURACIES[network][dataset][published.EPOCHS.index(int(column.epochs))]:.2f}"
    ours = rows[(rows.network == network) & (rows.task == column.task) & (rows.epochs == column.epochs)]
    return rendered.mean_sd(ours.test_accuracy, 2, 100)


def table2(results: pd.DataFrame, *, about: str) -> Figure:
    """Test accuracy of S-FC by beta-LASSO beside other ways to train fully-connected networks."""
    rows = series.longest(series.family(results, "results", "table2", "test_accuracy"))
    rows = rows.assign(way=ways(rows))
    if not rows.way.isin(published.METHODS).any():
        there = ", ".join(dict.fromkeys(" ".join(way) for way in rows.way))
        raise tables.TableError(
            f"table results has no row of Table 2's networks and methods; there is: {there}"
        )
    every = columns(rows, (4000,))
    lines = {("S-CONV", "SGD"): None, ("S-LOCAL", "SGD"): None, **published.LITERATURE, **published.METHODS}
    table = pd.DataFrame(
        [[_cell(rows, way, column) for column in every] for way in lines],
        index=pd.MultiIndex.from_tuples([_printed(way) for way in lines], names=["", "network", "training"]),
        columns=pd.MultiIndex.from_tuples([column.heads for column in every]),
    )
    counted = rows.groupby(["task", "way"]).test_accuracy.count()
    return rendered.render(
        table,
        "Test accuracy (%) of fully-connected networks (MLP) by how they are trained, S-CONV and S-LOCAL "
        "for reference; quoted: results that the paper compares with. Where training is not as long as the "
        "paper's, λ and β are those that keep total shrink and threshold. Grey: the paper's Table 2.",
        about=about,
        counts=rendered.spread_text([int(n) for n in counted]),
    )


def ways(rows: pd.DataFrame) -> pd.Series:
    """(network, training) of each row, as the keys of `published.METHODS`."""
    named = [
        (network, method if method != series.LASSO else f"beta = {beta:g}")
        for network, method, beta in zip(rows.network, rows["method"], rows.beta, strict=True)
    ]
    return pd.Series(named, index=rows.index, dtype=object)


def _printed(way: tuple[str, str]) -> tuple[str, str, str]:
    """Kind, network and training as they are printed."""
    network, training = way
    if way in published.LITERATURE:
        return "MLP, quoted", network, training
    name, _, beta = training.partition("beta = ")
    kind = "MLP" if network.endswith("-FC") else "local layers"
    return kind, network, name or f"β-LASSO (β = {beta})"


def _cell(rows: pd.DataFrame, way: tuple[str, str], column: Column) -> str:
    if column.task is None:
        value = {**published.LITERATURE, **published.METHODS}[way][
            published.DATASETS.index(published.data(column.dataset))
        ]
        return "–" if value is None else f"{value:.2f}"
    if way in published.LITERATURE:
        return ""
    own = rows[(rows.task == column.task) & (rows.epochs == column.epochs) & (rows.way == way)]
    return rendered.mean_sd(own.test_accuracy, 2, 100)
