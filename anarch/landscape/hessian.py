"""Curvature of the training loss: exact Hessian-vector products and top eigenvalue (needle, Fig. 3 right)."""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from anarch.contract import require_measurable
from anarch.foreign import one_line
from anarch.landscape.gradient import AT_ONCE, batches, inner, norm, trainable
from anarch.objective import Loss, example_losses
from anarch.onednn import guarded


@dataclass(frozen=True)
class TopEigenvalue:
    """Largest algebraic eigenvalue of a Hessian, and how far to trust it."""

    value: float  # of the Hessian of the mean loss: nats per squared parameter unit
    residual: float  # |H u - value u| / |value|, u the unit Ritz vector: some eigenvalue is as close to value
    iterations: int  # Hessian-vector products spent
    converged: bool  # residual <= tol, or no direction was left to search to the model's precision


def hessian_vector_product(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    vector: Mapping[str, Tensor],
    *,
    loss: Loss = "cross_entropy",
    batch_size: int = AT_ONCE,
) -> dict[str, Tensor]:
    """H ``vector``, with H the Hessian of the mean ``loss`` over ``x`` (N, ...), ``y`` by the parameters.

    ``vector`` and the result: name -> tensor of the parameter's shape, for every parameter with
    ``requires_grad``.  The other arguments as in `gradient`.

    Raises:
        ValueError: as `gradient`; ``vector`` has other names or shapes; the loss has no second derivative.
    """
    require_measurable(model, x, y, batch_size=batch_size, loss=loss)
    parameters = trainable(model)
    wanted, given = ({name: tuple(t.shape) for name, t in d.items()} for d in (parameters, vector))
    if wanted != given:
        wrong = sorted(name for name in wanted | given if wanted.get(name) != given.get(name))
        raise ValueError(
            f"vector must match the trainable parameters in name and shape; it differs in {wrong}"
        )
    product = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    add_product = _products(model, list(parameters.values()), x, y, loss, batch_size)
    add_product([vector[name] for name in parameters], list(product.values()))
    return product


def top_hessian_eigenvalue(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    tol: float = 1e-3,
    *,
    loss: Loss = "cross_entropy",
    seed: int = 0,
    max_iterations: int = 100,
    batch_size: int = AT_ONCE,
) -> float:
    """Largest eigenvalue of the Hessian of the mean cross entropy over ``x``, ``y``: needle, Sec. 4.2.

    By the parameters with ``requires_grad``, in nats per squared unit of the parameters; of another ``loss``
    where one is given.  The largest algebraic one, by Lanczos: see `top_eigenvalue`, which also tells its
    residual.  A RuntimeWarning says that it has not converged.

    Args:
        model: inputs -> logits (N, C), or (N, 1) or (N,), the logit of class 1 against class 0; usually after
            ``model.eval()``.
        x: inputs (N, ...) in the model's dtype and on its device, finite.
        y: labels int64 (N,) in 0..C-1; for another loss the targets (N, ...) that it takes.
        tol: relative residual |H u - value u| / |value| at which the search ends.
        loss: "cross_entropy", "squared_error" or a function: outputs, targets -> losses (n,).
        seed: draws the start vector, alike on every device.
        max_iterations: Hessian-vector products at most.
        batch_size: examples; bounds memory only.

    Raises:
        ValueError: as `top_eigenvalue`.
    """
    options: dict[str, Any] = {"loss": loss, "seed": seed, "max_iterations": max_iterations}
    top = top_eigenvalue(model, x, y, tol=tol, batch_size=batch_size, **options)
    if not top.converged:
        warnings.warn(
            f"top Hessian eigenvalue {top.value:.6g}: relative residual {top.residual:.2g} > tol {tol:g} "
            f"after {top.iterations} iterations; raise max_iterations or tol",
            RuntimeWarning,
            stacklevel=2,
        )
    return top.value


