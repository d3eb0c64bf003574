"""Work and memory of what is measured of trained networks."""

import math

from anarch.cost.networks import FLOAT, Network
from anarch.cost.work import Work
from anarch.landscape.gradient import AT_ONCE as SLOPE
from anarch.landscape.surface import NETWORKS_AT_ONCE, PARAMETERS_AT_ONCE

VECTORS = 5  # as long as the network's, that Lanczos holds at most


def look(network: Network, images: float) -> Work:
    """Outputs of ``images``."""
    return (images / network.batch) * network.step.forward


def slope(network: Network, images: float) -> Work:
    """The gradient over ``images``."""
    return (images / network.batch) * network.step.work


def top_eigenvalue(network: Network, images: int, tolerance: float, at_once: int = SLOPE) -> Work:
    """The top Hessian eigenvalue over ``images``."""
    batch = min(at_once, images)
    return (iterations(tolerance) * images / batch) * network.curvature(batch).work


def iterations(tolerance: float) -> float:
    """Hessian-vector products that Lanczos takes: an estimate, for only the spectrum can tell."""
    return min(100.0, 8 * math.log10(10 / tolerance))


def evaluations(directions: int, cutoffs: int = 1, tolerance: float = 1e-4) -> float:
    """Networks evaluated for basin radii in so many ``directions``: a scan outwards, then each crossing.

    An estimate: about seven radii of the scan, whose ratio is 1.5, and an enclosure of each cutoff's crossing
    by interpolation, whose number of steps grows like log log (1 / tolerance).
    """
    return directions * (7 + cutoffs * (1 + math.log2(math.log2(1 / tolerance))))


def look_memory(network: Network, images: int) -> float:
    """Bytes beside the weights of a forward pass without gradients: a layer's maps, and half as much."""
    return images / network.batch * 1.5 * network.step.widest


def slope_memory(network: Network, images: int) -> float:
    """Bytes of the activations of ``images``."""
    return images / network.batch * network.step.activations


def curvature_memory(network: Network, images: int, at_once: int = SLOPE) -> float:
    """Bytes of Lanczos: the network, its vectors, and a product over a batch."""
    size = network.size
    return size.stored + VECTORS * size.bytes + network.curvature(min(at_once, images)).peak


def displaced_memory(network: Network, directions: int) -> float:
    """Bytes of directions and of the displaced networks of a chunk, as many as a CPU takes at once."""
    return 4 * min(directions, together(network.size.parameters)) * FLOAT * network.size.parameters


def together(parameters: int) -> int:
    """Networks of so many ``parameters`` that are evaluated at once."""
    return min(NETWORKS_AT_ONCE, max(1, PARAMETERS_AT_ONCE // parameters))
