"""Batch norm at evaluation is a fixed scale and shift; here it becomes part of the weights."""

from collections import Counter

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from anarch.foreign import retold
from anarch.lifting.dense import as_linear

_Absorbing = nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d


class Scale(nn.Module):
    """weight * x + bias for each channel: a batch norm that follows no layer of its own (DenseNet)."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, ...) -> (N, C, ...)."""
        shape = (1, -1, *[1] * (x.ndim - 2))
        return self.weight.view(shape) * x + self.bias.view(shape)


@torch.no_grad()
def folded(model: nn.Module) -> fx.GraphModule:
    """A float64 copy of ``model`` without batch norm and with the outputs of its evaluation mode.

    With s = gamma / sqrt(var + eps), a batch norm right after a convolution or linear layer that feeds
    nothing else is absorbed: W <- s W, b <- s (b - mean) + beta.  Any other becomes a `Scale`.

    A lifted layer is one linear layer, see `anarch.lifting.dense.as_linear`.

    Raises:
        ValueError: torch.fx cannot trace ``model``, or a batch norm keeps no running statistics.
    """
    network = _traced(as_linear(model).double().eval())
    calls = Counter(node.target for node in network.graph.nodes if node.op == "call_module")
    for node in list(network.graph.nodes):
        module = called_module(network, node)
        if not isinstance(module, _BatchNorm):
            continue
        scale, shift = _affine(module, node.target)
        before = node.all_input_nodes[0]
        layer = called_module(network, before)
        once = len(before.users) == 1 and calls[before.target] == calls[node.target] == 1
        if isinstance(layer, _Absorbing) and "weight" in layer._parameters and once:
            _absorb(layer, scale, shift)
            node.replace_all_uses_with(before)
            network.graph.erase_node(node)
        else:
            network.add_submodule(str(node.target), Scale(scale, shift))
    network.delete_all_unused_submodules()
    network.recompile()
    return network


def called_module(network: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The module that ``node`` calls, None if it calls none."""
    return network.get_submodule(str(node.target)) if node.op == "call_module" else None


def _traced(model: nn.Module) -> fx.GraphModule:
    if fx.Tracer().is_leaf_module(model, ""):  # fx would look inside a single layer
        model = nn.Sequential(model)
    with retold(f"torch.fx cannot trace this {type(model).__name__}, which must not branch on data"):
        return fx.symbolic_trace(model)


def _affine(norm: _BatchNorm, name: object) -> tuple[Tensor, Tensor]:
    """Scale and shift (C,) of a batch norm at evaluation."""
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError(f"batch norm {name!r} keeps no running statistics: it is no fixed scale and shift")
    scale = (norm.running_var + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight
    shift = -norm.running_mean * scale
    return scale, shift if norm.bias is None else shift + norm.bias


def _absorb(layer: _Absorbing, scale: Tensor, shift: Tensor) -> None:
    layer.weight = nn.Parameter(layer.weight * scale.view(-1, *[1] * (layer.weight.ndim - 1)))
    layer.bias = nn.Parameter(shift if layer.bias is None else scale * layer.bias + shift)
