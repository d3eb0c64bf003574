"""Architectural bias and the loss landscape: lifting, landscape measures and critical embeddings for PyTorch.

The names below are what a researcher imports.  They are looked up on first use, so that the workflow,
the figures and the report can import ``anarch`` without loading torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what type checkers and editors see of the names below
    from anarch.complexity.description_length import description_length_bound
    from anarch.complexity.distance import model_distance
    from anarch.complexity.norms import path_norm
    from anarch.complexity.robustness import fgsm_accuracy
    from anarch.critical.splitting import split_neuron
    from anarch.data.corruption import randomly_labelled
    from anarch.landscape.basins import basin_radii
    from anarch.landscape.gradient import gradient_norm
    from anarch.landscape.hessian import top_hessian_eigenvalue
    from anarch.landscape.volume import log_volume
    from anarch.lifting.locality import deviation, local_part, off_local_part
    from anarch.lifting.walk import lift
    from anarch.training.beta_lasso import BetaLasso

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

__all__ = [
    "BetaLasso",
    "basin_radii",
    "description_length_bound",
    "deviation",
    "fgsm_accuracy",
    "gradient_norm",
    "lift",
    "local_part",
    "log_volume",
    "model_distance",
    "off_local_part",
    "path_norm",
    "randomly_labelled",
    "split_neuron",
    "top_hessian_eigenvalue",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(
            f"module 'anarch' has no attribute {name!r}; it offers {', '.join(sorted(_HOMES))}"
        )
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
