"""Norms of the weights: Frobenius and path norms (bad_minima, Fig. 5)."""

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.dropout import _DropoutNd

from anarch.complexity.distance import root_sum_of_squares
from anarch.complexity.folding import Scale, called_module, folded
from anarch.foreign import retold

_WEIGHTED = (nn.Linear, _ConvNd, Scale)
# What leaves numbers that are not negative as they are, moves them among zeros, or takes the largest.
_NEUTRAL = (
    nn.Identity, nn.Flatten, nn.Unflatten, _DropoutNd, nn.ReLU, nn.LeakyReLU, nn.PReLU,
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool2d, nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d,
)  # fmt: skip
_NEUTRAL_FUNCTIONS = {
    torch.cat, torch.flatten, torch.relu, F.relu, F.leaky_relu, F.max_pool2d, F.dropout,
    torch.squeeze, torch.unsqueeze, torch.permute, torch.transpose, torch.sum,
    "flatten", "view", "reshape", "contiguous", "relu", "relu_", "squeeze", "unsqueeze", "permute",
    "transpose", "sum", operator.getitem,
}  # fmt: skip
_WINDOW = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
_MEANS = {torch.mean, "mean"}
_SUMS = {operator.add, operator.iadd, torch.add, "add"}


def frobenius_norm(model: nn.Module) -> float:
    """sqrt(sum of all squared parameters), in float64: batch norm's as they are (see `folding.folded`)."""
    return root_sum_of_squares(parameter.detach() for parameter in model.parameters())


def path_norm(model: nn.Module, input_shape: tuple[int, ...], p: int) -> float:
    """(sum over all paths from an input to an output of the product of |w|^p)^(1/p): bad_minima, Fig. 5.

    Batch norm is folded into the weights first; biases and shifts are dropped.  An average counts as weights
    (1 / window each), the identity of a shortcut as the weight 1, a leaky ReLU as its steeper side.  A max
    pooling lets one input of each window through: the norm is that of the choice with most paths (the
    largest over all choices), which is what the usual code computes, and not the sum over all of the window.

    Args:
        model: a network that torch.fx can trace, lifted or not; it is left as it was.
        input_shape: of one input, without the batch: (C, H, W).
        p: 1 or 2.

    Returns:
        The norm; infinity where it is above float64's range: see `log10_path_norm`.

    Raises:
        ValueError: another p, torch.fx cannot trace ``model``, or it holds something through which paths have
            no weights.
    """
    try:
        return 10.0 ** log10_path_norm(model, input_shape, p)
    except OverflowError:
        return math.inf


@torch.no_grad()
def log10_path_norm(model: nn.Module, input_shape: tuple[int, ...], p: int) -> float:
    """Decimal logarithm of `path_norm`, which may be far above float64's range; -inf if no path has weight.

    Raises:
        ValueError: as `path_norm` does, or the sum over paths is not finite or above 1e600.
    """
    if p not in (1, 2):
        raise ValueError(f"p must be 1 or 2, got {p}")
    network = _path_network(model, p)
    # The network is homogeneous: 2^shift at its input is 2^shift at its output.
    for shift in (0, -1000, 1000):
        total = _summed_outputs(network, input_shape, 2.0**shift)
        if 1e-290 < total < math.inf:
            return (math.log10(total) - shift * math.log10(2)) / p
    if total == 0:
        return -math.inf
    raise ValueError(f"the sum over paths is beyond 1e600, or weights are not finite: {total}")


def _summed_outputs(network: fx.GraphModule, input_shape: tuple[int, ...], level: float) -> float:
    device = next((parameter.device for parameter in network.parameters()), None)
    inputs = torch.full((1, *input_shape), level, dtype=torch.float64, device=device)
    with retold(f"the model cannot take inputs of shape {tuple(input_shape)}"):
        return float(network(inputs).sum())


