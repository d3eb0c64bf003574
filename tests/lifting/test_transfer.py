"""What a convolution has beside its kernel is handed over to the lifted layer, or refused in one line."""

import pytest
import torch
from dense_reference import fill_, seeded
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune
from torch.testing import assert_close

from anarch.complexity.norms import path_norm
from anarch.lifting import memory
from anarch.lifting.walk import lift

SHAPE = (2, 7, 6)
X = torch.randn(4, *SHAPE, dtype=torch.float64, generator=seeded(2))
SPACES = ["fully_connected", "locally_connected"]


def tied() -> nn.Module:
    """Two convolutions of one kernel, on maps of one size, with biases of their own."""
    first, second = (nn.Conv2d(2, 2, 3, padding=1) for _ in range(2))
    second.weight = first.weight
    return nn.Sequential(first, nn.Tanh(), second)


@pytest.mark.parametrize("to", SPACES)
def test_convolutions_that_share_a_kernel_become_layers_that_share_a_weight(to: str) -> None:
    model = fill_(tied().double())
    lifted = lift(model, SHAPE, to)
    assert lifted[0] is not lifted[2] and lifted[0].weight is lifted[2].weight
    assert lifted[0].bias is not lifted[2].bias
    assert len(list(lifted.parameters())) == len(list(model.parameters())) == 3
    assert_close(lifted(X), model(X), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("to", SPACES)
def test_hooks_modes_and_attributes_of_a_convolution_are_the_layers(to: str) -> None:
    model = fill_(nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(60, 2)).double())
    model[0].gain = 2.0
    model[0].register_forward_pre_hook(lambda conv, args, kwargs: ((args[0] + 1,), kwargs), with_kwargs=True)
    model[0].register_forward_hook(lambda conv, args, maps: conv.gain * maps)
    slopes: list[Tensor] = []
    model[0].register_full_backward_hook(lambda conv, inputs, outputs: slopes.append(outputs[0]))
    lifted = lift(model, SHAPE, to)
    assert lifted[0].gain == 2.0
    for network in (model, lifted):
        network(X.clone().requires_grad_()).square().sum().backward()
    assert_close(lifted(X), model(X), rtol=1e-12, atol=1e-12)
    assert_close(slopes[1], slopes[0], rtol=1e-10, atol=1e-12)


class Reads(nn.Module):
    """Reads the sizes of its convolution, as ResNets pad their shortcuts."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, (3, 1), (2, 1), (1, 0), (1, 2), groups=2, padding_mode="circular")

    def forward(self, x: Tensor) -> Tensor:
        conv = self.conv
        y = conv(x)
        extra = conv.out_channels - conv.in_channels
        names = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
        wanted = ((3, 1), (2, 1), (1, 0), (1, 2), 2, "circular")
        assert tuple(getattr(conv, name) for name in names) == wanted
        return y + F.pad(x[:, :, :: conv.stride[0]], (0, 0, 0, 0, 0, extra))


@pytest.mark.parametrize("to", SPACES)
def test_a_forward_may_read_the_sizes_of_a_convolution(to: str) -> None:
    model = fill_(Reads().double())
    assert_close(lift(model, SHAPE, to)(X), model(X), rtol=1e-12, atol=1e-12)


def across_sizes() -> nn.Module:
    model = nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3, padding=1))
    model[2].weight = model[0].weight
    return model


class Borrowed(nn.Module):
    """A kernel that a forward uses a second time by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.kernel = self.conv.weight

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(self.conv(x), self.kernel)


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        return self.conv(x) + time


class Asserts(TwoInputs):
    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-1] == 32, "only images of 32 pixels"
        return self.conv(x)


class Silent(TwoInputs):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] != 32:
            raise AssertionError
        return self.conv(x)


def replaced() -> nn.Module:
    model = nn.Sequential(nn.Conv2d(2, 2, 3))
    model[0].forward = lambda x: x
    return model


def pruned() -> nn.Module:
    return nn.Sequential(prune.l1_unstructured(nn.Conv2d(2, 2, 3), "weight", 0.5))


