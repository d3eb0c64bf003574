"""The embedding study's scripts on tiny inputs: tables read back exactly, a split is definition 5."""

from dataclasses import replace

import torch

from anarch.critical.copying import copied
from anarch.critical.descent import gaussian
from anarch.critical.diagram import CriticalPoint
from anarch.critical.networks import gradient, hessian, initial, loss, output
from anarch.critical.reduction import group
from anarch.critical.spectra import inertia, spectrum
from anarch.data.regression import iris
from anarch.models.flat import Network
from embed_points import growth, spectrum_rows, split
from reduce_network import cosine_rows, group_rows
from shared.artefacts import write_csv
from shared.critical_points import curve_grid, load_data, numbered, point_rows, read_points


def flower_point(seed: int) -> CriticalPoint:
    """No critical point, but any theta will do for bookkeeping."""
    (x, y), network = iris(), Network((4, 2, 3), "sigmoid", False)
    theta = initial(network, 1, 0.5, torch.Generator().manual_seed(seed))[0]
    return CriticalPoint(
        network,
        theta,
        loss(network, theta, x, y).item(),
        output(network, theta, x),
        gradient(network, theta, x, y).abs().sum().item(),
        1,
        inertia(spectrum(hessian(network, theta, x, y))),
    )


def test_points_read_back_exactly(tmp_path):
    points = [flower_point(seed) for seed in (0, 1)]
    write_csv(
        tmp_path / "p.csv", point_rows(points, iris()[0], case="iris", width=2, output_bias=0, starts=9)
    )
    back = read_points(tmp_path / "p.csv", *iris())
    for one, other in zip(points, back, strict=True):
        assert one.network == other.network and torch.equal(one.theta, other.theta)
        assert torch.equal(one.outputs, other.outputs)
        assert (one.loss, one.residual, one.inertia) == (other.loss, other.residual, other.inertia)
    assert [(width, number) for width, number, _ in numbered(back)] == [(2, 0), (2, 1)]


def test_the_line_is_looked_at_between_its_points():
    x, _ = load_data({"points": 5, "half_width": 2, "centres": [0], "slopes": [1], "heights": [1]})
    grid = curve_grid(x)
    assert len(grid) > 100 and (grid.min().item(), grid.max().item()) == (-2, 2)
    assert torch.equal(curve_grid(load_data("iris")[0]), iris()[0])


def test_the_table_of_a_split_is_definition_5():
    point, alpha, neuron = flower_point(0), 0.3, 1
    rows = split(point, neuron, alpha, *iris())
    weight = {(r["network"], r["layer"], r["source"], r["target"]): r["weight"] for r in rows}
    for source in (-1, 0, 1, 2, 3):
        old = weight["narrow", 1, source, neuron]
        assert weight["wide", 1, source, neuron] == weight["wide", 1, source, 2] == old
    for target in range(3):
        old = weight["narrow", 2, neuron, target]
        assert abs(weight["wide", 2, 2, target] - alpha * old) < 1e-15
        assert abs(weight["wide", 2, neuron, target] - (1 - alpha) * old) < 1e-15
    roles = {(r["network"], r["role"]) for r in rows}
    assert roles == {(n, r) for n, r in [("narrow", "split"), ("wide", "kept"), ("wide", "copy")]} | {
        ("narrow", "other"),
        ("wide", "other"),
    }


def test_spectra_count_what_they_list():
    rows = spectrum_rows("iris", copied(flower_point(0), 0, 2, *iris()))
    for width in (2, 3):
        own = [row for row in rows if row["width"] == width]
        assert len(own) == width * 8 == own[0]["negative"] + own[0]["zero"] + own[0]["positive"]
        for sign, name in ((-1, "negative"), (0, "zero"), (1, "positive")):
            assert sum(row["sign"] == sign for row in own) == own[0][name]


def test_points_tell_their_minima_and_what_makes_their_width():
    """Of two points one is a minimum; the smallest neuron is that of tiny weights to the outputs."""
    (x, _), saddle = iris(), flower_point(0)
    theta = saddle.theta.clone()
    theta[10::2] *= 1e-9  # outgoing weights of neuron 0
    point = replace(saddle, theta=theta, inertia=replace(saddle.inertia, negative=0))
    rows = point_rows([point, replace(saddle, inertia=replace(saddle.inertia, negative=1))], x)
    assert [row["minima"] for row in rows] == [1, 1]
    assert [row["effective_width"] for row in rows] == [1, 2]
    assert rows[0]["smallest_neuron"] < 1e-8 < 1e-4 < rows[1]["smallest_neuron"]


def test_growth_is_what_each_split_of_each_neuron_adds():
    points = [flower_point(seed) for seed in (0, 1)]
    rows = growth("iris", points, 3, *iris())
    assert [(r["point"], r["neuron"], r["copies"]) for r in rows] == [
        (p, n, c) for p in (0, 1) for n in (0, 1) for c in (1, 2, 3)
    ]
    for row, earlier in zip(rows, [None, *rows], strict=False):
        first = row["copies"] == 1
        for name in ("negative", "zero"):
            assert row[f"added_{name}"] == (None if first else row[name] - earlier[name])
        curvature = copied(points[row["point"]], row["neuron"], row["copies"], *iris())[-1]
        assert row["negative"] == inertia(curvature.eigenvalues).negative


def test_groups_and_cosines_share_their_order():
    wide = gaussian(3, 4, 2, 1.0, torch.Generator().manual_seed(0), activation="relu").widened(11)
    groups = group(wide, cosine=0.999999, low_amplitude=0)
    rows = group_rows(wide, groups, {"model": "two_layer"})
    assert [row["position"] for row in rows] == list(range(11))
    label = [row["group"] for row in rows]
    for row in cosine_rows(wide, groups, "two_layer"):
        if label[row["row"]] == label[row["column"]]:
            assert row["cosine"] == 1
