"""Gradient of the mean cross entropy: against the whole set at once and closed forms; refusals."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.determinism import require_deterministic
from anarch.landscape import gradient as room
from anarch.landscape.gradient import gradient, gradient_norm, inner, norm


def small_cnn() -> nn.Sequential:
    layers = (
        nn.Conv2d(2, 3, 3, stride=2),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(18, 4),
    )
    return nn.Sequential(*layers).double().eval()


@pytest.fixture
def case() -> tuple[nn.Sequential, Tensor, Tensor]:
    torch.manual_seed(0)
    return small_cnn(), torch.randn(11, 2, 7, 6, dtype=torch.float64), torch.randint(4, (11,))


@pytest.mark.parametrize("batch_size", [1, 4, 11, 1000])
def test_uneven_batches_give_the_gradient_over_the_whole_set(case, batch_size):
    model, x, y = case
    twin = copy.deepcopy(model)
    F.cross_entropy(twin(x), y).backward()
    wanted = {name: p.grad for name, p in twin.named_parameters()}
    slopes = gradient(model, x, y, batch_size=batch_size)
    assert list(slopes) == list(wanted)
    assert_close(slopes, wanted, rtol=1e-12, atol=1e-14)
    by_hand = torch.cat([g.flatten() for g in wanted.values()]).norm().item()
    assert gradient_norm(model, x, y, batch_size=batch_size) == pytest.approx(by_hand, rel=1e-12)


def test_linear_model_at_zero_has_the_closed_form():
    """With all logits 0, dL/dW = mean of (1/C - onehot) x^T and dL/db = 1/C - class frequencies."""
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]], dtype=torch.float64)
    y = torch.tensor([0, 2, 2])
    model = nn.Linear(2, 3).double()
    nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
    wrong = 1 / 3 - F.one_hot(y, 3).double()
    slopes = gradient(model, x, y, batch_size=2)
    assert_close(slopes, {"weight": wrong.T @ x / 3, "bias": wrong.mean(0)})


class Twins(nn.Module):
    """Two biases added: autograd returns the same tensor as the gradient of both."""

    def __init__(self) -> None:
        super().__init__()
        self.p, self.q = (nn.Parameter(torch.zeros(5, 3, dtype=torch.float64)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + (self.p + self.q)[: len(x)]


def test_parameters_that_share_a_gradient_are_not_added_twice():
    x, y = torch.zeros(10, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1] * 2)
    wanted = (1 / 3 - F.one_hot(y[:5], 3).double()) / 5
    assert_close(gradient(Twins(), x, y, batch_size=5), {"p": wanted, "q": wanted})


def test_a_parameter_that_the_loss_ignores_has_gradient_zero_and_a_frozen_one_none(case):
    model, x, y = case
    model.register_parameter("idle", nn.Parameter(torch.ones(2, dtype=torch.float64)))
    model[0].weight.requires_grad_(False)
    slopes = gradient(model, x, y)
    assert "0.weight" not in slopes
    assert_close(slopes["idle"], torch.zeros(2, dtype=torch.float64))


def test_the_callers_model_stays_as_it_was(case):
    model, x, y = case
    model[0].weight.grad = torch.full_like(model[0].weight, 7.0)
    before = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        gradient_norm(model, x, y, batch_size=4)
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert torch.equal(model[0].weight.grad, torch.full_like(model[0].weight, 7.0))
    assert all(p.grad is None for name, p in model.named_parameters() if name != "0.weight")
    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize(
    "module, message",
    [
        (
            nn.Dropout(0.1),
            r"'1' \(Dropout\) drops units at random in training mode; call model.eval\(\) first",
        ),
        (nn.AlphaDropout(0.1), "drops units"),
        (nn.BatchNorm1d(3), r"'1' \(BatchNorm1d\) normalises by the batch in training mode"),
        (nn.InstanceNorm1d(3, track_running_stats=True), "changes its running statistics"),
        (nn.RReLU(), "draws its slopes at random"),
        (nn.LSTM(3, 3, num_layers=2, dropout=0.2), "drops units"),
        (nn.MultiheadAttention(3, 1, dropout=0.2), "drops units"),
    ],
)
def test_a_random_or_batch_dependent_loss_is_refused_in_training_mode_only(module, message):
    model = nn.Sequential(nn.Linear(2, 3), module)
    x, y = torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64)
    with pytest.raises(ValueError, match=message) as caught:
        gradient_norm(model.train(), x, y)
    assert "\n" not in str(caught.value)
    require_deterministic(model.eval())


def test_batch_norm_without_running_statistics_is_refused_in_every_mode():
    model = nn.BatchNorm1d(3, track_running_stats=False).eval()
    with pytest.raises(
        ValueError, match="BatchNorm1d normalises by the batch in every mode; build it with track"
    ):
        require_deterministic(model)


def test_training_mode_without_chance_is_measured():
    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.0), nn.ReLU(), nn.LayerNorm(3)).train()
    assert gradient_norm(model, torch.ones(4, 2), torch.zeros(4, dtype=torch.int64)) > 0


def test_impossible_data_are_refused():
    model, x, y = nn.Linear(2, 3), torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64)
    with pytest.raises(ValueError, match="got 4 images and 3 labels"):
        gradient(model, x, y[:3])
    with pytest.raises(ValueError, match="got 0 images and 0 labels"):
        gradient(model, x[:0], y[:0])
    with pytest.raises(ValueError, match="batch_size must be 1 or more, got 0"):
        gradient(model, x, y, batch_size=0)
    with pytest.raises(ValueError, match="Linear has no parameter with requires_grad"):
        gradient(model.requires_grad_(False), x, y)


def test_norms_are_summed_in_float64_across_chunks():
    """4097^2 needs 25 bits, one more than float32 has: neither squares nor sums may pass through it."""
    vector = [torch.full((room.CHUNK + 3,), 4097.0), torch.tensor(3.0)]
    wanted = (room.CHUNK + 3) * 4097**2 + 9
    assert inner(vector, vector) == wanted
    assert norm(t.view(1, -1).T for t in vector) == wanted**0.5
