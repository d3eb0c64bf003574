"""Folded networks: equal outputs, no batch norm left, weights in closed form; the model is left as it was."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.testing import assert_close

from anarch.complexity.folding import Scale, folded


def draw_(model: nn.Module, seed: int = 0) -> nn.Module:
    """Every parameter and running statistic drawn anew, in float64: scales of both signs, real shifts."""
    draws = torch.Generator().manual_seed(seed)
    for parameter in model.double().parameters():
        nn.init.normal_(parameter, generator=draws)
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean.normal_(generator=draws)
            module.running_var.uniform_(0.1, 3.0, generator=draws)
    return model


class Residual(nn.Module):
    """conv-BN twice, with a projected shortcut of conv and BN."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm1 = nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4)
        self.second, self.norm2 = nn.Conv2d(4, 4, 3, 1, 1, bias=True), nn.BatchNorm2d(4)
        self.short = nn.Sequential(nn.Conv2d(3, 4, 1, 2, bias=False), nn.BatchNorm2d(4, affine=False))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.second(torch.relu(self.norm1(self.first(x)))))
        return torch.relu(y + self.short(x))


class Dense(nn.Module):
    """[x, conv(relu(BN(x)))]: the batch norm comes first."""

    def __init__(self, seen: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.BatchNorm2d(seen), nn.ReLU(), nn.Conv2d(seen, 2, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.body(x)), 1)


class Shared(nn.Module):
    """What may not be absorbed: a convolution used twice, and one whose output something else reads."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.twice, self.once, self.beside = nn.BatchNorm2d(3), nn.BatchNorm2d(3), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.once(self.conv(self.twice(self.conv(self.twice(x)))))
        y = self.last(x)
        return self.beside(y) + y


def networks() -> dict[str, nn.Module]:
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return {
        "plain": nn.Sequential(
            nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(30, 4, bias=False), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 3),
        ),
        "residual": nn.Sequential(Residual(), *head),
        "dense": nn.Sequential(Dense(3), Dense(5), nn.Conv2d(7, 4, 1), *head),
        "shared": Shared(),
    }  # fmt: skip


@pytest.mark.parametrize("name", networks())
def test_outputs_are_those_of_evaluation_mode(name):
    model = draw_(networks()[name]).eval()
    x = torch.randn(5, 3, 8, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    network = folded(model)
    assert not any(isinstance(module, _BatchNorm) for module in network.modules())
    assert_close(network(x), model(x), rtol=1e-10, atol=1e-10)
    scales = sum(isinstance(module, Scale) for module in network.modules())
    assert scales == {"plain": 0, "residual": 0, "dense": 2, "shared": 3}[name]


def test_absorbed_weights_in_closed_form():
    """s = 3 / sqrt(3 + 1) = 1.5: W = 2 s, b = s (1 - 5) + 7."""
    model = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1, eps=1.0)).double()
    with torch.no_grad():
        for tensor, value in zip(model.state_dict().values(), (2, 1, 3, 7, 5, 3, 0), strict=True):
            tensor.fill_(value)
    parameters = dict(folded(model).named_parameters())
    assert {name: p.item() for name, p in parameters.items()} == {"0.weight": 3.0, "0.bias": 1.0}


def test_the_model_stays_as_it_was_in_training_mode_and_float32():
    model = draw_(networks()["residual"]).float().train()
    model[0].first.weight.grad = torch.ones_like(model[0].first.weight)
    before = copy.deepcopy(model.state_dict())
    network = folded(model)
    assert all(p.dtype == torch.float64 for p in network.parameters())
    assert all(
        torch.equal(before[n], t) and t.dtype == before[n].dtype for n, t in model.state_dict().items()
    )
    assert all(module.training for module in model.modules())
    assert model[0].first.weight.grad.dtype == torch.float32


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


def test_what_cannot_be_folded_is_refused():
    with pytest.raises(
        ValueError, match=r"torch.fx cannot trace this Branching, which must not branch on data: "
    ):
        folded(Branching())
    with pytest.raises(ValueError, match="batch norm '1' keeps no running statistics"):
        folded(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)))
