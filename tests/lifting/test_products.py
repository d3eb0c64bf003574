import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.lifting.products import Product, onednn_multiply, onednn_serves, product

onednn = pytest.mark.skipif(
    not onednn_serves(torch.ones(1, 1), torch.ones(1, 1)), reason="this build of PyTorch has no oneDNN"
)


def matrices(*shapes: tuple[int, int], dtype: torch.dtype = torch.float32) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator, dtype=dtype).requires_grad_() for shape in shapes]


def plain(a: Tensor, b: Tensor) -> Tensor:
    return a @ b.T


def test_first_and_second_derivatives_agree_with_finite_differences() -> None:
    a, b = matrices((4, 3), (5, 3), dtype=torch.float64)

    def forced(a: Tensor, b: Tensor) -> Tensor:
        return Product.apply(a, b, plain)

    assert gradcheck(forced, (a, b))
    assert gradgradcheck(forced, (a, b))
    assert gradgradcheck(lambda a, b: forced(a, b).sin(), (a, b))


@pytest.mark.parametrize("input_gradient, products", [(False, 2), (True, 3)])
def test_no_product_is_spent_on_a_gradient_that_nobody_needs(input_gradient: bool, products: int) -> None:
    """The first layer's input is an image: forward and one product back."""
    calls = []

    def counting(a: Tensor, b: Tensor) -> Tensor:
        calls.append(1)
        return plain(a, b)

    a, b = matrices((4, 3), (5, 3))
    Product.apply(a if input_gradient else a.detach(), b, counting).sum().backward()
    assert len(calls) == products


@onednn
@pytest.mark.parametrize("n, k, m", [(1, 1, 1), (7, 5, 3), (50, 128, 72), (33, 64, 200)])
def test_onednn_agrees_with_linear_in_value_and_gradients(n: int, k: int, m: int) -> None:
    a, b, bias, gradient = matrices((n, k), (m, k), (1, m), (n, m))
    results = []
    for f, dtype in ((product, torch.float32), (F.linear, torch.float64)):
        x, w, c = (t.detach().to(dtype).requires_grad_() for t in (a, b, bias[0]))
        value = f(x, w, c)
        value.backward(gradient.detach().to(dtype))
        results.append([t.double() for t in (value, x.grad, w.grad, c.grad)])
    for ours, truth in zip(*results, strict=True):
        assert_close(ours, truth, rtol=1e-5, atol=2e-7 * max(n, k, m))


@onednn
def test_onednn_reads_transposed_strided_and_expanded_matrices() -> None:
    (a, b) = (t.detach() for t in matrices((12, 16), (10, 16)))
    ones = torch.ones(()).expand(12, 10)
    for left, right in ((a.T, b.T[:, :1].expand(16, 12)), (a[:, ::3], b[:, ::3]), (ones, b.T), (b.T, ones)):
        assert_close(onednn_multiply(left, right), left @ right.T)


@onednn
def test_curvature_products_agree_with_float64() -> None:
    a, b, v = matrices((6, 20), (9, 20), (9, 20))
    found = []
    for dtype in (torch.float32, torch.float64):
        x, w, along = (t.detach().to(dtype) for t in (a, b, v))
        w.requires_grad_()
        (slope,) = torch.autograd.grad(product(x, w).sin().sum(), w, create_graph=True)
        (curvature,) = torch.autograd.grad((slope * along).sum(), w)
        found.append(curvature.double())
    assert_close(found[0], found[1], rtol=1e-4, atol=1e-4)


@onednn
def test_the_same_numbers_give_the_same_bits() -> None:
    a, b = matrices((37, 111), (53, 111))
    first, second = (torch.autograd.grad(product(a, b).square().sum(), (a, b)) for _ in range(2))
    assert all(torch.equal(x, y) for x, y in zip(first, second, strict=True))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_left_to_pytorch(dtype: torch.dtype) -> None:
    a, b = matrices((4, 3), (5, 3), dtype=dtype)
    assert not onednn_serves(a, b)
    assert torch.equal(product(a, b), F.linear(a, b))


def test_autocast_decides_the_precision() -> None:
    a, b = matrices((4, 3), (5, 3))
    with torch.autocast("cpu", torch.bfloat16):
        assert product(a, b).dtype == torch.bfloat16


def test_a_switched_off_onednn_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    try:
        assert not onednn_serves(*matrices((4, 3), (5, 3)))
    finally:
        monkeypatch.undo()


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")  # PyTorch's own forward mode still calls it
def test_batching_and_forward_mode_transforms_work() -> None:
    a, b, v = (t.detach() for t in matrices((4, 3), (5, 3), (5, 3)))
    rows = torch.func.vmap(lambda row: product(row[None], b)[0])(a)
    assert_close(rows, a @ b.T)
    jacobian = torch.func.jacrev(lambda w: product(a, w).sum(0))(b)
    assert_close(jacobian.sum(0), a.sum(0).expand(5, 3))
    with forward_ad.dual_level():
        slope = forward_ad.unpack_dual(product(a, forward_ad.make_dual(b, v))).tangent
    assert_close(slope, a @ v.T)


def test_unequal_lengths_are_an_error_on_either_way() -> None:
    for dtype in (torch.float32, torch.float64):
        with pytest.raises(RuntimeError):
            product(*matrices((4, 3), (5, 2), dtype=dtype))
