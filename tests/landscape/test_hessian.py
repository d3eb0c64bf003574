"""Hessian-vector products and the top eigenvalue: against dense Hessians, known spectra and ARPACK."""

import copy
import gc
import math
import warnings
from collections.abc import Sequence
from itertools import islice

import numpy as np
import pytest
import torch
from scipy.linalg import eigh_tridiagonal
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.landscape.directions import unit_scales
from anarch.landscape.hessian import hessian_vector_product, lanczos, top_eigenvalue, top_hessian_eigenvalue


class Bowl(nn.Module):
    """Logits (-s, 0), s = x * sum q_i theta_i^2: for label 0 at theta = 0 the Hessian is mean(x) diag(q)."""

    def __init__(self, spectrum: Sequence[float], dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.q = torch.tensor(spectrum, dtype=dtype)
        self.theta = nn.Parameter(torch.zeros_like(self.q))

    def forward(self, x: Tensor) -> Tensor:
        height = (self.q * self.theta.square()).sum() * x
        return torch.stack([-height, torch.zeros_like(height)], 1)


ONE, ZERO = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.int64)


class Square(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.square()


def networks() -> dict[str, tuple[nn.Module, Tensor, Tensor]]:
    torch.manual_seed(0)
    x, y = torch.randn(9, 2, 5, 4, dtype=torch.float64), torch.randint(3, (9,))
    cnn = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 3)
    ).double()
    smooth = nn.Sequential(nn.Flatten(), nn.Linear(40, 2), nn.Tanh(), nn.Linear(2, 3)).double()
    saddle = nn.Sequential(nn.Flatten(), nn.Linear(40, 2), Square(), nn.Linear(2, 3)).double()
    with torch.no_grad():
        # The hidden squares, small as yet, raise the right class only: downhill along every input weight.
        saddle[1].weight.mul_(0.1), saddle[1].bias.zero_()
        saddle[3].weight.copy_(torch.tensor([[2.0, 1.0], [0.0, 0.0], [0.0, 0.0]])), saddle[3].bias.zero_()
    return {"cnn": (cnn, x, y), "smooth": (smooth, x, y), "saddle": (saddle, x, torch.zeros_like(y))}


