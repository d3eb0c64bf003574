"""Lifting of whole networks: the same function, all else untouched, one line where it cannot be done."""

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from dense_reference import fill_, seeded
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from torch.testing import assert_close

from anarch.lifting.certify import certificate
from anarch.lifting.layers import FullyConnected, LocallyConnected
from anarch.lifting.locality import deviation
from anarch.lifting.walk import lift, lifted_layers
from anarch.models import build, initialise_

SHAPE = (2, 7, 6)
SPACES = {"fully_connected": FullyConnected, "locally_connected": LocallyConnected}


class Residual(nn.Module):
    """x -> x + branch(x), with the convolution called by keyword."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding="same", bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.blocks = nn.ModuleList([nn.Conv2d(channels, channels, (1, 3), padding=(0, 1), groups=2)])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.blocks[0](self.norm(self.first(input=x)).relu())


def nested() -> nn.Module:
    norm = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU())
    trunk = nn.Sequential(nn.Conv2d(2, 4, (3, 2), (1, 2), (1, 0)), norm, Residual(4))
    pooling = nn.Sequential(nn.MaxPool2d(2, 1), nn.AvgPool2d((2, 1)), nn.Dropout())
    return nn.Sequential(trunk, pooling, nn.Flatten(), nn.Linear(24, 3), nn.LayerNorm(3))


def shared() -> nn.Module:
    conv = nn.Conv2d(2, 2, 3, padding=2, dilation=2)
    return nn.Sequential(conv, nn.Sequential(nn.Tanh(), conv), nn.Tanh(), conv)


def normed() -> nn.Module:
    return nn.Sequential(nn.InstanceNorm2d(2), nn.Conv2d(2, 3, 7, padding=1), nn.Flatten())


NETWORKS = [nested, shared, normed]


def trained(make: Callable[[], nn.Module]) -> nn.Module:
    """In float64, with random weights, running statistics and gradients, and half of it in training mode."""
    model = fill_(make().double())
    model.train()(torch.randn(5, *SHAPE, dtype=torch.float64, generator=seeded(1))).sum().backward()
    for module in list(model.modules())[::2]:
        module.training = False
    return model


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("to", SPACES)
def test_the_lifted_network_is_the_same_function(to: str, make: Callable[[], nn.Module]) -> None:
    model, x = trained(make), torch.randn(4, *SHAPE, dtype=torch.float64, generator=seeded(2))
    lifted = lift(model, SHAPE, to)
    assert_close(lifted.eval()(x), model.eval()(x), rtol=1e-12, atol=1e-12)
    assert not any(isinstance(module, nn.Conv2d) for module in lifted.modules())
    assert all(type(layer) is SPACES[to] for layer in lifted_layers(lifted).values())
    assert deviation(lifted) == 0.0


@pytest.mark.parametrize("make", NETWORKS)
def test_the_model_is_left_as_it_was_and_its_modes_are_kept(make: Callable[[], nn.Module]) -> None:
    model = trained(make)
    next(model.parameters()).requires_grad_(False)
    before, draws = deepcopy(model), torch.get_rng_state()
    gradients = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    lifted = lift(model, SHAPE)
    assert torch.equal(torch.get_rng_state(), draws)
    for (name, now), then in zip(model.state_dict().items(), before.state_dict().values(), strict=True):
        assert torch.equal(now, then), name
    assert all(a is b or torch.equal(a, b.grad) for a, b in zip(gradients, model.parameters(), strict=True))
    modes = {name: module.training for name, module in model.named_modules()}
    assert {name: module.training for name, module in before.named_modules()} == modes
    assert {name: module.training for name, module in lifted.named_modules()} == modes
    assert all(not module._forward_pre_hooks for module in model.modules())
    wanted = [(name, p.requires_grad, None) for name, p in model.named_parameters()]
    assert [(name, p.requires_grad, p.grad) for name, p in lifted.named_parameters()] == wanted


def test_a_shared_convolution_stays_shared() -> None:
    lifted = lift(shared(), SHAPE)
    assert lifted[0] is lifted[1][1] is lifted[3]


def test_a_lifted_state_fits_another_lift() -> None:
    model = nested()
    first, second = lift(fill_(model), SHAPE, "locally_connected"), lift(nested(), SHAPE, "locally_connected")
    second.load_state_dict(first.state_dict())
    assert set(first.state_dict()) == set(model.state_dict())
    assert_close(second.eval()(torch.ones(1, *SHAPE)), model.eval()(torch.ones(1, *SHAPE)))


def test_the_papers_network_grows_to_73952522_parameters_and_keeps_its_outputs() -> None:
    """M of VanillaCNN without columns for padding, at the paper's width in float32."""
    model = initialise_(build("vanilla_cnn", (3, 32, 32), 10), seeded(0))
    lifted = lift(model, (3, 32, 32))
    x = torch.randn(8, 3, 32, 32, generator=seeded(1))
    found = certificate(model, lifted, x)
    assert (found.cnn_parameters, found.lifted_parameters) == (143_178, 73_952_522)
    assert found.largest_difference < 2e-6 * model(x).abs().max()
    assert deviation(lifted) == 0.0


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("channels", [1, 64])
def test_parameters_of_fully_connected_alexnet(channels: int) -> None:
    """Sum over layers of (inputs + 1) * outputs; counted on the meta device, which holds no numbers."""
    c = channels
    maps = [
        (3 * 32 * 32, c * 17 * 17),
        (c * 8 * 8, 3 * c * 8 * 8),
        (3 * c * 9, 6 * c * 9),
        (6 * c * 9, 4 * c * 9),
    ]
    maps += [(4 * c * 9, 4 * c * 9), (4 * c, 8 * c), (8 * c, 8 * c), (8 * c, 10)]
    lifted = lift(build("alexnet", (3, 32, 32), 10, channels=c).to("meta"), (3, 32, 32))
    assert parameters(lifted) == sum((inputs + 1) * outputs for inputs, outputs in maps)


