"""Basin radii: closed forms, the loss at the radius, invariances, counts, refusals."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.landscape import basins as room
from anarch.landscape.basins import basin_radii, radii_at_cutoffs
from anarch.landscape.directions import moving_parameters, random_directions

X, Y = torch.zeros(2, 1, dtype=torch.float64), torch.ones(2, dtype=torch.int64)


class Quadratic(nn.Module):
    """Mean cross entropy 0.001 + sum(h (theta - centre)^2) / 2: the logit of class 1 is -log(e^loss - 1)."""

    def __init__(self, centre: Tensor):
        super().__init__()
        self.theta = nn.Parameter(centre.clone())
        self.bias = nn.Parameter(torch.zeros(4, dtype=torch.float64))  # does not move and does nothing
        self.register_buffer("centre", centre)
        curvature = torch.logspace(-1, 1, centre.numel(), dtype=torch.float64)
        self.register_buffer("curvature", curvature.view_as(centre))

    def forward(self, x: Tensor) -> Tensor:
        loss = 1e-3 + (self.curvature * (self.theta - self.centre).square()).sum() / 2
        return -loss.expm1().log().expand(len(x), 1)

    def radius(self, direction: Tensor, cutoff: float) -> Tensor:
        """sqrt(2 (c - L_0) / (d^T H d)) of each of the directions (K, *shape)."""
        return (2 * (cutoff - 1e-3) / (self.curvature * direction.square()).flatten(1).sum(1)).sqrt()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def quadratic() -> Quadratic:
    return Quadratic(torch.randn(3, 5, dtype=torch.float64, generator=seeded()))


def small_cnn() -> tuple[nn.Sequential, Tensor, Tensor]:
    layers = nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 20, 3)
    model = nn.Sequential(*layers).double().eval()
    x = torch.randn(5, 2, 7, 6, dtype=torch.float64, generator=seeded())
    with torch.no_grad():
        for t in (*model.parameters(), model[1].running_mean):
            t.copy_(torch.randn(t.shape, generator=seeded(3), dtype=torch.float64) / 3)
        y = model(x).argmax(1)
        model[4].weight.mul_(20)  # sure of its own answers: a loss near 0
        model[4].bias.mul_(20)
    return model, x, y


@pytest.mark.parametrize("normalisation", ["filter", "unit"])
def test_a_quadratic_has_its_closed_form(normalisation):
    model, cutoffs = quadratic(), (0.05, 0.1, 1.0)
    result = radii_at_cutoffs(
        model, X, Y, cutoffs, 40, 7, normalisation=normalisation, tolerance=1e-7, largest=1e3
    )
    drawn = random_directions(model, 7, range(40), normalisation=normalisation)
    wanted = torch.stack([model.radius(drawn["theta"], c) for c in cutoffs])
    assert_close(result.radii, wanted, rtol=1e-7, atol=0.0)
    assert result.dimension == 15 and result.start < wanted.min()


def test_unit_directions_from_the_origin():
    model = Quadratic(torch.zeros(2, 3, dtype=torch.float64))
    radii = basin_radii(model, X, Y, 0.1, 9, 1, normalisation="unit", largest=50.0)
    drawn = random_directions(model, 1, range(9), normalisation="unit")["theta"]
    assert_close(radii, model.radius(drawn, 0.1), rtol=1e-4, atol=0.0)


def test_logistic_regression_on_one_point_has_its_closed_form():
    """log(1 + exp(-(w + r d) x)) = c at r = (-log(e^c - 1) - w x) / (d x) where d x < 0."""
    model, x = nn.Linear(3, 1, bias=False).double(), torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    nn.init.constant_(model.weight, 1.0)
    with torch.no_grad():
        model.weight.mul_(torch.tensor([3.0, -2.0, 1.0]))  # w x = 7.5
    radii = basin_radii(model, x, torch.tensor([1]), 0.1, 60, 0, largest=30.0, tolerance=1e-8)
    d = random_directions(model, 0, range(60))["weight"][:, 0]
    wanted = (-math.log(math.expm1(0.1)) - model.weight.detach() @ x[0]) / (d @ x[0])
    wanted = wanted.masked_fill((wanted < 0) | (wanted > 30), math.inf)
    assert wanted.isinf().any() and wanted.isfinite().any()
    assert_close(radii, wanted, rtol=1e-8, atol=0.0)


def test_the_loss_at_the_radius_is_the_cutoff_and_below_it_before():
    model, x, y = small_cnn()
    parameters = moving_parameters(model)
    drawn = random_directions(model, 2, range(6))
    for k, r in enumerate(basin_radii(model, x, y, 0.3, 6, 2, tolerance=1e-6).tolist()):
        moved = copy.deepcopy(model)
        for share in (0.2, 0.5, 0.9, 1.0):
            with torch.no_grad():
                for name, w in parameters.items():
                    dict(moved.named_parameters())[name].copy_(w + share * r * drawn[name][k])
                loss = F.cross_entropy(moved(x), y).item()
            assert loss == pytest.approx(0.3, rel=1e-4) if share == 1 else loss < 0.3


def test_radii_do_not_depend_on_batches_or_on_the_other_directions():
    model, x, y = small_cnn()
    options = {"tolerance": 1e-7}
    radii = basin_radii(model, x, y, 0.3, 20, **options)
    for batches in ({"chunk": 1}, {"chunk": 7, "batch_size": 2}, {"chunk": 50, "batch_size": 5}):
        assert_close(basin_radii(model, x, y, 0.3, 20, **options, **batches), radii, rtol=2e-7, atol=0.0)
    assert_close(basin_radii(model, x, y, 0.3, 3, **options), radii[:3], rtol=2e-7, atol=0.0)
    several = radii_at_cutoffs(model, x, y, (1.0, 0.3), 20, **options).radii
    assert_close(several[1], radii, rtol=2e-7, atol=0.0)
    assert (several[0] > several[1])[several[1].isfinite()].all()
    assert not torch.equal(basin_radii(model, x, y, 0.3, 20, 1, **options), radii)


def test_rescaling_a_relu_network_does_not_change_filter_normalised_radii():
    """Dinh et al. 2017: w_1 -> 4 w_1, w_2 -> w_2 / 4 is the same function (blessing, Sec. 4)."""
    model = nn.Sequential(nn.Linear(2, 9, bias=False), nn.ReLU(), nn.Linear(9, 1, bias=False)).double()
    x, draws = torch.randn(8, 2, dtype=torch.float64, generator=seeded()), seeded(1)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(3 * torch.randn(p.shape, generator=draws, dtype=torch.float64))
        y = (model(x)[:, 0] > 0).long()
        cutoff = 2 * F.binary_cross_entropy_with_logits(model(x)[:, 0], y.double()).item()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin[0].weight.mul_(4), twin[2].weight.div_(4)
    same, again = (basin_radii(m, x, y, cutoff, 20, tolerance=1e-7) for m in (model, twin))
    assert_close(same, again, rtol=2e-7, atol=0.0)
    one, two = (basin_radii(m, x, y, cutoff, 20, normalisation="unit") for m in (model, twin))
    assert not torch.allclose(one, two, rtol=0.1)


def test_no_basin_where_the_centre_is_not_below_the_cutoff():
    model = quadratic()
    result = radii_at_cutoffs(model, X, Y, (1e-3, 0.1, 5e-4), 5)
    assert not result.radii[[0, 2]].any() and result.radii[1].all()
    nothing = radii_at_cutoffs(model, X, Y, (5e-4,), 5)
    assert nothing.evaluations == 1 and nothing.radii.tolist() == [[0.0] * 5]


def test_every_evaluation_is_counted_and_they_are_an_eighth_of_the_authors_grid(monkeypatch):
    counts = []

    def counting(model, points, *args, **options):
        counts.append(len(points["theta"]))
        return scores(model, points, *args, **options)

    scores = room.scores_of
    monkeypatch.setattr(room, "scores_of", counting)
    result = radii_at_cutoffs(quadratic(), X, Y, (0.1,), 500)
    assert result.evaluations == sum(counts)
    assert result.evaluations <= 500 * 101 / 8


def test_the_model_and_the_global_generator_are_left_alone():
    model, x, y = small_cnn()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    basin_radii(model, x, y, 0.3, 4)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"cutoff": 0.0}, r"a cutoff must be a finite loss above 0, and there must be one; got \[0\.0\]"),
        ({"cutoff": math.nan}, "a cutoff must be a finite loss above 0"),
        ({"directions": 0}, "directions must be 1 or more, got 0"),
        ({"tolerance": 0.0}, r"need tolerance > 0 and ratio > 1, got 0\.0 and 1\.5"),
        ({"ratio": 1.0}, "need tolerance > 0 and ratio > 1"),
        ({"largest": -1.0}, r"largest must be a finite radius above 0, got -1\.0"),
        ({"chunk": 0}, "chunk must be 1 or more, got 0"),
        ({"batch_size": 0}, "batch_size must be 1 or more, got 0"),
        ({"normalisation": "layer"}, "normalisation must be 'filter' or 'unit', got 'layer'"),
    ],
)
def test_impossible_options_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        basin_radii(quadratic(), X, Y, **changes)


def test_what_has_no_radius_is_refused():
    with pytest.raises(ValueError, match="all weights are 0: use normalisation='unit'"):
        basin_radii(Quadratic(torch.zeros(2, 2, dtype=torch.float64)), X, Y)
    model = quadratic()
    model.theta.data[0, 0] = math.nan
    with pytest.raises(ValueError, match="the loss of the network itself is nan: there is no basin"):
        basin_radii(model, X, Y)
    with pytest.raises(ValueError, match="normalises by the batch in training mode"):
        basin_radii(small_cnn()[0].train(), *small_cnn()[1:])
