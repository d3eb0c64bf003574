"""Randomness, changing buffers and dependence on the batch are found by running a network."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations
from torchvision.ops import StochasticDepth

from anarch.determinism import repeatable_outputs

X = torch.linspace(-1, 1, 4 * 2 * 6 * 6, dtype=torch.float64).view(4, 2, 6, 6)


class Applied(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Noisy(nn.Module):
    """Draws from a generator of its own."""

    def __init__(self):
        super().__init__()
        self.draws = torch.Generator().manual_seed(0)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn(x.shape, generator=self.draws)


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls = self.calls + 1
        return x


@pytest.mark.parametrize(
    "model, message",
    [
        (Applied(lambda x: F.dropout(x, 0.001)), "a forward pass draws random numbers"),
        (nn.FractionalMaxPool2d(2, output_size=3), "a forward pass draws random numbers"),
        (StochasticDepth(0.01, "row"), "a forward pass draws random numbers"),
        (Noisy(), "two forward passes on the same examples differ"),
        (Counting(), "a forward pass changes the buffer 'calls'"),
        (
            parametrizations.spectral_norm(nn.Conv2d(2, 2, 3)).double(),
            r"a forward pass changes the buffer 'parametrizations.weight.0._[uv]'",
        ),
        (
            Applied(lambda x: F.batch_norm(x, None, None, training=True)),
            "the outputs for an example depend on the others in its batch",
        ),
    ],
)
def test_what_is_no_function_of_the_parameters_is_refused_and_left_as_it_was(model, message):
    model.train()
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    with pytest.raises(
        ValueError, match=f"no function of the parameters alone: {message}; call model.eval"
    ) as caught:
        repeatable_outputs(model, X)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    "model",
    [
        StochasticDepth(0.5, "row"),
        parametrizations.spectral_norm(nn.Conv2d(2, 2, 3)).double(),
        nn.Sequential(nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Conv2d(2, 3, 3), nn.GroupNorm(3, 3)).double(),
    ],
)
def test_in_evaluation_mode_they_are_measured(model):
    outputs = repeatable_outputs(model.eval(), X)
    assert torch.equal(outputs, model(X))


def test_examples_of_huge_outputs_are_judged_by_their_precision():
    """In float32 the sums of a batch and of a single example may round apart."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(72, 64), nn.ReLU(), nn.Linear(64, 5))
    for parameter in model.parameters():
        parameter.data *= 1e6
    assert repeatable_outputs(model, X.float()).shape == (4, 5)