def equipped() -> nn.Module:
    conv = nn.Conv2d(2, 2, 3)
    conv.register_buffer("mask", torch.ones(2, 2, 3, 3))
    return nn.Sequential(conv)


@pytest.mark.parametrize(
    "model, message",
    [
        (
            across_sizes(),
            "cannot lift Conv2d '2': it shares its weight with '0', but they differ in their maps or "
            "strides; untie them first",
        ),
        (
            Borrowed(),
            "cannot lift Conv2d 'conv': its weight is 'kernel' too, which is not lifted; untie them first",
        ),
        (
            nn.Sequential(parametrizations.weight_norm(nn.Conv2d(2, 2, 3))),
            "cannot lift Conv2d '0': its weight is computed by a parametrisation such as weight norm, which "
            "would be lost; call torch.nn.utils.parametrize.remove_parametrizations(conv, 'weight') first",
        ),
        (
            nn.Sequential(parametrizations.spectral_norm(nn.Conv2d(2, 2, 3))),
            "cannot lift Conv2d '0': its weight is computed by a parametrisation such as weight norm, which "
            "would be lost; call torch.nn.utils.parametrize.remove_parametrizations(conv, 'weight') first",
        ),
        (pruned(), "cannot lift Conv2d '0': its weight is computed; remove its weight norm first"),
        (
            replaced(),
            "cannot lift Conv2d '0': its forward is replaced, which would be lost; lift the plain Conv2d",
        ),
        (equipped(), "cannot lift Conv2d '0': it holds more than weight and bias; allowed: plain Conv2d"),
        (
            TwoInputs(),
            "the model cannot take inputs of shape (2, 7, 6): TypeError: TwoInputs.forward() missing 1 "
            "required positional argument: 'time'",
        ),
        (
            Asserts(),
            "the model cannot take inputs of shape (2, 7, 6): AssertionError: only images of 32 pixels",
        ),
        (Silent(), "the model cannot take inputs of shape (2, 7, 6): AssertionError"),
    ],
)
def test_what_would_be_lost_is_refused_in_one_line(model: nn.Module, message: str) -> None:
    with pytest.raises(ValueError) as error:
        lift(model, SHAPE)
    assert str(error.value) == message


@pytest.mark.parametrize("to", SPACES)
def test_maps_of_another_size_are_told(to: str) -> None:
    lifted = lift(nn.Conv2d(2, 3, 3), SHAPE, to)
    with pytest.raises(ValueError) as error:
        lifted(torch.zeros(5, 2, 6, 6))
    wanted = "this layer is lifted for maps (2, 7, 6), got (2, 6, 6): lift it anew for maps of another size"
    assert str(error.value) == wanted


def test_memory_is_told_before_it_is_taken() -> None:
    """One convolution of a VGG at 224 pixels: (64 * 224^2)(3 * 224^2) weights of 4 bytes, 1.93 TB."""
    with pytest.raises(
        MemoryError, match=r"lifting this Conv2d at \(3, 224, 224\) to fully_connected takes 1.93 TB"
    ):
        lift(nn.Conv2d(3, 64, 3, padding=1), (3, 224, 224))


def test_locally_connected_layers_are_counted_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 positions, 3 x 2 x 3 x 3 weights each, 4 bytes: 4,320 bytes fit where they are just as many."""
    conv = nn.Conv2d(2, 3, 3)
    monkeypatch.setattr(memory, "_memory", lambda device: 4320)
    lift(conv, SHAPE, "locally_connected")
    monkeypatch.setattr(memory, "_memory", lambda device: 4319)
    with pytest.raises(MemoryError, match=r"to locally_connected takes 4.32e-06 GB"):
        lift(conv, SHAPE, "locally_connected")


@pytest.mark.parametrize("to", SPACES)
@pytest.mark.parametrize("p", [1, 2])
def test_a_lifted_network_has_the_paths_of_its_cnn(to: str, p: int) -> None:
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(60, 2))
    fill_(model.double())
    assert path_norm(lift(model, SHAPE, to), SHAPE, p) == pytest.approx(path_norm(model, SHAPE, p), rel=1e-12)