def top_eigenvalue(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    *,
    tol: float = 1e-3,
    loss: Loss = "cross_entropy",
    seed: int = 0,
    max_iterations: int = 100,
    batch_size: int = AT_ONCE,
    scales: Mapping[str, Tensor] | None = None,
) -> TopEigenvalue:
    """Largest algebraic eigenvalue of the Hessian of the mean ``loss`` over ``x`` (N, ...), ``y`` (N, ...).

    With ``scales``, of D H D, D the diagonal matrix of the scales and 0 for parameters that they do not name:
    the Hessian by z in w = D z.  `directions.unit_scales` makes it the curvature in filter lengths, which
    rescaling a ReLU network unit by unit does not change (blessing, Sec. 4).

    The paper's power method finds the eigenvalue of largest magnitude, which near initialisation may be the
    most negative one; Lanczos finds the top of the spectrum whatever lies below.  ``tol`` bounds the relative
    residual; the error of the value is of the order of its square over the gap to the next eigenvalue, so far
    smaller.  ``seed`` draws the start vector, alike on every device.  Arithmetic in the dtype of the
    parameters.  Memory besides parameters and activations: five vectors at most.  The other arguments as in
    `gradient`.

    Raises:
        ValueError: as `gradient`; impossible options; the product is not finite, or the loss has no second
            derivative.
    """
    require_measurable(model, x, y, batch_size=batch_size, loss=loss)
    if not tol >= 0 or max_iterations < 1:
        raise ValueError(
            f"tol must be 0 or more and max_iterations 1 or more, got {tol} and {max_iterations}"
        )
    parameters = list(trainable(model).values())
    generator = torch.Generator().manual_seed(seed)
    start = [torch.randn(p.shape, generator=generator, dtype=p.dtype).to(p.device) for p in parameters]
    precision = max(torch.finfo(p.dtype).eps for p in parameters)
    add_product = _products(model, parameters, x, y, loss, batch_size)
    if scales is not None:
        add_product = _scaled(add_product, [scales.get(name) for name in trainable(model)])
    steps = lanczos(add_product, start)
    return _top_of(steps, tol, max_iterations, precision)


def lanczos(
    add_product: Callable[[list[Tensor], list[Tensor]], None], start: list[Tensor]
) -> Iterator[tuple[float, float, list[Tensor]]]:
    """Three-term recurrence of a symmetric H: yields alpha_j, beta_j, unit v_j (valid until resumed).

    ``add_product(v, out)`` adds H v to ``out``; ``start`` is overwritten.  alpha is the diagonal and beta the
    side diagonal of the tridiagonal T = V^T H V; |H V s - theta V s| = beta_j |s_j| for an eigenpair theta, s
    of T.  No basis is kept and nothing is reorthogonalised.  Once a Ritz value has converged, later vectors
    lose their orthogonality to it and T repeats it (ghosts), but its accuracy and the bound do not suffer (C.
    C. Paige, Linear Algebra Appl. 34 (1980) 235-258).  Order of operations: the stable one of Paige, J. Inst.
    Math. Appl. 10 (1972) 373.
    """
    beta, current = 0.0, start
    previous = [torch.zeros_like(t) for t in start]
    _scale(current, 1 / norm(current))
    while True:
        # v_{j-1} is needed no more after this product: its memory becomes H v_j - beta v_{j-1}, then v_{j+1}.
        _scale(previous, -beta)
        add_product(current, previous)
        alpha = inner(previous, current)
        for t, v in zip(previous, current, strict=True):
            t.sub_(v, alpha=alpha)
        beta = norm(previous)
        yield alpha, beta, current
        if beta == 0:
            return
        _scale(previous, 1 / beta)
        previous, current = current, previous


