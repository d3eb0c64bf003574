"""Measures on the device in float32 against the CPU in float64."""

import copy
from collections.abc import Callable

import device_networks as networks
import pytest
import torch
from torch import Tensor, nn

from anarch.complexity.norms import frobenius_norm, path_norm
from anarch.complexity.robustness import fgsm_accuracy, input_margins, margins
from anarch.landscape.basins import radii_at_cutoffs
from anarch.landscape.gradient import gradient_norm
from anarch.landscape.hessian import top_eigenvalue
from anarch.landscape.surface import Slice, slice_scores
from anarch.lifting.locality import deviation

NETWORKS = {
    "cnn": networks.cnn,
    "efcn": lambda: networks.cnn("fully_connected"),
    "elcn": lambda: networks.cnn("locally_connected"),
    "resnet": networks.resnet,
}
Measure = Callable[[nn.Module, Tensor, Tensor], Tensor | float]
MEASURES: dict[str, tuple[Measure, float]] = {  # each with the relative error that float32 is allowed
    "gradient_norm": (gradient_norm, 1e-4),
    "top_eigenvalue": (lambda model, x, y: top_eigenvalue(model, x, y, tol=1e-3).value, 1e-2),
    "radii": (
        lambda model, x, y: radii_at_cutoffs(model, x, y, (2.6, 4.0), 3, tolerance=1e-3).radii,
        1e-2,
    ),
    "surface": (
        lambda model, x, y: slice_scores(model, Slice(seed=0), torch.tensor([[0.0, 0.0], [0.3, -0.2]]), x, y),
        1e-3,
    ),
    "frobenius_norm": (lambda model, x, y: frobenius_norm(model), 1e-5),
    "path_norm": (lambda model, x, y: path_norm(model, networks.SHAPE, 2), 1e-4),
    "margins": (margins, 1e-3),
    "input_margins": (input_margins, 1e-2),
}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_measure_on_the_device_is_that_of_the_cpu(kind: str, measure: str, device: torch.device) -> None:
    function, allowed = MEASURES[measure]
    model = NETWORKS[kind]().eval()
    x, y = networks.batch(20)
    exact = torch.as_tensor(function(copy.deepcopy(model).double(), x, y), dtype=torch.float64)
    there = torch.as_tensor(function(model.to(device), x.float().to(device), y.to(device)))
    scale = exact[exact.isfinite()].abs().max().item()
    assert torch.allclose(there.double().cpu(), exact, rtol=allowed, atol=allowed * scale)


@pytest.mark.parametrize("kind", NETWORKS)
def test_adversarial_accuracy_on_the_device_is_that_of_the_cpu(kind: str, device: torch.device) -> None:
    """A count over 20 images: one of them may lie on the edge."""
    model = NETWORKS[kind]().eval()
    x, y = networks.batch(20)
    pixels = x.sigmoid()
    exact = fgsm_accuracy(copy.deepcopy(model).double(), pixels, y, 0.01, [0.0] * 3, [1.0] * 3)
    there = fgsm_accuracy(
        model.to(device), pixels.float().to(device), y.to(device), 0.01, [0.0] * 3, [1.0] * 3
    )
    assert abs(there - exact) <= 0.05 + 1e-9


def test_deviation_on_the_device_is_that_of_the_cpu(device: torch.device) -> None:
    lifted = networks.cnn("fully_connected")
    with torch.no_grad():
        for p in lifted.parameters():
            p.add_(0.01 * torch.randn(p.shape, generator=torch.Generator().manual_seed(0)))
    assert deviation(lifted.to(device)) == pytest.approx(
        deviation(copy.deepcopy(lifted).double().cpu()), rel=1e-5
    )
