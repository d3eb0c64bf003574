"""The proof that goes with a lifted network: the same outputs, and how much larger its space is (needle)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from anarch.lifting.layers import FullyConnected
from anarch.lifting.locality import local_weights
from anarch.lifting.walk import lifted_layers
from anarch.modes import evaluation_mode
from anarch.tensors import require_finite, require_tensor

_BATCH = 250  # images at once: bounds the memory of the lifted maps


@dataclass(frozen=True)
class Certificate:
    """What `certificate` found."""

    largest_difference: float  # of any output on any image, absolute; NaN if an output is
    cnn_parameters: int  # m
    lifted_parameters: int  # M
    sparsity: float  # share of the M that is exactly zero
    off_local_parameters: int


@torch.no_grad()
def certificate(model: nn.Module, lifted: nn.Module, x: Tensor) -> Certificate:
    """Compare ``model`` with ``lifted`` in evaluation mode on ``x`` (N, C, H, W), in the model's precision.

    Raises:
        ValueError: ``x`` is empty or not finite, or ``lifted`` holds no lifted layer.
    """
    require_tensor("x", x)
    if not len(x):
        raise ValueError("a certificate needs at least one image, got none")
    require_finite("x", x)
    layers = lifted_layers(lifted)
    like = next(model.parameters())
    with evaluation_mode(model, lifted):
        batches = torch.split(x.to(like.device, like.dtype), _BATCH)
        differences = [(model(batch) - lifted(batch)).abs().amax() for batch in batches]
    parameters = sum(p.numel() for p in lifted.parameters())
    nonzero = sum(int(torch.count_nonzero(p)) for p in lifted.parameters())
    off_local = sum(
        layer.weight.numel() - local_weights(layer.geometry)
        for layer in layers.values()
        if isinstance(layer, FullyConnected)
    )
    return Certificate(
        largest_difference=torch.stack(differences).amax().item(),
        cnn_parameters=sum(p.numel() for p in model.parameters()),
        lifted_parameters=parameters,
        sparsity=1 - nonzero / parameters,
        off_local_parameters=off_local,
    )
