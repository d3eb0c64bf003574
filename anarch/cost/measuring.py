"""Work and memory of what is measured of trained networks."""

import math

from anarch.cost.networks import Network
from anarch.cost.work import Work

LOOK, SLOPE = 500, 1000  # images at once, of `evaluate` and `fgsm_accuracy`, and of gradients and Hessians
TOGETHER = 2**20  # parameters of networks that are evaluated together on a CPU
VECTORS = 5  # as long as the network's, that Lanczos holds at most


def look(network: Network, images: float) -> Work:
    """Outputs of ``images``."""
    return (images / network.batch) * network.step.forward


def slope(network: Network, images: float) -> Work:
    """The gradient over ``images``."""
    return (images / network.batch) * network.step.work


def attack(network: Network, images: float) -> Work:
    """Images displaced along the sign of their own gradient: a forward pass, one back to them, one there."""
    return 3 * look(network, images)


def top_eigenvalue(network: Network, images: int, tolerance: float, at_once: int = SLOPE) -> Work:
    """The top Hessian eigenvalue over ``images``."""
    batch = min(at_once, images)
    return (iterations(tolerance) * images / batch) * network.curvature(batch).work


def iterations(tolerance: float) -> float:
    """Hessian-vector products that Lanczos takes: an estimate, for only the spectrum can tell."""
    return min(100.0, 8 * math.log10(10 / tolerance))


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
    chunk = min(directions, max(1, min(128, TOGETHER // network.size.parameters)))
    return 4 * chunk * network.size.bytes


def evaluations(directions: int, cutoffs: int, tolerance: float = 1e-4) -> float:
    """Networks evaluated for basin radii in so many ``directions``: a scan outwards, then each crossing.

    An estimate: about seven radii of the scan, whose ratio is 1.5, and an enclosure of each cutoff's crossing
    by interpolation, whose number of steps grows like log log (1 / tolerance).
    """
    return directions * (7 + cutoffs * (1 + math.log2(math.log2(1 / tolerance))))
