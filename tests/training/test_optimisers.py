"""Plain SGD, and the fused optimisers of PyTorch, against its plainest, one parameter after the other."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from anarch.lifting import products
from anarch.lifting.walk import lift
from anarch.training import optimisers
from anarch.training.optimisers import OPTIMISERS, PlainSGD, make_optimiser
from anarch.workflow.specs import Recipe


def lifted(dtype: torch.dtype = torch.float64) -> nn.Module:
    torch.manual_seed(0)
    cnn = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 2, 2), nn.Flatten(), nn.Linear(2 * 6 * 5, 4)
    )
    return lift(cnn, (2, 7, 6)).to(dtype)


def batch(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    draws = torch.Generator().manual_seed(1)
    return torch.randn(5, 2, 7, 6, generator=draws, dtype=dtype), torch.randint(0, 4, (5,), generator=draws)


def descend(model: nn.Module, optimiser: torch.optim.Optimizer, steps: int, dtype: torch.dtype) -> None:
    x, y = batch(dtype)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss.detach()

    for _ in range(steps):
        optimiser.step(closure)


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimisers, "LARGE", 1)


@pytest.mark.parametrize("onednn", [False, True])
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-13), (torch.float32, 1e-5)])
def test_plain_sgd_of_a_lifted_network_takes_the_steps_of_torch_optim_sgd(
    dtype: torch.dtype,
    tolerance: float,
    onednn: bool,
    all_large: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """theta - lr * grad to rounding, whichever library multiplies, in blocks of rows or as a whole."""
    monkeypatch.setattr(products, "_processor_is_intels", lambda: not onednn)
    monkeypatch.setattr(products, "ROWS", 50)
    ours, theirs = lifted(dtype), lifted(dtype)
    descend(ours, PlainSGD(ours.parameters(), lr=0.3), 4, dtype)
    descend(theirs, torch.optim.SGD(theirs.parameters(), lr=0.3), 4, dtype)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def test_no_gradient_of_a_lifted_weight_is_ever_made(all_large: None) -> None:
    model = lifted()
    arrived: list[str] = []

    def watch(name: str, slope: Tensor | None) -> None:
        if slope is not None:
            arrived.append(name)

    for name, parameter in model.named_parameters():
        parameter.register_hook(partial(watch, name))
    descend(model, PlainSGD(model.parameters(), lr=0.3), 1, torch.float64)
    assert sorted(arrived) == ["0.bias", "2.bias", "4.bias", "4.weight"]


def test_outside_of_a_step_a_lifted_network_has_its_gradients(all_large: None) -> None:
    """Whoever measures a network in training sees no step taken."""
    model, (x, y) = lifted(), batch()
    descent = PlainSGD(model.parameters(), lr=0.3)
    descend(model, descent, 1, torch.float64)
    before = copy.deepcopy(model.state_dict())
    slopes = torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters()))
    assert all(bool(slope.any()) for slope in slopes)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_failed_closure_takes_the_rates_back(all_large: None) -> None:
    weight = nn.Parameter(torch.ones(3, 2))
    with pytest.raises(ZeroDivisionError):
        PlainSGD([weight], lr=0.1).step(lambda: 1 / 0)
    assert "rate_of_descent" not in vars(weight)


def test_a_lifted_weight_used_twice_has_the_sum_of_both_slopes(all_large: None) -> None:
    results = []
    for kind in (PlainSGD, torch.optim.SGD):
        weight = nn.Parameter(torch.linspace(-1, 1, 12, dtype=torch.float64).view(3, 4))
        x = torch.linspace(0, 2, 8, dtype=torch.float64).view(2, 4)
        optimiser = kind([weight], lr=0.3)

        def closure(weight: Tensor = weight, x: Tensor = x) -> Tensor:
            first = products.product(x, weight)
            loss = (products.product(first @ weight.detach(), weight).sin() + first.cos()).sum()
            loss.backward()
            return loss.detach()

        optimiser.step(closure)
        results.append(weight.detach())
    torch.testing.assert_close(*results, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("large", [1, 10**9])
def test_plain_sgd_keeps_no_gradient_of_a_large_parameter_and_sums_those_of_a_shared_one(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimisers, "LARGE", large)
    weight = nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
    descent = PlainSGD([weight], lr=0.5)
    (3 * weight + weight).sum().backward()
    assert (weight.grad is None) == (large == 1)
    descent.step()
    assert weight.item() == 2.0 - 0.5 * 4


@pytest.mark.parametrize("large", [1, 10**9])
def test_plain_sgd_steps_once_for_a_closure_and_not_at_all_without(
    large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optimisers, "LARGE", large)
    weight = nn.Parameter(torch.tensor([2.0]))
    descent = PlainSGD([weight], lr=0.5)

    def closure() -> Tensor:
        loss = weight.square().sum()
        loss.backward()
        return loss.detach()

    assert descent.step(closure).item() == 4.0 and weight.item() == 0.0
    descent.zero_grad()
    assert descent.step() is None and weight.item() == 0.0


FROM_TORCH = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-2, foreach=False),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, weight_decay=1e-2, foreach=False),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=1e-2, foreach=False),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=1e-2, foreach=False),
    "adamax": lambda p: torch.optim.Adamax(p, lr=0.1, weight_decay=1e-2, foreach=False),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True, weight_decay=1e-2, foreach=False),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, weight_decay=1e-2, foreach=False),
    "adadelta": lambda p: torch.optim.Adadelta(p, lr=0.1, rho=0.5, weight_decay=1e-2, foreach=False),
}


@pytest.mark.parametrize("name", FROM_TORCH)
def test_fused_and_joined_steps_are_those_of_one_parameter_after_the_other(name: str) -> None:
    """On a network whose maps lie channels last, so that a slope could lie otherwise than its parameter."""
    assert name in OPTIMISERS
    torch.manual_seed(0)
    ours = nn.Sequential(
        nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(24, 4)
    ).double()
    theirs = copy.deepcopy(ours)
    recipe = Recipe(
        epochs=1, batch_size=5, lr=0.1, weight_decay=1e-2, optimiser=name,
        momentum=0.9 if name == "sgd" else 0.0, rho=0.5,
    )  # fmt: skip
    x, y = batch()
    x = x.to(memory_format=torch.channels_last)
    for model, optimiser in (
        (ours, make_optimiser(ours, recipe, seed=0)),
        (theirs, FROM_TORCH[name](theirs.parameters())),
    ):
        for _ in range(4):
            optimiser.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimiser.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
