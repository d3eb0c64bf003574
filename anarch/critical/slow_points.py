"""The slow points of a training: where the gradient is smallest along the path (embedding, Sec. 3.2)."""

from collections.abc import Sequence
from itertools import pairwise


def slow_points(steps: Sequence[int], gradient_norms: Sequence[float], *, factor: float = 1.4) -> list[int]:
    """Indices k where the gradient is smallest of all from steps[k] / ``factor`` to ``factor`` steps[k].

    The paper looks for an interval where the loss decays very slowly and takes the point of smallest L1 norm
    there; a minimum of that norm over a stretch of logarithmic time is both.  A stretch must lie within the
    training: neither its start, beside the critical point 0, nor its end is such a point by itself.

    Raises:
        ValueError: lists of different lengths, steps that do not increase, or a factor of 1 or less.
    """
    if len(steps) != len(gradient_norms) or any(a >= b for a, b in pairwise(steps)):
        raise ValueError(
            f"increasing steps and as many gradient norms are needed, got {len(steps)} and "
            f"{len(gradient_norms)}"
        )
    if not factor > 1:
        raise ValueError(f"factor must be above 1, got {factor}")
    indices = []
    for k, step in enumerate(steps):
        first, last = step / factor, step * factor
        if step == 0 or first < steps[0] or last > steps[-1]:
            continue
        near = [j for j, other in enumerate(steps) if j != k and first <= other <= last]
        left, right = any(j < k for j in near), any(j > k for j in near)
        if left and right and all(gradient_norms[k] < gradient_norms[j] for j in near):
            indices.append(k)
    return indices
