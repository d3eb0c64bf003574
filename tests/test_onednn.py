"""The way round oneDNN's faulty weight gradient computes the same convolution, in every derivative.

No test here gives a strided 1 x 1 convolution of float32 numbers to oneDNN without the guard: it may crash.
"""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.testing import assert_close

from anarch.landscape.gradient import gradient
from anarch.landscape.hessian import hessian_vector_product
from anarch.models import initialise_
from anarch.models.resnet import resnet
from anarch.onednn import BLOCK, guarded


class OwnConvolution(nn.Conv2d):
    """A user's subclass with a forward of its own."""

    def forward(self, input: Tensor) -> Tensor:
        return 2 * super().forward(input)


def convolution(kind: type[nn.Conv2d] = nn.Conv2d, **options: object) -> nn.Conv2d:
    torch.manual_seed(0)
    chosen = {"in_channels": 4, "out_channels": 6, "kernel_size": 1, "stride": 2, **options}
    return kind(**chosen)


def maps(channels: int = 4, *, last: bool = True) -> Tensor:
    images = torch.randn(5, channels, 7, 6, generator=torch.Generator().manual_seed(1))
    return images.contiguous(memory_format=torch.channels_last) if last else images


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stride": (1, 3)},
        {"stride": (3, 2), "bias": False},
        {"padding": (0, 1)},
        {"padding": 1, "padding_mode": "reflect"},
        {"groups": 2},
        {"kind": OwnConvolution},
    ],
)
def test_outputs_and_slopes_are_those_of_float64(options, last):
    layer, x = convolution(**options), maps(last=last)
    truth = deepcopy(layer).double()
    wide = x.double().requires_grad_()
    x.requires_grad_()
    with guarded(layer):
        out = layer(x)
    pull = torch.randn(out.shape, generator=torch.Generator().manual_seed(2))
    expected = truth(wide)
    assert_close(out.double(), expected, rtol=1e-5, atol=1e-5)
    found = torch.autograd.grad(out, [x, *layer.parameters()], pull)
    right = torch.autograd.grad(expected, [wide, *truth.parameters()], pull.double())
    for one, other in zip(found, right, strict=True):
        assert_close(one.double(), other, rtol=1e-4, atol=1e-4)


def test_the_model_is_as_it_was_afterwards_and_after_an_error():
    model = nn.Sequential(convolution(OwnConvolution), convolution())
    names, before = list(model.state_dict()), [type(m) for m in model.modules()]
    with pytest.raises(RuntimeError, match="on purpose"), guarded(model):
        assert list(model.state_dict()) == names
        assert all(isinstance(m, nn.Conv2d) for m in model)
        raise RuntimeError("on purpose")
    assert [type(m) for m in model.modules()] == before


def test_only_the_layers_in_question_are_touched():
    model = nn.Sequential(
        convolution(),
        convolution(stride=1),
        convolution(kernel_size=3),
        convolution(in_channels=BLOCK),
        nn.Conv1d(4, 6, 1, 2),
        nn.ConvTranspose2d(4, 6, 1, 2),
    )
    before = [type(m) for m in model]
    with guarded(model), guarded(model):  # once is enough
        inside = [type(m) for m in model]
    assert [a is b for a, b in zip(before, inside, strict=True)] == [False, True, True, True, True, True]


def test_in_float64_the_own_code_of_the_layer_runs():
    layer, x = convolution(), maps().double()
    layer.double()
    with guarded(layer):
        assert torch.equal(layer(x), nn.functional.conv2d(x, layer.weight, layer.bias, 2))


def test_under_vmap_each_network_has_its_own_slope():
    layer, x = convolution(bias=False), maps()
    weights = torch.stack([layer.weight.detach() * k for k in (1, 2, 3)])

    def loss(weight: Tensor) -> Tensor:
        return functional_call(layer, {"weight": weight}, (x,)).square().sum()

    with guarded(layer):
        slopes = vmap(grad(loss))(weights)
    truth = nn.functional.conv2d(x.double()[..., ::2, ::2], layer.weight.double())
    expected = 2 * torch.einsum("nopq,nipq->oi", truth, x.double()[..., ::2, ::2])
    for k, slope in zip((1, 2, 3), slopes, strict=True):
        assert_close(slope[..., 0, 0].double(), k * expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("channels", [1, 4, 9])
def test_gradient_and_curvature_of_a_narrow_resnet_are_those_of_float64(channels):
    """Through the library's own functions: a residual network whose maps lie channels last."""
    model = initialise_(resnet((1, 16, 16), 10, channels=channels), torch.Generator().manual_seed(3)).eval()
    images = torch.randn(6, 1, 16, 16, generator=torch.Generator().manual_seed(4))
    x, y = images.to(memory_format=torch.channels_last), torch.arange(6)
    wide = deepcopy(model).double()
    vector = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    pairs = [
        (gradient(model, x, y), gradient(wide, x.double(), y)),
        (
            hessian_vector_product(model, x, y, vector),
            hessian_vector_product(wide, x.double(), y, {n: v.double() for n, v in vector.items()}),
        ),
    ]
    for found, truth in pairs:
        for name, value in found.items():
            scale = truth[name].norm().item() + 1e-3
            assert (value.double() - truth[name]).norm().item() < 1e-3 * scale, name