def dense_hessian(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    names, sizes = zip(*((name, p.shape) for name, p in model.named_parameters()), strict=True)

    def loss(flat: Tensor) -> Tensor:
        parts = flat.split([size.numel() for size in sizes])
        named = {name: part.view(size) for name, part, size in zip(names, parts, sizes, strict=True)}
        return F.cross_entropy(functional_call(model, named, (x,)), y)

    return torch.autograd.functional.hessian(loss, flat_of(p.detach() for p in model.parameters()))


def flat_of(tensors) -> Tensor:
    return torch.cat([t.reshape(-1) for t in tensors])


def named_of(flat: Tensor, model: nn.Module) -> dict[str, Tensor]:
    parts = flat.split([p.numel() for p in model.parameters()])
    return {name: part.view_as(p) for part, (name, p) in zip(parts, model.named_parameters(), strict=True)}


@pytest.mark.parametrize("name", ["cnn", "smooth", "saddle"])
@pytest.mark.parametrize("batch_size", [2, 1000])
def test_products_equal_those_of_the_dense_hessian(name, batch_size):
    model, x, y = networks()[name]
    flat = torch.randn(sum(p.numel() for p in model.parameters()), dtype=torch.float64)
    product = hessian_vector_product(model, x, y, named_of(flat, model), batch_size=batch_size)
    assert_close(flat_of(product.values()), dense_hessian(model, x, y) @ flat, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["cnn", "smooth", "saddle"])
def test_top_eigenvalue_equals_the_dense_one_and_arpacks(name):
    model, x, y = networks()[name]
    spectrum = torch.linalg.eigvalsh(dense_hessian(model, x, y))
    top = top_eigenvalue(model, x, y, tol=1e-9, batch_size=4)
    assert top.converged and top.residual <= 1e-9
    assert top.value == pytest.approx(spectrum[-1].item(), rel=1e-6)

    def matvec(v: np.ndarray) -> np.ndarray:
        product = hessian_vector_product(model, x, y, named_of(torch.from_numpy(v), model))
        return flat_of(product.values()).numpy()

    size = len(spectrum)
    operator = LinearOperator((size, size), matvec=matvec, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(size)
    arpack = eigsh(operator, k=1, which="LA", v0=start, tol=1e-10, return_eigenvectors=False)[0]
    assert top.value == pytest.approx(arpack, rel=1e-6)


def test_the_top_is_found_where_the_most_negative_eigenvalue_is_larger_in_magnitude():
    """A network at a saddle: the power method of the paper would return the bottom of its spectrum."""
    model, x, y = networks()["saddle"]
    spectrum = torch.linalg.eigvalsh(dense_hessian(model, x, y))
    assert 0 < 2 * spectrum[-1] < -spectrum[0]
    assert top_hessian_eigenvalue(model, x, y, tol=1e-9) == pytest.approx(spectrum[-1].item(), rel=1e-6)


@pytest.mark.parametrize(
    "spectrum", [(-50.0, -3.0, 0.0, 0.5, 2.0), (3.0,), (-4.0, -1.0), (-1.0, 7.0, 7.0, 7.0)]
)
def test_known_spectra_weighted_over_uneven_batches(spectrum):
    """mean(x) = 2 over batches of 3, 3 and 1: a mean of the batches' means would be off."""
    x, y = (
        torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 8.0], dtype=torch.float64),
        torch.zeros(7, dtype=torch.int64),
    )
    top = top_eigenvalue(Bowl(spectrum), x, y, tol=1e-9, batch_size=3)
    assert top.converged
    assert top.value == pytest.approx(2 * max(spectrum), rel=1e-12)
    assert top.iterations <= len(set(spectrum))


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-3])
def test_error_is_within_the_residual_at_every_tolerance(tol):
    generator = torch.Generator().manual_seed(1)
    spectrum = torch.cat(
        [torch.randn(200, generator=generator, dtype=torch.float64), torch.tensor([4.0])]
    ).tolist()
    top = top_eigenvalue(Bowl(spectrum), ONE, ZERO, tol=tol)
    assert top.converged and top.residual <= tol
    assert abs(top.value - 4) <= top.residual * top.value
    assert abs(top.value - 4) <= (top.residual * top.value) ** 2 / (4 - max(spectrum[:-1])) * 1.01


def symmetric(size: int) -> Tensor:
    half = torch.randn(size, size, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return half + half.T


def test_recurrence_is_the_projection_on_the_krylov_space_and_its_bound_is_the_residual():
    """V^T H V = T, and |H V s - theta V s| = beta_j |s_j| for each Ritz pair (exact for few steps)."""
    matrix, basis, diagonal, side = symmetric(12), [], [], []
    start = torch.randn(12, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    first = start / start.norm()

    def add_product(vector: list[Tensor], out: list[Tensor]) -> None:
        product = matrix @ flat_of(vector)
        out[0].add_(product[:5].view(5, 1))
        out[1].add_(product[5:])

    for alpha, beta, vector in islice(
        lanczos(add_product, [start[:5].clone().view(5, 1), start[5:].clone()]), 7
    ):
        basis.append(flat_of(vector).clone())
        diagonal.append(alpha)
        v = torch.stack(basis, 1)
        tridiagonal = torch.from_numpy(np.diag(diagonal) + np.diag(side, 1) + np.diag(side, -1))
        assert_close(v.T @ matrix @ v, tridiagonal, rtol=1e-10, atol=1e-10)
        for value, s in zip(*eigh_pairs(diagonal, side), strict=True):
            ritz = v @ torch.from_numpy(s)
            residual = (matrix @ ritz - value * ritz).norm().item()
            assert residual == pytest.approx(beta * abs(s[-1]), rel=1e-8, abs=1e-10)
        side.append(beta)
    assert_close(basis[0], first)


def eigh_pairs(diagonal: list[float], side: list[float]) -> tuple[np.ndarray, np.ndarray]:
    values, vectors = eigh_tridiagonal(diagonal, side)
    return values, vectors.T


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8])
def test_residual_bounds_the_distance_to_the_spectrum_when_stopped_early(steps):
    model, x, y = networks()["smooth"]
    spectrum = torch.linalg.eigvalsh(dense_hessian(model, x, y))
    top = top_eigenvalue(model, x, y, tol=0.0, max_iterations=steps)
    assert top.iterations == steps and not top.converged
    assert (spectrum - top.value).abs().min() <= top.residual * abs(top.value) + 1e-12
    assert top.value <= spectrum[-1] + 1e-12