def test_parameters_of_locally_connected_vanilla_cnn() -> None:
    """Taps that meet the map, counted position by position along one axis, then squared."""
    axis = [2 + 15 * 4 + 2, 3 + 4 + 4 * 5 + 4 + 3, 2 + 3 + 2]
    c = 64
    weights = 3 * c * axis[0] ** 2 + c * c * axis[1] ** 2 + c * c * axis[2] ** 2
    lifted = lift(build("vanilla_cnn", (3, 32, 32), 10).to("meta"), (3, 32, 32), "locally_connected")
    assert parameters(lifted) == weights + c * (17**2 + 8**2 + 3**2) + 10 * (c + 1)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.unused = nn.Conv2d(2, 2, 3), None

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.conv(x))


class Unused(Twice):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Single(Twice):
    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x[0])


class Scaled(nn.Conv2d):
    """A convolution that computes something else."""


@pytest.mark.parametrize(
    "model, to, message",
    [
        (nn.Conv2d(2, 2, 3), "dense", "cannot lift to 'dense'; allowed: fully_connected, locally_connected"),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(84, 2)),
            None,
            "nothing to lift: this Sequential holds no Conv2d",
        ),
        (
            nn.Sequential(nn.ConvTranspose2d(2, 2, 3)),
            None,
            "cannot lift ConvTranspose2d '0'; allowed: plain Conv2d",
        ),
        (nn.Sequential(nn.Flatten(2), nn.Conv1d(2, 2, 3)), None, "cannot lift Conv1d '1'"),
        (nn.Sequential(Scaled(2, 2, 3)), None, "cannot lift Scaled '0'"),
        (
            nn.Sequential(weight_norm(nn.Conv2d(2, 2, 3))),
            None,
            "cannot lift Conv2d '0': its weight is computed by a parametrisation",
        ),
        (
            Twice(),
            None,
            r"cannot lift Conv2d 'conv': it is called on maps of shapes \[\(2, 5, 4\), \(2, 7, 6\)\]",
        ),
        (Unused(), None, "cannot lift Conv2d 'conv': it is called never"),
        (Single(), None, "cannot lift Conv2d 'conv': its input has no batch"),
        (
            nn.Sequential(nn.Conv2d(3, 2, 3)),
            None,
            r"the model cannot take inputs of shape \(2, 7, 6\): Given groups=1",
        ),
    ],
)
def test_what_cannot_be_lifted_is_told_in_one_line(model: nn.Module, to: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        lift(model, SHAPE, **({} if to is None else {"to": to}))
    assert "\n" not in str(error.value)


def test_a_weight_computed_by_a_hook_is_refused() -> None:
    conv = nn.Conv2d(2, 2, 3)
    del conv.weight
    conv.weight = torch.zeros(2, 2, 3, 3)
    with pytest.raises(
        ValueError, match="cannot lift Conv2d '0': its weight is computed; remove its weight norm first"
    ):
        lift(nn.Sequential(conv), SHAPE)
