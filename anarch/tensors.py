"""Is a value a tensor, and are its numbers finite?"""

from typing import Any

import torch
from torch import Tensor


def require_tensor(name: str, value: Any) -> None:
    """ValueError unless ``value`` is a tensor."""
    if not isinstance(value, Tensor):
        kind = f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
        raise ValueError(f"{name} must be a torch.Tensor, got {kind}; torch.as_tensor makes one")


def require_finite(name: str, values: Tensor) -> None:
    """ValueError if ``values`` (N, ...) hold an infinity or something that is not a number."""
    if not values.is_floating_point():
        return
    # A sum is not finite if a term is not, and takes no memory; a finite sum of finite terms may overflow.
    if values.sum(dtype=torch.float64).isfinite():
        return
    rows = (~values.isfinite()).reshape(len(values), -1).any(1).nonzero().flatten()
    if len(rows):
        raise ValueError(
            f"{name} must be finite: {len(rows)} of {len(values)} rows are not, first row {int(rows[0])}"
        )
