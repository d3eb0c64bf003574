"""The matrix product of a fully connected layer, by the faster of the two libraries that PyTorch carries.

PyTorch's float32 ``linear`` on a CPU calls MKL, which on processors that are not Intel's reaches about half
of what oneDNN does.  On Intel's the two are alike forward, and MKL is up to four times faster backward.
"""

import platform
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

ROWS = 512  # of a weight that oneDNN steps at a time: their product stays in the cache


class Product(torch.autograd.Function):
    """a (n, k), b (m, k) -> a @ b.T (n, m), by the function ``multiply`` in value and in every derivative.

    With G the gradient of the result, that of a is G b = P(G, b.T) and that of b is G.T a = P(G.T, a.T).
    These are products again, so derivatives have derivatives and Hessian-vector products are exact.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, multiply: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(a, b)
        ctx.multiply = multiply
        return multiply(a, b)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        a, b = ctx.saved_tensors
        (gradient,) = gradients
        grad_a = Product.apply(gradient, b.t(), ctx.multiply) if ctx.needs_input_grad[0] else None
        grad_b = Product.apply(gradient.t(), a.t(), ctx.multiply) if ctx.needs_input_grad[1] else None
        return grad_a, grad_b, None


class Descending(torch.autograd.Function):
    """As `Product`, for a weight b that takes its own step: backward turns it into b - ``rate`` * G.T a.

    b gets no gradient, and nothing of its size is written but b itself.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, rate: Tensor | float) -> Tensor:
        ctx.save_for_backward(a, b)
        ctx.rate = rate
        return _multiply(a, b)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, None, None]:
        a, b = ctx.saved_tensors
        grad_a = _multiply(gradient, b.t()) if ctx.needs_input_grad[0] else None
        subtract_product_(b, gradient.t(), a.t(), ctx.rate)
        return grad_a, None, None


def product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """a (n, k), b (m, k), bias (m,) -> a @ b.T + bias (n, m): ``F.linear`` up to float rounding.

    Within the step of an optimiser that lends b a ``rate_of_descent`` the backward pass takes b's step.  The
    first product that meets b takes the rate with it, so that a weight used twice is left to the optimiser.
    """
    if hasattr(b, "rate_of_descent") and not torch.is_autocast_enabled(a.device.type):
        rate = vars(b).pop("rate_of_descent")
        result: Tensor = Descending.apply(a, b, rate)
    elif onednn_serves(a, b):
        result = Product.apply(a, b, onednn_multiply)
    else:
        return F.linear(a, b, bias)
    return result if bias is None else result.add_(bias)  # in place: no derivative of a product reads it


def subtract_product_(b: Tensor, left: Tensor, right: Tensor, rate: Tensor | float) -> None:
    """b (m, k) <- b - ``rate`` * left (m, n) @ right (k, n).T"""
    if isinstance(rate, Tensor):
        left, rate = left * rate, 1.0
    if not onednn_serves(left, right):
        b.addmm_(left, right.t(), alpha=-rate)
        return
    for rows, part in zip(b.split(ROWS), left.split(ROWS), strict=True):
        rows.add_(onednn_multiply(part, right), alpha=-rate)


def _multiply(a: Tensor, b: Tensor) -> Tensor:
    return onednn_multiply(a, b) if onednn_serves(a, b) else a @ b.t()


def onednn_serves(a: Tensor, b: Tensor) -> bool:
    """Whether `product` takes oneDNN.

    Only for float32 matrices on a CPU that is not Intel's, and outside of autocast, ``torch.func``,
    forward-mode differentiation and compilation, since these know PyTorch's own operations and no others.
    """
    return bool(
        a.dtype == b.dtype == torch.float32
        and a.device.type == b.device.type == "cpu"
        and a.dim() == b.dim() == 2
        and onednn_is_faster()
        and not torch.is_autocast_enabled("cpu")
        and not torch._C._are_functorch_transforms_active()
        and forward_ad._current_level < 0
        and not torch.compiler.is_compiling()
    )


def onednn_is_faster() -> bool:
    """Whether oneDNN multiplies matrices here, and MKL, its rival, is slow or missing.

    A rule and no timing: the bits of a result shall not depend on how busy the machine was.
    """
    return bool(
        torch.backends.mkldnn.enabled
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and not (torch.backends.mkl.is_available() and _processor_is_intels())
    )


@cache
def _processor_is_intels() -> bool:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        told = platform.processor()
    return "GenuineIntel" in told


def onednn_multiply(a: Tensor, b: Tensor) -> Tensor:
    """a @ b.T of float32 matrices (n, k) and (m, k); ``b`` may be a transposed view at no cost."""
    if not (b.is_contiguous() or b.t().is_contiguous()):  # oneDNN describes no other strides of b
        b = b.contiguous()
    result: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")
    return result
