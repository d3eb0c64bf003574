"""Exact zeros of a trained network, and the same network as sparse tensors (scratch, Secs. 4.1 and 5)."""

import time
import warnings
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerCount:
    """Weights of one layer; biases and batch norm are not counted."""

    layer: str
    nonzero: int
    weights: int


def nonzero_weights(model: nn.Module) -> list[LayerCount]:
    """Weights that are not exactly zero, of each module whose weight has two axes or more, in model order."""
    return [
        LayerCount(name, int(module.weight.detach().count_nonzero()), module.weight.numel())
        for name, module in model.named_modules()
        if isinstance(getattr(module, "weight", None), nn.Parameter) and module.weight.ndim > 1
    ]


class SparseLinear(nn.Module):
    """A linear layer that stores its non-zero weights only, for inference: (N, ...) -> (N, *outputs).

    Compressed rows with 32-bit indices: 8 bytes for a non-zero weight in float32, and 4 for a row.

    Args:
        weight: (m, k), dense; its exact zeros are dropped.
        bias: (m,) or None.
        outputs: shape of one output, of m numbers in all.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, outputs: tuple[int, ...]):
        super().__init__()
        self.outputs = outputs
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
            dense = weight.detach().to_sparse_csr()
            rows, columns = (t.to(torch.int32) for t in (dense.crow_indices(), dense.col_indices()))
            sparse = torch.sparse_csr_tensor(
                rows, columns, dense.values(), dense.shape, check_invariants=True
            )
        self.register_buffer("weight", sparse)
        self.register_buffer("bias", None if bias is None else bias.detach().clone())

    def forward(self, input: Tensor) -> Tensor:
        units = (self.weight @ input.flatten(1).T).T
        return (units if self.bias is None else units + self.bias).reshape(-1, *self.outputs)


def sparse_network(model: nn.Module) -> nn.Module:
    """A copy of ``model`` with `SparseLinear` layers, for inference on a CPU: equal outputs up to rounding.

    Exported are ``nn.Linear`` and the fully connected layers of a lifted network; convolutions and locally
    connected layers stay dense.  The copy is in evaluation mode and ``model`` is not touched.

    Raises:
        ValueError: there is no such layer.
    """
    copy = deepcopy(model).cpu().eval()
    modules = [(name, module, _outputs(module)) for name, module in copy.named_modules()]
    layers = {name: SparseLinear(m.weight, m.bias, outputs) for name, m, outputs in modules if outputs}
    if not layers:
        raise ValueError(f"this {type(model).__name__} has no linear or fully connected layer to export")
    for name, layer in layers.items():
        if not name:
            return layer
        parent, _, child = name.rpartition(".")
        setattr(copy.get_submodule(parent), child, layer)
    return copy


@dataclass(frozen=True)
class Saving:
    """What `saving` found; ratios are dense over sparse, so above 1 where being sparse pays."""

    dense_bytes: int
    sparse_bytes: int
    dense_seconds: float
    sparse_seconds: float

    @property
    def memory_ratio(self) -> float:
        return self.dense_bytes / self.sparse_bytes

    @property
    def time_ratio(self) -> float:
        return self.dense_seconds / self.sparse_seconds


@torch.no_grad()
def saving(model: nn.Module, x: Tensor, *, repeats: int = 10) -> Saving:
    """Memory of parameters and buffers, and time of a forward pass on ``x``: ``model`` and its sparse copy.

    On the CPU and in evaluation mode; the shortest of ``repeats`` passes each, taken in turns.
    """
    networks = (deepcopy(model).cpu().eval(), sparse_network(model))
    for network in networks:
        network(x)  # the first pass sets up the libraries
    passes = [[_seconds(network, x) for network in networks] for _ in range(repeats)]
    dense, sparse = (min(times) for times in zip(*passes, strict=True))
    return Saving(stored_bytes(networks[0]), stored_bytes(networks[1]), dense, sparse)


def stored_bytes(model: nn.Module) -> int:
    """Bytes of all parameters and buffers; of a sparse one, of its values and indices."""
    return sum(_bytes(tensor) for tensor in (*model.parameters(), *model.buffers()))


def _outputs(module: nn.Module) -> tuple[int, ...]:
    """Shape of one output of a layer that is a dense matrix; empty for all others."""
    if isinstance(module, nn.Linear):
        return (module.out_features,)
    # A lifted layer tells its geometry; that of a locally connected one has more axes than two.
    geometry, weight = getattr(module, "geometry", None), getattr(module, "weight", None)
    return tuple(geometry.outputs) if geometry and weight is not None and weight.ndim == 2 else ()


def _bytes(tensor: Tensor) -> int:
    if tensor.layout == torch.sparse_csr:
        return sum(_bytes(part) for part in (tensor.crow_indices(), tensor.col_indices(), tensor.values()))
    return tensor.numel() * tensor.element_size()


def _seconds(network: nn.Module, x: Tensor) -> float:
    began = time.perf_counter()
    network(x)
    return time.perf_counter() - began
