"""Tables 3 and 4 of scratch: what is printed, what holds, and where the two part."""

import pytest

from anarch.workflow.scratch_counts import CONNECTIVITIES, printed_d_local, weights
from anarch.workflow.scratch_printed import (
    TABLES,
    parameter_rows,
    printed_terms,
    printed_total,
    scaling_rows,
    true_terms,
    true_total,
)

ROWS = {(row["network"], row["layer"]): row for row in parameter_rows()}


@pytest.mark.parametrize("network", TABLES)
@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
@pytest.mark.parametrize("side, alpha, classes", [(32, 15, 10), (64, 3, 100), (16, 1, 7)])
def test_true_formulas_count_the_networks(network, connectivity, side, alpha, classes):
    counts = weights(
        network, connectivity, alpha, input_shape=(3, side, side), classes=classes, padding_taps=True
    )
    terms = true_terms(network, connectivity)
    assert {layer: term.value(side, alpha, classes) for layer, term in terms.items()} == counts
    assert sum(term.value(side, alpha, classes) for term in true_total(network, connectivity)) == sum(
        counts.values()
    )


def test_only_six_entries_and_one_total_are_wrong():
    """Tab. 3, D-LOCAL: conv3 to conv8 and their sum (ORIGINAL 2.2)."""
    wrong = {key for key, row in ROWS.items() if not row["agrees"]}
    assert wrong == {("D-LOCAL", layer) for layer in [*(f"conv{n}" for n in range(3, 9)), "total"]}
    assert (ROWS["D-LOCAL", "conv3"]["printed"], ROWS["D-LOCAL", "conv3"]["true"]) == (518_400, 2_073_600)
    total = ROWS["D-LOCAL", "total"]
    assert (total["printed"], total["true"], total["acting"]) == (3_419_520, 11_713_920, 9_953_070)
    assert total["printed"] == printed_d_local(15)


def test_totals_are_those_of_table_1():
    """138 M, 147 M, 256 M of the S-networks at alpha = 150, 1.45 M of D-CONV at 15; D-FC has 282 M."""
    millions = {
        name: ROWS[name, "total"]["true"] / 1e6 for name in ("S-CONV", "S-LOCAL", "S-FC", "D-CONV", "D-FC")
    }
    assert {name: int(value) for name, value in millions.items() if name[0] == "S"} == {
        "S-CONV": 138, "S-LOCAL": 147, "S-FC": 256,
    }  # fmt: skip
    assert round(millions["D-CONV"], 2) == 1.45 and int(millions["D-FC"]) == 282


def test_printed_sums_are_of_the_printed_entries():
    """Tab. 3 writes 9 * 2^8 for 9 * (2 + ... + 2^7), and s^4 for 127/128 of it: "about" means within 1 %."""
    for connectivity in CONNECTIVITIES:
        entries = sum(term.value(32, 15, 10) for term in printed_terms("d_conv", connectivity).values())
        total = sum(term.value(32, 15, 10) for term in printed_total("d_conv", connectivity))
        assert 1 <= total / entries < 1.01


@pytest.mark.parametrize(
    "network, layer, text, words",
    [
        ("D-LOCAL", "conv3", r"9s^2\alpha^2/4", "conv3x3(2a, 1)"),
        ("D-FC", "conv8", r"s^4\alpha^2/128", "conv3x3(16a, 2)"),
        ("D-CONV", "conv1", r"27\alpha", "conv3x3(a, 1)"),
        ("S-LOCAL", "conv1", r"243s^2\alpha/4", "conv9x9(a, 2)"),
        ("S-FC", "fc1", r"6s^2\alpha^2", "FC(24a)"),
        ("S-FC", "fc2", r"24c\alpha", "FC(c)"),
        ("D-LOCAL", "total", r"13s^2\alpha^2 + 27s^2\alpha + 64c\alpha", ""),
    ],
)
def test_formulas_are_written_as_in_the_paper(network, layer, text, words):
    row = ROWS[network, layer]
    assert (row["printed_formula"], row["description"]) == (text, words)


def test_sizes_scale_as_figure_1_says():
    """Fully connected with the fourth power of the side, convolutional and local with the second."""
    rows = {(r["panel"], r["network"], r["alpha"], r["size"]): r["weights"] for r in scaling_rows()}
    for network, power in (
        ("S-FC", 4),
        ("D-FC", 4),
        ("S-LOCAL", 2),
        ("D-LOCAL", 2),
        ("S-CONV", 2),
        ("D-CONV", 2),
    ):
        growth = rows["size", network, 16, 256] / rows["size", network, 16, 128]
        assert 0.8 * 2**power < growth <= 2**power
    assert rows["alpha", "D-FC", 16, 32] == rows["size", "D-FC", 16, 32]
