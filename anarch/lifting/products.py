"""The matrix product of a fully connected layer, by the faster of the two libraries that PyTorch carries.

PyTorch's float32 ``linear`` on a CPU calls MKL, which on processors that are not Intel's reaches about half
of what oneDNN does.  `product` calls oneDNN where it can, in the derivatives too, and else ``linear``.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import functional as F


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


def product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """a (n, k), b (m, k), bias (m,) -> a @ b.T + bias (n, m): ``F.linear`` up to float rounding."""
    if not onednn_serves(a, b):
        return F.linear(a, b, bias)
    result: Tensor = Product.apply(a, b, onednn_multiply)
    return result if bias is None else result.add_(bias)  # in place: no derivative of a product reads it


def onednn_serves(a: Tensor, b: Tensor) -> bool:
    """Whether `product` takes oneDNN.

    Only for float32 matrices on a CPU, and outside of autocast, ``torch.func``, forward-mode differentiation
    and compilation, since these know PyTorch's own operations and no others.
    """
    return bool(
        a.dtype == b.dtype == torch.float32
        and a.device.type == b.device.type == "cpu"
        and a.dim() == b.dim() == 2
        and torch.backends.mkldnn.enabled
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and not torch.is_autocast_enabled("cpu")
        and not torch._C._are_functorch_transforms_active()
        and forward_ad._current_level < 0
        and not torch.compiler.is_compiling()
    )


def onednn_multiply(a: Tensor, b: Tensor) -> Tensor:
    """a @ b.T of float32 matrices (n, k) and (m, k); ``b`` may be a transposed view at no cost."""
    if not (b.is_contiguous() or b.t().is_contiguous()):  # oneDNN describes no other strides of b
        b = b.contiguous()
    result: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")
    return result
