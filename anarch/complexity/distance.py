"""How far training moved a network: the normalised distance of bad_minima, Sec. 3.3."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

_STATISTICS = {"running_mean", "running_var", "num_batches_tracked"}


def model_distance(a: nn.Module | Mapping[str, Tensor], b: nn.Module | Mapping[str, Tensor]) -> float:
    """d(a, b) = ||a - b||_F / ||a||_F over all parameters, in float64 (bad_minima, Sec. 3.3 and Table 1).

    Of a module its parameters with ``requires_grad`` count; of a mapping, such as a state dict, all tensors
    but the running statistics of batch norm.  The distance is not symmetric: d(a, b) ||a|| = d(b, a) ||b||.

    Raises:
        ValueError: names or shapes differ, there is no parameter, or ||a||_F is 0.
    """
    ours, theirs = _parameters(a), _parameters(b)
    if ours.keys() != theirs.keys():
        only = sorted(ours.keys() ^ theirs.keys())
        raise ValueError(f"both models must have the same parameters; only one has {', '.join(only)}")
    for name, left in ours.items():
        if left.shape != theirs[name].shape:
            raise ValueError(
                f"parameter {name} must have one shape, got {tuple(left.shape)} and "
                f"{tuple(theirs[name].shape)}"
            )
    length = root_sum_of_squares(ours.values())
    if length == 0:
        raise ValueError("the first model is all zeros, so no distance can be measured in units of its norm")
    apart = (left.double() - theirs[name].to(left.device, torch.float64) for name, left in ours.items())
    return root_sum_of_squares(apart) / length


def root_sum_of_squares(tensors: Iterable[Tensor]) -> float:
    """Frobenius norm of all ``tensors`` together, in float64."""
    return sum(float(torch.linalg.vector_norm(t.double())) ** 2 for t in tensors) ** 0.5


def _parameters(model: nn.Module | Mapping[str, Tensor]) -> dict[str, Tensor]:
    if isinstance(model, nn.Module):
        parts = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    else:
        parts = {name: t for name, t in model.items() if name.rpartition(".")[2] not in _STATISTICS}
    if not parts:
        raise ValueError(f"this {type(model).__name__} holds no trainable parameter")
    return parts
