"""Spectra of Hessians at critical points: which eigenvalues are zero, and what a split adds to them."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from anarch.critical.networks import error_vectors, features, slope_and_bend
from anarch.models.flat import Network, layers


@dataclass(frozen=True)
class Inertia:
    """How many eigenvalues of a symmetric matrix are negative, zero and positive."""

    negative: int  # the index of the critical point
    zero: int  # its degree of degeneracy (embedding, definition 3)
    positive: int
    threshold: float  # an eigenvalue of smaller magnitude counts as zero
    margin: float  # decades between the smallest nonzero and the largest zero (or the noise floor)


def spectrum(curvature: Tensor) -> Tensor:
    """Eigenvalues, ascending, of symmetric ``curvature`` (..., P, P)."""
    return torch.linalg.eigvalsh(curvature)


def inertia(eigenvalues: Tensor, *, relative: float = 1e-6, scale: float = 0.0) -> Inertia:
    """Zeros told from nonzeros by the widest gap of the spectrum, not by one number for every problem.

    The noise floor of P computed eigenvalues is P eps max|lambda|; magnitudes below it count as equal to it.
    Candidates for zero are magnitudes up to ``relative`` * max|lambda| (the paper draws 1e-11, absolute).  Of
    all places to cut, beside a candidate or the floor, the widest gap on the log scale wins; ``threshold`` is
    its geometric middle and ``margin`` its width in decades: below 2 or so, do not trust the count.
    ``scale`` stands for max|lambda| where that is larger, as for a block of a matrix.

    Raises:
        ValueError: ``eigenvalues`` (P,) are not finite or none.
    """
    if eigenvalues.ndim != 1 or not len(eigenvalues) or not eigenvalues.isfinite().all():
        raise ValueError(f"eigenvalues must be finite, (P,) with P >= 1, got {tuple(eigenvalues.shape)}")
    sizes = eigenvalues.double().abs().sort().values
    top = max(sizes[-1].item(), scale)
    if top == 0:
        return Inertia(0, len(sizes), 0, 0.0, math.inf)
    floor = len(sizes) * torch.finfo(eigenvalues.dtype).eps * top
    # The floor below and ``top`` above: none or all may be zero.
    ladder = torch.cat([sizes.new_tensor([floor]), sizes.clamp_min(floor), sizes.new_tensor([top])]).log10()
    gaps = ladder.diff()  # gaps[k] is what is cut when the k smallest are called zero
    if sizes[-1] > relative * top:
        gaps = gaps[:-1]
    candidates = ladder[: len(gaps)] <= math.log10(max(relative * top, floor)) + 1e-9
    zeros = int(torch.where(candidates, gaps, -torch.ones_like(gaps)).argmax())
    threshold = 10 ** (ladder[zeros] + ladder[zeros + 1]).div(2).item()
    negative = int((eigenvalues < -threshold).sum())
    return Inertia(negative, zeros, len(sizes) - zeros - negative, threshold, gaps[zeros].item())


def splitting_block(
    network: Network, theta: Tensor, x: Tensor, y: Tensor, *, layer: int, neuron: int, alpha: float
) -> Tensor:
    """What T^alpha_{l,s} adds to the Hessian of the MSE: the block S (k, k), k = m_{l+1} + m_{l-1} + 1.

        Hessian(T^alpha theta) is congruent to Hessian(theta) (+) S,  S = [[0, D], [D^T, alpha (1-alpha) B]],
        D = sum_i z_i^[l+1] sigma'(u_i) f~_i^T,   B = sum_i (W_s^T z_i^[l+1]) sigma''(u_i) f~_i f~_i^T,

    with z the error vectors (Sec. 4.2, the factor 1/n inside), u_i the input of the split neuron, f~_i the
    features below it and 1, W_s its output weights.  Coordinates: (1, -1) on the two output weights,
    (alpha, alpha - 1) on the two input weights.  So degree of degeneracy and index are sums (Sylvester).
    At a critical point W_s^T D = 0: with one output D = 0 and S has one zero, and as many negative
    eigenvalues as alpha (1 - alpha) B.  At zero loss S = 0: it adds k zeros and no negative eigenvalue.
    """
    _require_hidden(network, layer)
    weight, _ = layers(network, theta)[layer]
    if not 0 <= neuron < len(weight):
        raise ValueError(f"neuron must be 0..{len(weight) - 1} in layer {layer}, got {neuron}")
    outgoing = layers(network, theta)[layer + 1][0][:, neuron]
    first, second = slope_and_bend(network, theta, x, layer)  # sigma'(u), sigma''(u): (n, m_l)
    below = features(network, theta, x)[layer]
    below = torch.cat([below, torch.ones_like(below[:, :1])], 1)
    above = error_vectors(network, theta, x, y)[layer + 1]
    mixed = (above * first[:, neuron : neuron + 1]).mT @ below
    curved = below.mT @ (below * ((above @ outgoing) * second[:, neuron]).unsqueeze(1))
    corner = mixed.new_zeros(len(mixed), len(mixed))
    return torch.cat([torch.cat([corner, mixed], 1), torch.cat([mixed.mT, alpha * (1 - alpha) * curved], 1)])


def _require_hidden(network: Network, layer: int) -> None:
    if not 0 <= layer < len(network.widths) - 2:
        raise ValueError(f"layer must be 0..{len(network.widths) - 3}, a hidden one, got {layer}")
