"""What positions see is not kept for the backward pass, and no derivative notices."""

import pytest
import torch
from dense_reference import fill_, seeded
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call, grad
from torch.profiler import ProfilerActivity, profile
from torch.testing import assert_close

from anarch.lifting.walk import lift


def layer(dtype: torch.dtype = torch.float64) -> nn.Module:
    conv = fill_(nn.Conv2d(2, 4, (3, 2), (2, 1), 1, groups=2, dtype=dtype))
    return fill_(lift(conv, (2, 5, 3), "locally_connected"), 1)


def images(count: int = 2, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(count, 2, 5, 3, generator=seeded(3), dtype=dtype).requires_grad_()


def test_derivatives_of_first_and_second_order_agree_with_finite_differences() -> None:
    module = layer()

    def outputs(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional_call(module, {"weight": weight, "bias": bias}, (x,)).sin()

    arguments = (images(), module.weight, module.bias)
    assert gradcheck(outputs, arguments)
    assert gradgradcheck(outputs, arguments)


def test_functional_transforms_see_the_same_gradient() -> None:
    module, x = layer(), images()
    module(x).sin().sum().backward()
    by_func = grad(lambda weight: functional_call(module, {"weight": weight}, (x,)).sin().sum())
    assert_close(by_func(module.weight.detach()), module.weight.grad)


@pytest.mark.parametrize("needs_gradient", [True, False])
def test_no_more_is_kept_than_a_copy_of_the_maps_and_of_the_kernels(needs_gradient: bool) -> None:
    conv = nn.Conv2d(3, 4, 9, 2, 4, bias=False)
    module = lift(conv, (3, 16, 16), "locally_connected")
    x = torch.zeros(50, 3, 16, 16, requires_grad=needs_gradient)
    module(x)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        result = module(x)
    kept = sum(event.self_cpu_memory_usage for event in record.key_averages()) - 4 * result.numel()
    maps, kernels = 4 * 50 * 3 * (16 * 16 + 1), 4 * 64 * 81 * 3 * 4
    assert kept <= maps + kernels < 4 * 64 * 81 * 3 * 50  # bytes of what the positions see
