"""Snapshot epochs of needle, Sec. 4."""

import numpy as np
import pytest

from anarch.workflow.epochs import log_spaced


def test_the_papers_150_epochs_give_18_snapshots_with_13_and_115():
    """Fig. 6 shows the relax times 0, 13 and 115 and the training epochs 0, 11 and 78."""
    assert len(log_spaced(150)) == 18
    assert {0, 13, 115, 150} <= set(log_spaced(150))
    assert {0, 11, 78, 100} <= set(log_spaced(100))


@pytest.mark.parametrize("last", [1, 2, 5, 60, 100, 150, 350, 1000])
def test_agrees_with_the_formula_of_the_authors(last):
    assert log_spaced(last) == tuple(sorted({0, *np.logspace(0, np.log10(last), 20).astype(int).tolist()}))


def test_the_last_epoch_is_kept_where_the_formula_would_lose_it_to_rounding():
    """logspace ends at 39.999... for 40 epochs."""
    assert log_spaced(40)[-1] == 40


def test_no_epochs_is_an_error():
    with pytest.raises(ValueError, match="last >= 1"):
        log_spaced(0)
