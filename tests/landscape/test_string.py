"""The relaxed string on wells of known shape, and against plain SGD."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.landscape.interpolation import evaluate, linear
from anarch.landscape.string import relax_string


class Ring(nn.Module):
    """Logits (-s, 0), s = 4 (|theta|^2 - 1)^2: for label 0 a hill at the origin and a circular valley."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(2, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        height = 4 * (self.theta.square().sum() - 1).square() * x
        return torch.stack([-height, torch.zeros_like(height)], 1)


def on_ring(angle: float) -> dict[str, Tensor]:
    return {"theta": torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)}


X, Y = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.int64)
ENDS = on_ring(0.3), on_ring(math.pi - 0.2)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def relax(**changes) -> list[dict[str, Tensor]]:
    options = {
        "points": 9,
        "epochs": 50,
        "lr": 0.02,
        "stiffness": 0.1,
        "batch_size": 3,
        "generator": seeded(),
    }
    return relax_string(Ring(), ENDS, X, Y, **(options | changes))


def losses(string: list[dict[str, Tensor]]) -> list[float]:
    return [evaluate(Ring(), point, X, Y).loss for point in string]


def test_the_string_goes_round_the_hill_that_the_straight_line_climbs():
    straight = losses([linear(*ENDS, i / 8) for i in range(9)])
    relaxed = losses(relax())
    floor = math.log(2)  # the loss all along the valley
    assert max(straight) - floor > 1
    assert max(relaxed) - floor < 0.1 * (max(straight) - floor)
    assert all(now <= then + 1e-12 for now, then in zip(relaxed[1:-1], straight[1:-1], strict=True))


def test_springs_keep_the_points_apart():
    """Evenly spaced along the arc, where descents of their own leave them as unevenly as they fall."""

    def unevenness(string: list[dict[str, Tensor]]) -> float:
        gaps = torch.stack([p["theta"] for p in string]).diff(dim=0).norm(dim=1)
        return (gaps.max() / gaps.min()).item()

    assert unevenness(relax(epochs=300)) < 1.05 < unevenness(relax(epochs=300, stiffness=0.0))


@pytest.mark.parametrize("stiffness", [0.0, 0.1, 0.5])
def test_ends_are_unchanged_to_the_bit_and_not_shared(stiffness):
    before = copy.deepcopy(ENDS)
    string = relax(stiffness=stiffness, epochs=3)
    assert len(string) == 9
    for reached, end, then in zip((string[0], string[-1]), ENDS, before, strict=True):
        assert torch.equal(reached["theta"], then["theta"]) and torch.equal(end["theta"], then["theta"])
        assert reached["theta"].data_ptr() != end["theta"].data_ptr()


def test_epochs_zero_give_the_straight_line():
    for i, point in enumerate(relax(epochs=0)):
        assert torch.equal(point["theta"], linear(*ENDS, i / 8)["theta"])


def test_without_slope_springs_at_rest_stay_at_rest():
    for i, point in enumerate(relax(lr=0.0, stiffness=0.5)):
        assert_close(point, linear(*ENDS, i / 8), rtol=0, atol=1e-14)


def small_network() -> tuple[nn.Sequential, tuple[dict[str, Tensor], dict[str, Tensor]], Tensor, Tensor]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    ends = tuple({n: torch.randn_like(p) for n, p in model.named_parameters()} for _ in range(2))
    return model, ends, torch.randn(11, 3, dtype=torch.float64), torch.randint(2, (11,))


def test_stiffness_zero_is_an_sgd_descent_of_each_point_on_its_own():
    model, ends, x, y = small_network()
    options = {"points": 4, "epochs": 3, "lr": 0.3, "stiffness": 0.0, "batch_size": 4}
    string = relax_string(model, ends, x, y, **options, generator=seeded(7))
    for i in (1, 2):
        twin = copy.deepcopy(model)
        twin.load_state_dict(linear(*ends, i / 3))
        optimiser, generator = torch.optim.SGD(twin.parameters(), lr=0.3), seeded(7)
        for _ in range(3):
            for rows in torch.randperm(11, generator=generator).split(4):
                optimiser.zero_grad()
                F.cross_entropy(twin(x[rows]), y[rows]).backward()
                optimiser.step()
        assert_close(string[i], dict(twin.state_dict()), rtol=1e-13, atol=1e-14)


def test_one_step_by_hand_in_sequence():
    """Point 1 steps and is pulled by the old point 2; point 2 steps and is pulled by the new point 1."""
    model, (first, last), x, y = small_network()
    k, lr = 0.2, 0.3

    def stepped(point: dict[str, Tensor]) -> dict[str, Tensor]:
        twin = copy.deepcopy(model)
        twin.load_state_dict(point)
        F.cross_entropy(twin(x), y).backward()
        return {name: p.detach() - lr * p.grad for name, p in twin.named_parameters()}

    def pulled(
        before: dict[str, Tensor], here: dict[str, Tensor], after: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        return {n: here[n] + k * (before[n] + after[n] - 2 * here[n]) for n in here}

    second, third = linear(first, last, 1 / 3), linear(first, last, 2 / 3)
    second = pulled(first, stepped(second), third)
    third = pulled(second, stepped(third), last)
    options = {"points": 4, "epochs": 1, "lr": lr, "stiffness": k, "batch_size": 11}
    string = relax_string(model, (first, last), x, y, **options, generator=seeded())
    assert_close(string, [first, second, third, last], rtol=1e-12, atol=1e-13)


def test_the_model_and_the_global_generator_are_left_alone():
    model, ends, x, y = small_network()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    options = {"points": 4, "epochs": 2, "lr": 0.3, "stiffness": 0.1, "batch_size": 4}
    with torch.no_grad():
        one, two = (relax_string(model, ends, x, y, **options, generator=seeded(3)) for _ in range(2))
    assert all(torch.equal(a[name], b[name]) for a, b in zip(one, two, strict=True) for name in a)
    assert not any(t.requires_grad for point in one for t in point.values())
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"stiffness": 0.51},
            r"stiffness must lie in 0\.\.0\.5, beyond which the springs overshoot, got 0\.51",
        ),
        ({"stiffness": -0.1}, "stiffness must lie in"),
        ({"stiffness": math.nan}, "stiffness must lie in"),
        ({"points": 2}, "need points >= 3"),
        ({"epochs": -1}, "epochs >= 0"),
        ({"lr": math.nan}, "lr >= 0"),
        ({"batch_size": 0}, "batch_size must be 1 or more, got 0"),
    ],
)
def test_impossible_options_are_refused(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        relax(**changes)
    assert "\n" not in str(caught.value)


def test_unknown_parameters_and_chance_are_refused():
    options = {"points": 3, "epochs": 1, "lr": 0.1, "stiffness": 0.1, "batch_size": 2, "generator": seeded()}
    with pytest.raises(ValueError, match=r"Ring has no parameter of that name and shape: \['phi'\]"):
        relax_string(Ring(), (ENDS[0], {"phi": torch.zeros(2)}), X, Y, **options)
    with pytest.raises(ValueError, match="drops units at random in training mode"):
        relax_string(nn.Sequential(Ring(), nn.Dropout(0.5)), ENDS, X, Y, **options)
