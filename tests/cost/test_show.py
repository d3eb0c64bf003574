"""Numbers as a reader sees them."""

import pytest

from anarch.cost.plan import Row
from anarch.cost.show import clock, flat, quantity, table
from anarch.cost.work import Cost, Work


@pytest.mark.parametrize(
    "value, shown",
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1 kB"),
        (1234, "1.23 kB"),
        (9.996e14, "1 PB"),
        (1.5e21, "1,500 EB"),
    ],
)
def test_three_digits_and_a_prefix(value, shown):
    assert quantity(value, "B") == shown


@pytest.mark.parametrize(
    "hours, shown", [(0.01, "36 s"), (0.5, "30 min"), (2.5, "2.5 h"), (2581.2, "2,581 h")]
)
def test_times(hours, shown):
    assert clock(hours) == shown


def test_columns_are_aligned():
    cost = Cost(trained=Work(1e15, 2e15), measured=Work(1e9, 1e9), trainings=3, memory=5e8, disk=7e6)
    rows = [Row("needle", 1200, cost, 3600.0, 0.5), Row("all", 1200, cost, 3600.0, 0.5)]
    head, *lines = table(rows)
    assert {len(line) for line in lines} == {len(head)}
    assert lines[0].split() == [
        "needle",
        "1,200",
        "3",
        "1",
        "PFLOP",
        "1",
        "GFLOP",
        "500",
        "MB",
        "7",
        "MB",
        "30",
        "min",
    ]
    told = flat(rows[0])
    assert (told["training_flops"], told["padded_flops"]) == (1e15, 2e15 + 1e9)
    assert (told["device_hours"], told["hours"]) == (1.0, 0.5)
