"""What the atlas tells of a minimum, on one footing for all studies.

Each measure comes from the one function that its study uses, with the same numbers for every network.
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from anarch.complexity.distance import model_distance, root_sum_of_squares
from anarch.complexity.norms import frobenius_norm, log10_path_norm
from anarch.complexity.robustness import margins
from anarch.complexity.sparsity import nonzero_weights
from anarch.landscape.basins import radii_at_cutoffs
from anarch.landscape.gradient import gradient_norm
from anarch.landscape.hessian import top_eigenvalue
from anarch.landscape.noise import noise_tolerance
from anarch.landscape.surface import point_scores
from anarch.lifting.dense import as_linear
from anarch.lifting.layers import LiftedConv
from anarch.lifting.locality import deviation

TENTH = 0.1  # quantile of the margins that counts: the least is one image's, which may be mislabelled
AT_ONCE = 100  # images of a gradient or product: of the widest networks of the paper scale, 1,000 need 100 GB
Row = dict[str, float | int | bool | None]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How precisely every network is measured."""

    images: int  # first training images that loss, accuracy and gradient are over; 0: all
    points: int  # the same for the top Hessian eigenvalue and the basin, which cost most
    directions: int  # random directions of the basin, and draws of noise
    rise: float  # nats: the basin reaches to where the loss is by so much above the minimum's own
    hessian_tolerance: float  # relative residual at which Lanczos stops
    radius_tolerance: float  # relative width to which a radius is enclosed


def first(x: Tensor, y: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """The first ``number`` of the examples; all, where it is 0."""
    return (x[:number], y[:number]) if number else (x, y)


def landscape(network: nn.Module, x: Tensor, y: Tensor, effort: Effort) -> Row:
    """The training loss around ``network``, in evaluation mode: logits (N, C) of inputs ``x`` (N, ...).

    - gradient_norm: of the mean cross entropy over ``x``, ``y``; see `gradient_norm`
    - hessian_top: over the first ``effort.points`` of them, with its relative residual; see `top_eigenvalue`
    - radius_median, radius_mean: over random filter-normalised directions, to the loss of the network itself
      plus ``effort.rise``, over the same points.  At zero loss that is the basin of blessing, Sec. 5, below
      the cutoff ``effort.rise``; see `radii_at_cutoffs`.  Directions that never reach it count with the
      largest radius looked at, and in radius_censored
    - noise: standard deviation of noise on all parameters that raises the loss by ``effort.rise``, over the
      same points; see `noise_tolerance`
    - margin: tenth part of the margins over ``x``, a margin the logit of the label less the largest other
    """
    points = first(x, y, effort.points)
    top = top_eigenvalue(network, *points, tol=effort.hessian_tolerance, batch_size=AT_ONCE)
    own = {name: parameter.detach()[None] for name, parameter in network.named_parameters()}
    cutoff = point_scores(network, own, *points)[0, 0].item() + effort.rise
    basin = radii_at_cutoffs(
        network, *points, (cutoff,), effort.directions, tolerance=effort.radius_tolerance
    )
    radii = basin.radii[0].clamp(max=basin.largest)
    return {
        "gradient_norm": gradient_norm(network, x, y, batch_size=AT_ONCE),
        "hessian_top": top.value,
        "hessian_residual": top.residual,
        "hessian_converged": top.converged,
        "radius_median": radii.median().item(),
        "radius_mean": radii.mean().item(),
        "radius_censored": int(basin.radii.isinf().sum()),
        "cutoff": cutoff,
        "noise": noise_tolerance(
            network, *points, effort.rise, effort.directions, tolerance=effort.radius_tolerance
        ),
        "margin": margins(network, x, y, batch_size=AT_ONCE).double().quantile(TENTH).item(),
    }


def combined(row: Row) -> Row:
    """What two measures of one network make together.

    - pac_bayes: |theta - theta_0| / noise, the root of twice the divergence of Gaussians of that noise about
      the end and about where training began: the complexity of a PAC-Bayesian bound
    - log10_path2_margin: log10 of the path norm over the margin, by which it bounds errors; None of a network
      whose margin is 0 or less
    """
    way, noise, path, margin = (row[name] for name in ("way", "noise", "log10_path2", "margin"))
    assert way is not None and noise is not None and margin is not None
    return {
        "pac_bayes": way / noise if noise > 0 else None,
        "log10_path2_margin": path - math.log10(margin) if path is not None and margin > 0 else None,
    }


def weights(network: nn.Module, initial: nn.Module, input_shape: tuple[int, ...]) -> Row:
    """Of the parameters of ``network`` alone, and of its way from ``initial``.

    - frobenius, log10_path1, log10_path2: as in bad_minima, Fig. 5; a lifted layer counts as its matrix, and
      a network without layers (the linear model on products of pixels) has no paths: None
    - distance: |theta - theta_0| / |theta|, as in bad_minima, Table 1; way: |theta - theta_0| itself
    - deviation: needle's delta; None of a network that is not lifted
    - sparsity: share of weights (no biases, no norms) that are exactly 0, as scratch counts them
    """
    counts = nonzero_weights(network)
    lifted = any(isinstance(module, LiftedConv) for module in network.modules())
    return {
        "frobenius": frobenius_norm(network),
        "log10_path1": _path(network, input_shape, 1),
        "log10_path2": _path(network, input_shape, 2),
        "distance": model_distance(network, initial),
        "way": root_sum_of_squares(
            (p - q).detach() for p, q in zip(network.parameters(), initial.parameters(), strict=True)
        ),
        "deviation": deviation(network) if lifted else None,
        "sparsity": 1 - sum(c.nonzero for c in counts) / sum(c.weights for c in counts),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }


def _path(network: nn.Module, input_shape: tuple[int, ...], p: int) -> float | None:
    plain = as_linear(network)
    layered = any(isinstance(module, (nn.Linear, _ConvNd)) for module in plain.modules())
    return log10_path_norm(plain, input_shape, p) if layered else None