def test_ghosts_do_not_harm_the_top():
    """Run on for long without reorthogonalising: T repeats the converged value, and its top stays exact."""
    spectrum = torch.cat([torch.linspace(0, 1, 199, dtype=torch.float64), torch.tensor([10.0])])

    def add_product(vector: list[Tensor], out: list[Tensor]) -> None:
        out[0].add_(spectrum * vector[0])

    start = torch.randn(200, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    alphas, betas, _ = zip(*islice(lanczos(add_product, [start]), 120), strict=True)
    ritz = eigh_tridiagonal(alphas, betas[:-1], eigvals_only=True)
    assert (abs(ritz - 10) < 1e-9).sum() >= 2
    assert ritz[-1] == pytest.approx(10, rel=1e-13)


def test_an_exhausted_krylov_space_ends_the_search():
    whole = top_eigenvalue(Bowl([2.5] * 6), ONE, ZERO)
    assert (whole.iterations, whole.converged) == (1, True)
    assert whole.value == pytest.approx(2.5, rel=1e-14)
    flat = top_eigenvalue(Bowl([0.0] * 6), ONE, ZERO)
    assert (flat.value, flat.residual, flat.iterations, flat.converged) == (0.0, 0.0, 1, True)
    # The top is 0: no relative accuracy can be had, and none is claimed.
    ridge = top_eigenvalue(Bowl([-3.0, 0.0, 0.0, 0.0]), ONE, ZERO)
    assert ridge.converged and ridge.iterations == 2 and abs(ridge.value) < 1e-14


def test_single_precision_reaches_its_tolerance():
    model, x, y = networks()["cnn"]
    wanted = torch.linalg.eigvalsh(dense_hessian(model, x, y))[-1].item()
    top = top_eigenvalue(copy.deepcopy(model).float(), x.float(), y, tol=1e-3)
    assert top.converged
    assert top.value == pytest.approx(wanted, rel=1e-4)


def test_a_search_cut_short_says_so_in_one_line():
    model, x, y = networks()["smooth"]
    with pytest.warns(
        RuntimeWarning, match=r"relative residual .* > tol 1e-12 after 3 iterations; raise max"
    ) as seen:
        value = top_hessian_eigenvalue(model, x, y, 1e-12, max_iterations=3)
    assert len(seen) == 1 and "\n" not in str(seen[0].message)
    assert value == top_eigenvalue(model, x, y, tol=1e-12, max_iterations=3).value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        top_hessian_eigenvalue(model, x, y)


def test_seeds_draw_the_start_and_nothing_else_is_drawn_or_changed():
    model, x, y = networks()["cnn"]
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    with torch.no_grad():
        first, again, other = (top_eigenvalue(model, x, y, tol=1e-6, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert first != other and first.value == pytest.approx(other.value, rel=1e-6)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters()) and model.training


def test_no_graph_outlives_the_call():
    model, x, y = networks()["cnn"]
    top_eigenvalue(model, x, y, max_iterations=1)
    gc.collect()
    gc.disable()
    try:
        before = sum(issubclass(type(o), Tensor) for o in gc.get_objects())
        top_eigenvalue(model, x, y, max_iterations=3, batch_size=2)
        after = sum(issubclass(type(o), Tensor) for o in gc.get_objects())
    finally:
        gc.enable()
    assert after == before


def test_frozen_parameters_are_left_out():
    model, x, y = networks()["smooth"]
    hessian = dense_hessian(model, x, y)
    model[1].requires_grad_(False)
    head = sum(p.numel() for p in model[3].parameters())
    wanted = torch.linalg.eigvalsh(hessian[-head:, -head:])[-1].item()
    assert top_hessian_eigenvalue(model, x, y, tol=1e-9) == pytest.approx(wanted, rel=1e-9)


def test_impossible_arguments_are_refused():
    model, x, y = networks()["smooth"]
    vector = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    vector["1.weight"] = vector["1.weight"].T
    del vector["3.bias"]
    with pytest.raises(ValueError, match=r"differs in \['1.weight', '3.bias'\]"):
        hessian_vector_product(model, x, y, vector)
    for options in ({"tol": -1.0}, {"tol": math.nan}, {"max_iterations": 0}):
        with pytest.raises(ValueError, match="tol must be 0 or more and max_iterations 1 or more"):
            top_eigenvalue(model, x, y, **options)
    with pytest.raises(ValueError, match="got 9 images and 8 labels"):
        top_eigenvalue(model, x, y[:8])
    with pytest.raises(ValueError, match="drops units at random in training mode"):
        top_eigenvalue(nn.Sequential(model, nn.Dropout(0.5)), x, y)
    with torch.no_grad():
        model[3].weight.fill_(math.inf)
    with pytest.raises(ValueError, match="the Hessian-vector product is not finite"):
        top_eigenvalue(model, x, y)


def test_the_curvature_in_filter_lengths_does_not_see_units_rescaled():
    """D H D, formed entry by entry; a layer that is scaled up and the next down keep it, but not H's."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5, bias=False), nn.ReLU(), nn.Linear(5, 2, bias=False)).double()
    x, y = torch.randn(9, 3, dtype=torch.float64), torch.arange(9) % 2

    def both() -> tuple[float, float]:
        found = (top_eigenvalue(model, x, y, tol=1e-9, scales=s) for s in (unit_scales(model), None))
        scaled, raw = (one.value for one in found)
        return scaled, raw

    flat = nn.utils.parameters_to_vector(model.parameters()).detach()

    def loss(theta: torch.Tensor) -> torch.Tensor:
        first, second = theta[:15].view(5, 3), theta[15:].view(2, 5)
        return nn.functional.cross_entropy((x @ first.T).relu() @ second.T, y)

    lengths = torch.cat([model[k].weight.norm(dim=1).repeat_interleave(n) for k, n in ((0, 3), (2, 5))])
    scaled = torch.autograd.functional.hessian(loss, flat) * lengths[:, None] * lengths
    before = both()
    assert before[0] == pytest.approx(torch.linalg.eigvalsh(scaled.detach())[-1].item(), rel=1e-7)
    with torch.no_grad():
        model[0].weight *= 10
        model[2].weight /= 10
    after = both()
    assert after[0] == pytest.approx(before[0], rel=1e-6) and abs(after[1] / before[1] - 1) > 0.5


def test_what_scales_do_not_name_stays_where_it_is():
    torch.manual_seed(0)
    model = nn.Linear(3, 2).double()
    x, y = torch.randn(9, 3, dtype=torch.float64), torch.arange(9) % 2
    ones = {"weight": torch.ones_like(model.weight)}
    scaled = top_eigenvalue(model, x, y, tol=1e-9, scales=ones).value
    model.bias.requires_grad_(False)
    assert scaled == pytest.approx(top_eigenvalue(model, x, y, tol=1e-9).value, rel=1e-7)
