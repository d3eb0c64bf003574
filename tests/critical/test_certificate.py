"""The certificate holds for the embedding of the paper, and fails for one that is not it."""

from anarch.critical import certificate, trials
from anarch.critical.splitting import split_neuron
from anarch.randomness import generator

KEYS = {"claim", "statement", "network", "trials", "violation", "tolerance", "holds"}


def test_every_property_holds_to_rounding():
    rows = certificate.property_rows(8, generator(0, "certificate"))
    assert len(rows) == 14 and {row["network"] for row in rows} == {"perceptron", "CNN"}
    for row in rows:
        assert set(row) == KEYS and row["trials"] == 8
        assert row["holds"] and row["violation"] < 1e-12, row


def test_theorems_hold_at_critical_points():
    rows = certificate.criticality_rows(2, generator(1, "certificate"))
    assert [row["claim"] for row in rows] == ["Theorem 1", "Theorem 2", "inertia"]
    for row in rows:
        assert set(row) == KEYS and row["trials"] > 0 and row["holds"], row


def test_a_wrong_share_is_caught(monkeypatch):
    def wrong(model, layer, neuron, alpha):
        return split_neuron(model, layer, neuron, alpha + 0.1)

    monkeypatch.setattr(trials, "split_neuron", wrong)
    rows = certificate.property_rows(4, generator(0, "certificate"))
    held = {(row["claim"], row["network"]): row["holds"] for row in rows}
    assert not held["Lemma 1 (iii)", "perceptron"] and not held["Theorem 1", "perceptron"]
    assert held["Prop. 1 (i)", "perceptron"] and held["Lemma 1 (iii)", "CNN"]


def test_a_lost_output_is_caught(monkeypatch):
    def lossy(model, layer, neuron, alpha):
        wide = split_neuron(model, layer, neuron, alpha)
        wide[2 * layer + 2].weight.data[:, -1] += 1.0
        return wide

    monkeypatch.setattr(trials, "split_neuron", lossy)
    rows = certificate.property_rows(4, generator(0, "certificate"))
    assert not any(
        row["holds"] for row in rows if row["claim"] == "Prop. 1 (i)" and row["network"] == "perceptron"
    )


def test_equal_generators_give_equal_rows():
    first, second = (certificate.property_rows(2, generator(3, "certificate")) for _ in range(2))
    assert first == second