def _top_of(
    steps: Iterator[tuple[float, float, Sequence[Tensor]]], tol: float, max_iterations: int, precision: float
) -> TopEigenvalue:
    """Largest Ritz value of the ``steps`` of ``lanczos``; ``precision`` = the dtype's unit round-off."""
    diagonal: list[float] = []
    side: list[float] = []
    top = TopEigenvalue(math.nan, math.inf, 0, False)
    while not top.converged and top.iterations < max_iterations:
        alpha, beta, _ = next(steps)
        if not math.isfinite(alpha + beta):
            raise ValueError(
                "the Hessian-vector product is not finite: the loss or its slopes overflow at this point"
            )
        diagonal.append(alpha)
        last = len(diagonal) - 1
        values, vectors = eigh_tridiagonal(diagonal, side, select="i", select_range=(last, last))
        value, bound = float(values[0]), beta * abs(float(vectors[-1, 0]))
        side.append(beta)
        residual = bound / abs(value) if value else (math.inf if bound else 0.0)
        # Invariant subspace: what beta is left is round-off, and so would be every direction after it.
        exhausted = beta <= 10 * precision * max(map(abs, diagonal + side))
        top = TopEigenvalue(value, residual, len(diagonal), residual <= tol or exhausted)
    return top


def _products(
    model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor, loss: Loss, batch_size: int
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], None]:
    """add_product(vector, out), which adds H ``vector`` to ``out``, batch by batch."""

    def share(images: Tensor, labels: Tensor) -> Tensor:
        # Of attention only the plain form in matrix products has a second derivative.
        with torch.enable_grad(), guarded(model), sdpa_kernel(SDPBackend.MATH):
            return example_losses(loss, model(images), labels).sum() * (1 / len(x))

    # The graph of a gradient is as large as in one product.  Of a single batch it serves all of them, which
    # then take a second backward pass each; of many it would be as many times as large.
    single = len(x) <= batch_size
    kept: list[Sequence[Tensor]] = []

    def add_product(vector: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        for images, labels in batches(x, y, batch_size):
            with _told_of_derivatives():
                slopes = kept[0] if kept else _slopes(share(images, labels), parameters)
                if single and not kept:
                    kept.append(slopes)
                _add_product(slopes, parameters, vector, out, keep=single)

    return add_product


def _scaled(
    add_product: Callable[[Sequence[Tensor], Sequence[Tensor]], None], scales: Sequence[Tensor | None]
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], None]:
    """add_product of D H D; None scales a parameter by 0."""

    def add_scaled(vector: Sequence[Tensor], out: Sequence[Tensor]) -> None:
        scaled = [
            v.new_zeros(()).expand_as(v) if d is None else d * v for d, v in zip(scales, vector, strict=True)
        ]
        product = [torch.zeros_like(v) for v in vector]
        add_product(scaled, product)
        for total, d, part in zip(out, scales, product, strict=True):
            if d is not None:
                total.addcmul_(d, part)

    return add_scaled


def _slopes(share: Tensor, parameters: Sequence[Tensor]) -> Sequence[Tensor]:
    """Gradient of one batch's ``share`` of the mean loss, with its graph."""
    return torch.autograd.grad(share, parameters, create_graph=True, materialize_grads=True)


def _add_product(
    slopes: Sequence[Tensor],
    parameters: Sequence[Tensor],
    vector: Sequence[Tensor],
    out: Sequence[Tensor],
    *,
    keep: bool,
) -> None:
    """Add the product of one batch to ``out``; ``keep``: the graph of its ``slopes``, for another product."""
    curved = [(slope, v) for slope, v in zip(slopes, vector, strict=True) if slope.requires_grad]
    if not curved:
        return
    outputs, directions = zip(*curved, strict=True)
    options: dict[str, Any] = {"materialize_grads": True, "retain_graph": keep}
    products = torch.autograd.grad(outputs, parameters, grad_outputs=directions, **options)
    for total, product in zip(out, products, strict=True):
        total.add_(product)


@contextmanager
def _told_of_derivatives() -> Iterator[None]:
    """ValueError, in one line, where PyTorch has no second derivative."""
    try:
        yield
    except RuntimeError as error:  # as PyTorch and cuDNN put it
        if not any(words in str(error) for words in ("is not implemented", "is not supported")):
            raise
        raise ValueError(f"the loss has no second derivative in PyTorch: {one_line(error)}") from error


def _scale(vector: Sequence[Tensor], factor: float) -> None:
    for t in vector:
        t.mul_(factor)
