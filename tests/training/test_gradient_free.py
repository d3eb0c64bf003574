"""Evolution strategy: minima, invariances, resume.  ProxProp: the proximal problem, solved densely."""

import copy
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.randomness import generator
from anarch.training import gradient_free
from anarch.training.gradient_free import EvolutionStrategy, ProxProp, evolution_step

MINIMUM = torch.tensor([1.0, -2.0, 0.5, 3.0, 0.0], dtype=torch.float64)
CURVATURE = torch.tensor([1.0, 0.5, 2.0, 1.5, 1.0], dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def quadratic(theta: Tensor) -> Tensor:
    return (CURVATURE * (theta - MINIMUM).square()).sum() / 2


def test_the_strategy_reaches_the_minimum_of_a_quadratic():
    theta, draws = torch.zeros(5, dtype=torch.float64), seeded()
    for step in range(400):
        sigma = 0.5 * 0.01 ** (step / 400)
        theta = evolution_step(theta, quadratic, lr=2 * sigma * sigma, sigma=sigma, pairs=20, generator=draws)
    assert_close(theta, MINIMUM, rtol=0.0, atol=0.02)


def test_one_step_is_the_formula():
    """theta - lr / (2 P sigma) sum (u+ - u-) eps; of 4 values the ranks are -1/2, -1/6, 1/6, 1/2."""
    slope, theta = (
        torch.tensor([1.0, 2.0], dtype=torch.float64),
        torch.tensor([0.3, 0.1], dtype=torch.float64),
    )
    draws = seeded(3)
    eps = [torch.randn(2, generator=draws).double() for _ in range(2)]
    heights = torch.stack([sign * slope @ e for e in eps for sign in (1, -1)])
    ranks = heights.argsort().argsort().double() / 3 - 0.5
    step = (ranks[0] - ranks[1]) * eps[0] + (ranks[2] - ranks[3]) * eps[1]
    found = evolution_step(theta, lambda t: slope @ t, lr=0.4, sigma=0.2, pairs=2, generator=seeded(3))
    assert_close(found, theta - 0.4 / (2 * 2 * 0.2) * step, rtol=1e-12, atol=1e-13)


def test_only_the_order_of_the_values_counts_and_nan_is_worst():
    start, options = torch.zeros(5, dtype=torch.float64), {"lr": 0.1, "sigma": 0.3, "pairs": 6}
    plain = evolution_step(start, quadratic, **options, generator=seeded())
    bent = evolution_step(start, lambda t: quadratic(t).exp() - 7, **options, generator=seeded())
    assert torch.equal(plain, bent)
    level = evolution_step(start, lambda t: torch.ones(()), **options, generator=seeded())
    assert torch.equal(level, start)
    cliff = evolution_step(
        start, lambda t: t[0].log() * 0 - (t[0] > 0).double(), **options | {"pairs": 1}, generator=seeded(1)
    )  # the candidate with t[0] < 0 is not a number: the step goes to the other
    assert cliff[0] > 0


def test_a_step_depends_on_the_point_and_the_generator_only():
    before = torch.get_rng_state()
    start, options = torch.zeros(5, dtype=torch.float64), {"lr": 0.1, "sigma": 0.3, "pairs": 3}
    draws = seeded()
    first = evolution_step(start, quadratic, **options, generator=draws)
    state = draws.get_state()
    second = evolution_step(first, quadratic, **options, generator=draws)
    draws.set_state(state)
    assert torch.equal(evolution_step(first, quadratic, **options, generator=draws), second)
    assert not start.any() and not torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


def network() -> tuple[nn.Sequential, Tensor, Tensor]:
    layers = nn.Conv2d(2, 3, (3, 2), stride=2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 4)
    model, draws = nn.Sequential(*layers).double(), seeded(1)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draws, dtype=torch.float64) / 3)
    return model, torch.randn(6, 2, 7, 6, dtype=torch.float64, generator=seeded()), torch.arange(6) % 4


def dense_direction(layer: nn.Module, x: Tensor, tau: float) -> dict[str, Tensor]:
    """(A^T A + I / tau)^-1 G with A written out, all of the layer's parameters as one vector."""
    own = {name: p.detach() for name, p in layer.named_parameters()}
    with torch.no_grad():
        columns = []
        for name, p in own.items():
            for i in range(p.numel()):
                unit = {n: torch.zeros_like(q) for n, q in own.items()}
                unit[name].view(-1)[i] = 1.0
                columns.append(torch.func.functional_call(layer, unit, (x,)).flatten())
    a = torch.stack(columns, 1)
    g = torch.cat([p.grad.flatten() for p in layer.parameters()])
    d = torch.linalg.solve(a.T @ a + torch.eye(len(g), dtype=g.dtype) / tau, g)
    parts = d.split([p.numel() for p in own.values()])
    return {name: part.view_as(p) for (name, p), part in zip(own.items(), parts, strict=True)}


