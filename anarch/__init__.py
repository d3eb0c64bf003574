"""Architectural bias and the loss landscape: lifting, landscape measures and critical embeddings for PyTorch.

The names below are what a researcher imports.  They are looked up on first use, so that the workflow,
the figures and the report can import ``anarch`` without loading torch.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "lift": "anarch.lifting.walk",
    "deviation": "anarch.lifting.locality",
    "local_part": "anarch.lifting.locality",
    "off_local_part": "anarch.lifting.locality",
    "gradient_norm": "anarch.landscape.gradient",
    "top_hessian_eigenvalue": "anarch.landscape.hessian",
    "randomly_labelled": "anarch.data.corruption",
    "model_distance": "anarch.complexity.distance",
    "path_norm": "anarch.complexity.norms",
    "fgsm_accuracy": "anarch.complexity.robustness",
    "basin_radii": "anarch.landscape.basins",
    "log_volume": "anarch.landscape.volume",
    "BetaLasso": "anarch.training.beta_lasso",
    "description_length_bound": "anarch.complexity.description_length",
    "split_neuron": "anarch.critical.splitting",
}

__all__ = list(_HOMES)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(
            f"module 'anarch' has no attribute {name!r}; it offers {', '.join(sorted(_HOMES))}"
        )
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
