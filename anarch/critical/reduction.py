"""Reduction at a critical point: neurons of one orientation become one (embedding, Sec. 3.2, Fig. 5)."""

from dataclasses import dataclass, replace

import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from torch import Tensor

from anarch.critical.descent import Net, TwoLayer


@dataclass(frozen=True)
class Groups:
    """The neurons of a network by orientation of their input weights, largest group first."""

    members: list[Tensor]  # int64, indices of neurons, one tensor per group
    dropped: Tensor  # int64, neurons of low amplitude

    def order(self) -> Tensor:
        """Neurons group by group, those of low amplitude last: the axes of Fig. 5(b)."""
        return torch.cat([*self.members, self.dropped])


def amplitudes(net: TwoLayer) -> Tensor:
    """|a_k| |(w_k, b_k)| of every neuron (m,): what it can add to the output, for ReLU exactly."""
    return net.outer.norm(dim=1) * net.inner.norm(dim=1)


def orientations(net: TwoLayer) -> Tensor:
    """Cosine of every two neurons' input weights (w, b), (m, m); 0 for a neuron without any."""
    length = net.inner.double().norm(dim=1, keepdim=True)
    unit = torch.where(length > 0, net.inner.double() / length, 0.0)
    return (unit @ unit.T).clamp(-1, 1)


def group(net: TwoLayer, *, cosine: float = 0.9, low_amplitude: float = 1e-2, mirror: bool = False) -> Groups:
    """Groups in which every two neurons have a cosine of at least ``cosine`` (Fig. 5b).

    Complete linkage: the largest distance 1 - cosine within a group stays below 1 - ``cosine``.  Neurons with
    less than ``low_amplitude`` times the largest amplitude are dropped first.  ``mirror``: opposite
    orientations count as one (for an odd sigma such as tanh they are the same neuron).

    Raises:
        ValueError: ``cosine`` outside (-1, 1] or ``low_amplitude`` outside [0, 1).
    """
    if not -1 < cosine <= 1 or not 0 <= low_amplitude < 1:
        raise ValueError(
            f"cosine must lie in (-1, 1] and low_amplitude in [0, 1), got {cosine} and {low_amplitude}"
        )
    size = amplitudes(net)
    kept = (size >= low_amplitude * size.max()) & (size > 0)
    rows = kept.nonzero().squeeze(1)
    dropped = (~kept).nonzero().squeeze(1)
    if len(rows) < 2:
        return Groups([rows] if len(rows) else [], dropped)
    similarity = orientations(net)[rows][:, rows]
    distance = 1 - (similarity.abs() if mirror else similarity)
    distance.fill_diagonal_(0)
    tree = linkage(squareform(distance.cpu().numpy(), checks=False), "complete")
    # 1e-9: cosines of exact copies differ from 1 by round-off
    labels = torch.from_numpy(fcluster(tree, 1 - cosine + 1e-9, "distance"))
    members = [rows[labels == label] for label in labels.unique()]
    return Groups(sorted(members, key=lambda m: (-len(m), int(m[0]))), dropped)


def merge(net: Net, groups: Groups, generator: torch.Generator) -> Net:
    """One neuron a group: a random j of it, with a_j <- sum_k a_k |(w_k, b_k)| / |(w_j, b_j)| (Sec. 3.2).

    Exact for ReLU where the orientations in a group coincide.  For tanh, which is odd but not homogeneous,
    the factor is the sign of the cosine to j, and it is exact where the input weights coincide up to sign.
    Neurons of low amplitude are left out.
    """
    if not groups.members:
        raise ValueError("there is no neuron left to keep: lower low_amplitude")
    inner, outer = [], []
    for members in groups.members:
        j = members[int(torch.randint(len(members), (1,), generator=generator))]
        factors = _shares(net, members, j)
        inner.append(net.inner[j])
        outer.append((factors.unsqueeze(1) * net.outer[members]).sum(0))
    return replace(net, inner=torch.stack(inner), outer=torch.stack(outer))


def agreement(a: Tensor, b: Tensor) -> tuple[float, Tensor]:
    """Share (0 to 1) of samples with the same prediction, and the counts of pairs (d', d') of Fig. 5(d).

    ``a``, ``b``: outputs (n, d'); the prediction is the largest.  Rows of the counts: prediction by ``a``.
    """
    if a.shape != b.shape or a.ndim != 2 or not len(a):
        raise ValueError(
            f"two outputs of one shape (n, d') are needed, got {tuple(a.shape)} and {tuple(b.shape)}"
        )
    first, second = a.argmax(1), b.argmax(1)
    classes = a.shape[1]
    counts = torch.bincount(first * classes + second, minlength=classes**2).view(classes, classes)
    return counts.diagonal().sum().item() / len(a), counts


def _shares(net: TwoLayer, members: Tensor, j: Tensor) -> Tensor:
    chosen, rows = net.inner[j], net.inner[members]
    if net.activation == "tanh":
        return torch.where(rows @ chosen < 0, -1.0, 1.0).to(rows)
    return rows.norm(dim=1) / chosen.norm()
