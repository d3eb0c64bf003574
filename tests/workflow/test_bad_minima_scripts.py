"""What a run's end adds to Table 1 of bad_minima, on networks of one known weight vector."""

import pytest
import torch
from torch import nn

from measure_minima import travelled


def network(*weights: float) -> nn.Linear:
    line = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        line.weight.copy_(torch.tensor([weights]))
    return line


END, FIRST, ORIGIN = network(3.0, 4.0), network(3.0, 0.0), network(0.0, 2.0)


@pytest.mark.parametrize(
    ("stage", "mode", "init", "pairs"),
    [
        ("pretraining", "vanilla", "adversarial", {"d(W0A,W0R)": 13**0.5 / 5}),
        ("training", "vanilla", "random", {"d(WVR,W0R)": 4 / 5}),
        ("training", "vanilla", "adversarial", {"d(WVA,W0A)": 4 / 5}),
        ("training", "da+l2", "random", {"d(WHR,W0R)": 4 / 5}),
        ("training", "momentum", "adversarial", {"d(WHA,W0A)": 4 / 5}),
        ("training", "sota", "random", {"d(WSR,W0R)": 4 / 5, "d(W0R,WSR)": 4 / 3}),
        ("training", "sota", "adversarial", {"d(WSA,W0A)": 4 / 5, "d(WSA,W0R)": 13**0.5 / 5}),
    ],
)
def test_distances_are_relative_to_the_first_named(stage, mode, init, pairs):
    """d(W1, W2) = |W1 - W2| / |W1|: |end - first| = 4, |end - origin| = sqrt 13, norms 5 and 3."""
    rows = travelled({"stage": stage, "mode": mode, "init": init}, END, FIRST, ORIGIN)
    assert {row["pair"]: row["distance"] for row in rows} == pytest.approx(pairs)
