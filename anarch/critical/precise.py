"""The Hessian of a two-layer tanh network in arithmetic of any precision: one case checked beyond float64."""

import mpmath
from torch import Tensor

from anarch.models.flat import Network


def precise_gradient_and_hessian(
    network: Network, theta: list[mpmath.mpf], x: Tensor, y: Tensor
) -> tuple[mpmath.matrix, mpmath.matrix]:
    """Gradient (P, 1) and Hessian (P, P) of `networks.loss` from closed formulas, in mpmath's precision.

    For f = sum_k a_k tanh(w_k x + b_k) (+ c), one input and one output: (2/n) sum_i (J_i^T J_i + e_i f''_i).
    ``theta``: P numbers in the order of `networks`; ``x`` and ``y`` (n, 1) are taken as exact.
    """
    if network.activation != "tanh" or len(network.widths) != 3 or network.widths[::2] != (1, 1):
        raise ValueError(
            f"only two-layer tanh networks with one input and one output are known, got {network}"
        )
    m, count = network.widths[1], network.parameters
    slope, curvature = mpmath.zeros(count, 1), mpmath.zeros(count)
    for position, target in zip(
        map(mpmath.mpf, x[:, 0].tolist()), map(mpmath.mpf, y[:, 0].tolist()), strict=True
    ):
        jacobian, second, value = _sample(theta, m, position, network.output_bias)
        scale = mpmath.mpf(2) / len(x)
        residual = value - target
        for row in range(count):
            slope[row] += scale * residual * jacobian[row]
            for column in range(count):
                curvature[row, column] += scale * jacobian[row] * jacobian[column]
        for (row, column), entry in second.items():
            curvature[row, column] += scale * residual * entry
    return slope, curvature


def precise_critical_point(
    network: Network, theta: Tensor, x: Tensor, y: Tensor, *, digits: int = 50, iterations: int = 8
) -> list[mpmath.mpf]:
    """``theta`` (P,), a non-degenerate critical point in float64, after Newton's method at ``digits`` digits.

    Raises:
        ValueError: the gradient is not below 10^(10 - digits) afterwards.
    """
    with mpmath.workdps(digits + 10):
        point = [mpmath.mpf(value) for value in theta.tolist()]
        for _ in range(iterations):
            slope, curvature = precise_gradient_and_hessian(network, point, x, y)
            step = mpmath.lu_solve(curvature, -slope)
            point = [value + step[k] for k, value in enumerate(point)]
        left = mpmath.norm(precise_gradient_and_hessian(network, point, x, y)[0], 1)
        if not left < mpmath.mpf(10) ** (10 - digits):
            raise ValueError(
                f"Newton's method stopped at |gradient|_1 = {mpmath.nstr(left, 3)} with {digits} digits: "
                "start from a non-degenerate critical point (anarch.critical.search.polish)"
            )
        return point


def precise_eigenvalues(
    network: Network, theta: list[mpmath.mpf], x: Tensor, y: Tensor, *, digits: int = 50
) -> list[mpmath.mpf]:
    """Eigenvalues of the Hessian at ``theta``, ascending; zeros come out near 10^-``digits``."""
    with mpmath.workdps(digits):
        _, curvature = precise_gradient_and_hessian(network, theta, x, y)
        return sorted(mpmath.eigsy(curvature, eigvals_only=True))


def precise_split(
    network: Network, theta: list[mpmath.mpf], neuron: int, alpha: float, *, digits: int = 60
) -> tuple[Network, list[mpmath.mpf]]:
    """T^alpha (definition 5) for a two-layer network with one input and one output, to ``digits``."""
    m = network.widths[1]
    if not 0 <= neuron < m:
        raise ValueError(f"neuron must be 0..{m - 1}, got {neuron}")
    w, b, a, rest = theta[:m], theta[m : 2 * m], theta[2 * m : 3 * m], theta[3 * m :]
    with mpmath.workdps(digits):
        copied = mpmath.mpf(alpha) * a[neuron]
        split = [*a, copied]
        split[neuron] -= copied
    wide = Network((1, m + 1, 1), network.activation, network.output_bias)
    return wide, [*w, w[neuron], *b, b[neuron], *split, *rest]


def _sample(
    theta: list[mpmath.mpf], m: int, x: mpmath.mpf, output_bias: bool
) -> tuple[list[mpmath.mpf], dict[tuple[int, int], mpmath.mpf], mpmath.mpf]:
    """Jacobian, the nonzero second derivatives and the value of f at one ``x``."""
    w, b, a = theta[:m], theta[m : 2 * m], theta[2 * m : 3 * m]
    h = [mpmath.tanh(w[k] * x + b[k]) for k in range(m)]
    first = [1 - value * value for value in h]
    jacobian = [a[k] * first[k] * x for k in range(m)] + [a[k] * first[k] for k in range(m)] + h
    second: dict[tuple[int, int], mpmath.mpf] = {}
    for k in range(m):
        bend = -2 * h[k] * first[k] * a[k]
        second[k, k], second[m + k, m + k] = bend * x * x, bend
        second[k, m + k] = second[m + k, k] = bend * x
        second[k, 2 * m + k] = second[2 * m + k, k] = first[k] * x
        second[m + k, 2 * m + k] = second[2 * m + k, m + k] = first[k]
    value = mpmath.fdot(a, h)
    return (
        ([*jacobian, mpmath.mpf(1)], second, value + theta[-1]) if output_bias else (jacobian, second, value)
    )