def _path_network(model: nn.Module, p: int) -> fx.GraphModule:
    """A copy of ``model`` that maps ones to the sums over the paths to each output of prod |w|^p."""
    network = folded(model)
    for layer in network.modules():
        if isinstance(layer, _WEIGHTED):
            layer.weight.abs_().pow_(p)
            if layer.bias is not None:
                layer.bias.zero_()
    sizes: set[fx.Node] = set()
    for node in network.graph.nodes:
        module = called_module(network, node)
        if _is_size(node, sizes):
            sizes.add(node)
        elif isinstance(module, nn.AvgPool2d):
            options = {name: getattr(module, name) for name in _WINDOW}
            _call(node, _powered_average, node.args, options | {"p": p})
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            _call(node, _powered_adaptive_average, (*node.args, module.output_size), {"p": p})
        elif node.target is F.avg_pool2d:
            _call(node, _powered_average, node.args, node.kwargs | {"p": p})
        elif node.target is F.adaptive_avg_pool2d:
            _call(node, _powered_adaptive_average, node.args, node.kwargs | {"p": p})
        elif node.target in _MEANS:
            _call(node, _powered_mean, node.args, node.kwargs | {"p": p})
        else:
            _refuse_unweighted(node, module)
    network.recompile()
    return network


def _is_size(node: fx.Node, sizes: set[fx.Node]) -> bool:
    """Whether ``node`` is a number or numbers made of the sizes of maps, such as ``h.size(0)``."""
    if node.target == "size" or (node.target is getattr and node.args[1] in ("shape", "ndim")):
        return True
    return bool(node.all_input_nodes) and sizes.issuperset(node.all_input_nodes)


def _call(
    node: fx.Node, function: Callable[..., Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    node.op, node.target, node.args, node.kwargs = "call_function", function, args, kwargs


def _powered_average(
    x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None, *, p: int,
) -> Tensor:  # fmt: skip
    """Average pooling with its weights, 1 / divisor for each window, to the power p."""
    pool = partial(F.avg_pool2d, kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    average = partial(pool, count_include_pad=count_include_pad, divisor_override=divisor_override)
    ones = torch.ones_like(x)
    return average(x) * (average(ones) / pool(ones, divisor_override=1)) ** (p - 1)


def _powered_adaptive_average(x: Tensor, output_size: Any, *, p: int) -> Tensor:
    """The same for windows that differ in size: the pooling is a matrix for each axis of the map."""
    wanted = output_size if isinstance(output_size, tuple) else (output_size, output_size)
    rows, columns = (
        F.adaptive_avg_pool1d(torch.eye(size, dtype=x.dtype, device=x.device)[None], out or size)[0] ** p
        for size, out in zip(x.shape[2:], wanted, strict=True)
    )
    return torch.einsum("nchw,hi,wj->ncij", x, rows, columns)


def _powered_mean(x: Tensor, dim: Any = None, keepdim: bool = False, *, p: int) -> Tensor:
    """A mean with its weights, 1 / n each, to the power p."""
    total = x.sum(dim, keepdim)
    return total * (total.numel() / x.numel()) ** p


def _refuse_unweighted(node: fx.Node, module: nn.Module | None) -> None:
    """ValueError unless what ``node`` does to sums over paths is what it does to activations."""
    if node.op in ("placeholder", "output") or isinstance(module, (*_WEIGHTED, *_NEUTRAL)):
        return
    terms = (*node.args, *node.kwargs.values())
    is_sum = node.target in _SUMS and all(isinstance(term, fx.Node) for term in terms)
    if is_sum or node.target in _NEUTRAL_FUNCTIONS:
        return
    if node.op == "get_attr":
        raise ValueError(
            f"the parameter {node.target!r} is used outside of a layer: paths there have no weights"
        )
    what = type(module).__name__ if module is not None else getattr(node.target, "__name__", node.target)
    raise ValueError(
        f"paths through {node.name!r} ({what}) have no weights; allowed: linear layers, convolutions, "
        "batch norm, ReLUs, poolings, means, sums and concatenations"
    )
