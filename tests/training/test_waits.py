"""Nothing within a step waits for the device: no number is read back, no tensor sent over."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from anarch.randomness import generator
from anarch.training.corrupted import corrupted
from anarch.training.examples import Examples
from anarch.training.loop import Training
from anarch.training.optimisers import OPTIMISERS
from anarch.training.poisoned import PoisonedTraining
from anarch.workflow.specs import Corruption, Poison, Recipe

# What gives the host a number or a size that only the data tell.
READS = {
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten.equal.default,
    torch.ops.aten._unique2.default,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.9, "weight_decay": 1e-3},
    "beta_lasso": {"l1_conv": 1e-3, "l1_fc": 1e-2, "beta": 5.0},
    "evolution": {"sigma": 0.05, "pairs": 2},
}


class Reads(TorchDispatchMode):
    """Takes down what is read of any tensor but ``hosts``, which live on the host whatever the device is."""

    def __init__(self, hosts: list[Tensor]):
        super().__init__()
        self.hosts, self.found = hosts, []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        masked = func is torch.ops.aten.index.Tensor and any(
            i is not None and i.dtype == torch.bool for i in args[1]
        )
        if masked or (func in READS and not any(args[0] is host for host in self.hosts)):
            self.found.append(str(func))
        return func(*args, **(kwargs or {}))


class Sent(TorchDispatchMode):
    """Counts copies from the host to the meta device; a copy back, or a number read, is an error there."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        device = torch.device(kwargs["device"]) if kwargs.get("device") is not None else None
        if args and isinstance(args[0], Tensor) and args[0].device.type == "cpu" and args[0].numel() > 1:
            into = func is torch.ops.aten._to_copy.default and device is not None and device.type == "meta"
            self.count += into
        return func(*args, **kwargs)


def examples(count: int, seed: int = 0) -> Examples:
    draws = generator(seed, "images")
    images = torch.randint(0, 256, (count, 2, 8, 8), dtype=torch.uint8, generator=draws)
    labels = torch.randint(0, 3, (count,), generator=draws)
    return Examples(images, labels, torch.tensor([0.4, 0.5]), torch.tensor([0.2, 0.3]))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    head = (nn.Flatten(), nn.Dropout(0.1), nn.Linear(144, 3))
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), *head)


def training(kind: str, recipe: Recipe, device: str = "cpu") -> Training:
    data = examples(20).to(torch.device(device))
    parts = (network().to(device), data, data, recipe, 0)
    if kind == "poisoned":
        extra = examples(9, seed=1).to(torch.device(device))
        return PoisonedTraining(*parts, extra=extra, poison=Poison(beta=0.3, batch_size=4))
    at = Training(*parts)
    if kind == "corrupted":
        at.train = corrupted(data, Corruption(replicas=2, zero_out=0.1), classes=3, seed=0)
    return at


def steps(at: Training) -> Iterator[tuple[Tensor, ...]]:
    rows = torch.arange(len(at.train), device=at.train.device)
    yield from at.draws(rows.split(at.recipe.batch_size))


def recipe(optimiser: str) -> Recipe:
    return Recipe(epochs=1, batch_size=7, lr=0.01, optimiser=optimiser, **OPTIONS.get(optimiser, {}))


@pytest.mark.parametrize("optimiser", ["plain", *OPTIMISERS])
def test_no_step_reads_a_number_back(optimiser: str) -> None:
    """L-BFGS is PyTorch's, which decides on the host when to stop, and so reads several at each step."""
    plain = Recipe(epochs=1, batch_size=7, lr=0.01)
    at = training("plain", plain if optimiser == "plain" else recipe(optimiser))
    drawn, *more = steps(at)
    at.model.train()
    at.step(drawn)  # makes the state
    kept = [value for state in at.optimiser.state.values() for value in state.values()]
    # Counts of steps and what follows from them alone: torch.optim keeps them on the host.
    with Reads([value for value in kept if isinstance(value, Tensor) and value.ndim == 0]) as reads:
        for drawn in more:
            at.step(drawn)
    assert bool(reads.found) == (optimiser == "lbfgs"), reads.found


@pytest.mark.parametrize("kind", ["plain", "corrupted", "poisoned"])
@pytest.mark.parametrize("augment", ["none", "crop_flip"])
def test_no_step_sends_or_fetches_a_tensor(kind: str, augment: str) -> None:
    """On the meta device, from which nothing can be read: a number or tensor fetched is an error."""
    at = training(kind, replace(recipe("rmsprop"), augment=augment), "meta")
    drawn = list(steps(at))
    at.model.train()
    with Sent() as sent:
        for one in drawn:
            sums = at.step(one)
    assert sums.device.type == "meta"
    assert sent.count == 0