@pytest.mark.parametrize("tau", [0.05, 2.0])
def test_proxprop_solves_the_proximal_problem_of_every_layer(tau):
    model, x, y = network()
    optimiser = ProxProp(model, lr=0.0, tau=tau, iterations=60)
    twin = copy.deepcopy(model)
    for net in (model, twin):
        F.cross_entropy(net(x), y).backward()
    inputs = {"0": x, "4": twin[:4](x).detach()}
    wanted = {name: p.grad for name, p in twin[1].named_parameters()}
    optimiser.step()
    assert_close({name: p.grad for name, p in model[1].named_parameters()}, wanted)  # explicit
    for name, layer_input in inputs.items():
        wanted = dense_direction(twin.get_submodule(name), layer_input, tau)
        found = {n: p.grad for n, p in model.get_submodule(name).named_parameters()}
        assert_close(found, wanted, rtol=1e-7, atol=1e-10)
    assert not any(optimiser.inputs.values())


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), groups=2),
        nn.Conv2d(4, 2, 3, padding="same", dilation=2, bias=False, padding_mode="circular"),
        nn.Conv2d(4, 4, 2, groups=4, padding=1, padding_mode="reflect"),
    ],
    ids=["groups", "circular", "depthwise"],
)
def test_proxprop_knows_every_kind_of_convolution(layer, monkeypatch):
    """The images in several portions, too: 5 of them, at most 2 at a time."""
    x = torch.randn(5, 4, 6, 5, dtype=torch.float64, generator=seeded())
    layer = copy.deepcopy(layer).double()
    monkeypatch.setattr(gradient_free, "COLUMNS", 2 * layer.weight[0].numel() * x[0].numel())
    twin, optimiser = copy.deepcopy(layer), ProxProp(layer, lr=0.0, tau=0.5, iterations=80)
    for each in (layer, twin):
        each(x).square().mean().backward()
    optimiser.step()
    found = {name: p.grad for name, p in layer.named_parameters()}
    assert_close(found, dense_direction(twin, x, 0.5), rtol=1e-7, atol=1e-10)


def test_a_tiny_tau_is_adam():
    """D -> tau G, and Adam does not see a common factor but for its epsilon."""
    model, x, y = network()
    twin = copy.deepcopy(model)
    for net, optimiser in (
        (model, ProxProp(model, lr=0.01, tau=1e-6, iterations=3)),
        (twin, torch.optim.Adam(twin.parameters(), 0.01, eps=1e-8)),
    ):
        F.cross_entropy(net(x), y).backward()
        if net is twin:
            for layer in (twin[0], twin[4]):
                for p in layer.parameters():
                    p.grad.mul_(1e-6)
        optimiser.step()
    assert_close(dict(model.named_parameters()), dict(twin.named_parameters()), rtol=1e-4, atol=1e-5)


def test_proxprop_learns_a_small_set():
    model, x, y = network()
    optimiser = ProxProp(model, lr=0.05, tau=0.5, iterations=3)
    for _ in range(60):
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


def test_evaluations_between_steps_are_not_taken_down():
    model, x, _ = network()
    optimiser = ProxProp(model)
    model.eval()(x)
    with torch.no_grad():
        model.train()(x)
    assert not any(optimiser.inputs.values())
    model(x)
    assert [len(inputs) for inputs in optimiser.inputs.values()] == [1, 1]


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"theta": torch.zeros(2, 2)},
            r"need theta \(n,\), pairs >= 1 and sigma > 0, got \(2, 2\), 2 and 0\.1",
        ),
        ({"pairs": 0}, "pairs >= 1"),
        ({"sigma": math.nan}, "sigma > 0"),
    ],
)
def test_impossible_strategies_are_refused(changes, message):
    options = {"theta": torch.zeros(3), "lr": 0.1, "sigma": 0.1, "pairs": 2} | changes
    with pytest.raises(ValueError, match=message):
        evolution_step(objective=torch.sum, generator=seeded(), **options)


def test_impossible_proxprop_is_refused():
    for options in ({"tau": 0.0}, {"iterations": 0}):
        with pytest.raises(ValueError, match="need tau > 0 and iterations >= 1, got"):
            ProxProp(nn.Linear(2, 2), **options)


def test_proxprop_steps_alike_with_and_without_a_closure():
    x, y = torch.randn(5, 3, generator=seeded()), torch.tensor([0, 1, 1, 0, 1])
    ends = []
    for closed in (False, True):
        layer = nn.Linear(3, 2)
        with torch.no_grad():
            layer.weight.fill_(0.2)
            layer.bias.fill_(0.1)
        optimiser = ProxProp(layer)

        def closure(layer=layer) -> torch.Tensor:
            loss = F.cross_entropy(layer(x), y)
            loss.backward()
            return loss

        if closed:
            assert optimiser.step(closure).item() > 0
        else:
            closure()
            optimiser.step()
        ends.append(layer.weight.detach().clone())
    assert torch.equal(*ends)


def test_the_strategy_as_an_optimiser_takes_the_steps_of_the_function():
    """Two parameters of different shapes are one vector; the draws of step k are of (seed, k)."""
    one, other = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.full((4,), -1.0))
    options = {"lr": 0.3, "sigma": 0.1, "pairs": 3}
    optimiser = EvolutionStrategy([one, other], **options, seed=7)
    theta = torch.cat([one.detach().flatten(), other.detach()])
    target = torch.linspace(-1, 1, 10)

    def distance(vector: torch.Tensor) -> torch.Tensor:
        return (vector - target).square().sum()

    for step in range(3):
        at = distance(theta)
        theta = evolution_step(theta, distance, **options, generator=generator(7, "evolution", step))
        returned = optimiser.step(lambda: distance(torch.cat([one.flatten(), other])))
        assert torch.equal(returned, at)
        assert torch.equal(torch.cat([one.flatten(), other]), theta)
