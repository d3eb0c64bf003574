"""The scratch study's tables: the paper's numbers, ours beside them, and what Theorem 2 counts."""

import pandas as pd
import pytest
from endings import drawing, words
from legible import texts
from matplotlib.figure import Figure
from planted_scratch import DIGITS, PAPER, made

from anarch.figures import scratch
from anarch.figures.scratch import accuracies, bound, published, series
from anarch.workflow import scratch_counts

draw = drawing(scratch, "laptop scale")


@pytest.fixture(scope="module")
def small():
    return made(DIGITS, 3)


@pytest.fixture(scope="module")
def large():
    return made(PAPER, 2, (400, 4000), channels=3)


def cells(figure: Figure) -> list[str]:
    return [text.get_text() for text in texts(figure)]


def of(table: pd.DataFrame, family: str, **wanted) -> pd.DataFrame:
    rows = table[table.family == family]
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def test_the_papers_tables_agree_where_they_say_the_same():
    for way in (("S-CONV", "SGD"), ("S-LOCAL", "SGD"), ("S-FC", "SGD"), ("3-FC", "SGD")):
        assert published.METHODS[way] == tuple(long for _, long in published.ACCURACIES[way[0]])
    for network, true in published.TRUE_WEIGHTS.items():
        depth, connectivity = f"{network[0].lower()}_conv", network[2:].lower()
        alpha = 15 if network[0] == "D" else 150
        assert true == sum(scratch_counts.weights(depth, connectivity, alpha, padding_taps=True).values())
    printed = scratch_counts.printed_d_local(15)
    assert round(printed / 1e6, 2) == published.MILLIONS["D-LOCAL"]


def test_table1_sets_printed_and_true_weights_side_by_side(small):
    shown = cells(draw("table1", small))
    assert {"3.42 M", "11.7 M", "282 M", "89.79", "86.07"} <= set(shown)
    assert "87.00 ± 1.00" in shown and shown.count("14.2 M") == 4  # S-FC's own and three that embed in it
    assert shown.count("CIFAR-10") == 1 and shown.count("4000 epochs") == 1


def test_ours_and_the_papers_stand_together_where_data_and_length_agree(small, large):
    def heads(table, lengths):
        return [column.heads for column in accuracies.columns(table, lengths)]

    assert heads(of(large["results"], "table1", task="svhn"), (400, 4000)) == [
        ("SVHN", "400 epochs", "ours"),
        ("SVHN", "400 epochs", "paper"),
        ("SVHN", "4000 epochs", "ours"),
        ("SVHN", "4000 epochs", "paper"),
    ]
    short = of(large["results"], "table1", task="svhn").assign(epochs=60)
    assert heads(short, (4000,)) == [("SVHN", "60 epochs", "ours"), ("SVHN", "4000 epochs", "paper")]
    assert heads(of(small["results"], "table1"), (4000,)) == [
        ("cluttered digits", "30 epochs", "ours"),
        ("CIFAR-10", "4000 epochs", "paper"),
    ]


def test_table2_lists_all_of_the_papers_rows_and_a_dash_where_we_have_none(small):
    shown = cells(draw("table2", small))
    for rows in (published.METHODS, published.LITERATURE):
        assert {f"{values[0]:.2f}" for values in rows.values()} <= set(shown)
    assert shown.count("83.00 ± 1.00") == 1 and "β-LASSO (β = 50)" in shown and "–" not in shown
    fewer = {"results": small["results"].query("beta != 1")}
    assert cells(draw("table2", fewer)).count("–") == 1


def test_table3_tells_what_the_paper_prints_and_what_is_true(small):
    figure = draw("table3", small)
    shown = cells(figure)
    assert shown.count("paper's weights") == shown.count("true weights") == 1
    assert {"2\u2009073\u2009600", "518\u2009400", "11\u2009713\u2009920", "9\u2009953\u2009070"} <= set(
        shown
    )
    assert "conv3 to conv8 of D-LOCAL are wrong. The paper rounds the totals of D-CONV and D-FC." in words(
        figure
    )
    shown = cells(draw("table4", small))
    assert "paper's weights" not in shown and shown.count("acting") == 1
    assert {"147\u2009607\u2009200", "146\u2009356\u2009200", "conv 9×9 (α, 2)"} <= set(shown)


def test_table5_counts_the_code_by_theorem_2(small):
    row = pd.DataFrame({"parameters": [16], "nonzero_parameters": [8], "distinct": [4]})
    assert bound.sharing_bits(row).tolist() == [8 * 6 + 2 * 4]
    shown = cells(draw("table5", small))
    lasso = of(small["results"], "bound", method="beta-LASSO")
    assert f"{(2 * lasso.bound**2).mean():.1f} ± {(2 * lasso.bound**2).std():.1f}" in shown
    assert shown.count("4.00") == shown.count("1.00") == 1 and shown.count("0.200 ± 0.000") == 4
    bare = small["results"].drop(columns=["dense_bytes", "sparse_bytes"])
    assert "dense (MB)" not in cells(draw("table5", {"results": bare}))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1446, "1.45 k"), (999_700, "1 M"), (138_312_450, "138 M"), (4e9, "4 G")],
)
def test_counts_are_told_in_three_digits(number, text):
    assert series.count_text(number) == text
