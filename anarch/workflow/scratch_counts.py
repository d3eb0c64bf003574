"""How many weights the networks of scratch have: the formulas of Tabs. 3 and 4, exact for every input shape.

Words: a network is "s_conv" or "d_conv", its connectivity "conv", "local" or "fc"; weights are entries of
kernels and matrices, without biases and batch norm.  Layers are conv1, ..., fc1, fc2 as in the tables.
"""

from collections.abc import Iterator
from typing import NamedTuple

CONNECTIVITIES = ("conv", "local", "fc")


class Row(NamedTuple):
    """A convolution: channels in units of alpha, kernel, stride; zero padding is kernel // 2."""

    channels: int
    kernel: int
    stride: int


CONVOLUTIONS = {
    "s_conv": (Row(1, 9, 2),),
    "d_conv": (
        Row(1, 3, 1),
        Row(2, 3, 2),
        Row(2, 3, 1),
        Row(4, 3, 2),
        Row(4, 3, 1),
        Row(8, 3, 2),
        Row(8, 3, 1),
        Row(16, 3, 2),
    ),
}
HIDDEN = {"s_conv": 24, "d_conv": 64}  # width of fc1 in units of alpha


class Layer(NamedTuple):
    """One layer of a network with its maps (channels, height, width)."""

    name: str
    inputs: tuple[int, int, int]
    outputs: tuple[int, int, int]
    row: Row | None  # None: linear


def weights(
    network: str,
    connectivity: str,
    alpha: int,
    *,
    input_shape: tuple[int, int, int] = (3, 32, 32),
    classes: int = 10,
    padding_taps: bool = False,
) -> dict[str, int]:
    """Weights by layer.  ``padding_taps``: a local layer also has those that meet nothing but zero padding.

    With them are the paper's formulas: conv1 of S-LOCAL has 81 * 3 s^2 alpha / 4, of which 13 % never act at
    s = 32.

    Raises:
        ValueError: an unknown network or connectivity, or a number below 1.
    """
    if connectivity not in CONNECTIVITIES:
        raise ValueError(f"connectivity must be one of {', '.join(CONNECTIVITIES)}, got {connectivity!r}")
    counts = {}
    for layer in _layers(network, alpha, input_shape, classes):
        if layer.row is None or connectivity == "fc":
            counts[layer.name] = _size(layer.inputs) * _size(layer.outputs)
        else:
            kernels = layer.inputs[0] * layer.outputs[0]
            counts[layer.name] = kernels * _taps(layer.inputs, layer.row, connectivity, padding_taps)
    return counts


def parameters(
    network: str,
    connectivity: str,
    alpha: int,
    *,
    input_shape: tuple[int, int, int] = (3, 32, 32),
    classes: int = 10,
    norm: str = "channel",
) -> int:
    """All trained numbers: weights that act, two of batch norm for each of its features, biases of fc2.

    ``norm``: what a feature is, a "channel" or a "unit", as in `anarch.models.s_conv`.
    """
    layers = list(_layers(network, alpha, input_shape, classes))
    features = [_size(at.outputs) if norm == "unit" else at.outputs[0] for at in layers[:-1]]
    counts = weights(network, connectivity, alpha, input_shape=input_shape, classes=classes)
    return sum(counts.values()) + 2 * sum(features) + classes


def three_fc(width: int, *, input_shape: tuple[int, int, int] = (3, 32, 32), classes: int = 10) -> int:
    """Weights of 3-FC, two hidden layers of ``width`` (scratch, Fig. 2)."""
    return width * (_size(input_shape) + width + classes)


def printed_d_local(alpha: int, *, size: int = 32, classes: int = 10) -> int:
    """The total that Tab. 3 prints for D-LOCAL: 13 s^2 alpha^2 + (27 s^2 + 64 c) alpha.

    An error of the paper: its conv3 to conv8 (9 s^2 alpha^2 / 4, / 8, ...) forget that channels grow as maps
    shrink.  The true sum has 49 s^2 alpha^2; at alpha = 15 that is 11.71 M against 3.42 M, as in Tab. 1.
    """
    return 13 * size**2 * alpha**2 + (27 * size**2 + 64 * classes) * alpha


def _layers(network: str, alpha: int, input_shape: tuple[int, int, int], classes: int) -> Iterator[Layer]:
    if network not in CONVOLUTIONS:
        raise ValueError(f"network must be one of {', '.join(CONVOLUTIONS)}, got {network!r}")
    if min(alpha, classes, *input_shape) < 1:
        raise ValueError(
            f"alpha, classes and sizes must be 1 or more, got {alpha}, {classes} and {tuple(input_shape)}"
        )
    inputs = input_shape
    for number, row in enumerate(CONVOLUTIONS[network], start=1):
        outputs = (row.channels * alpha, -(-inputs[1] // row.stride), -(-inputs[2] // row.stride))
        yield Layer(f"conv{number}", inputs, outputs, row)
        inputs = outputs
    hidden = (HIDDEN[network] * alpha, 1, 1)
    yield Layer("fc1", inputs, hidden, None)
    yield Layer("fc2", hidden, (classes, 1, 1), None)


def _taps(inputs: tuple[int, int, int], row: Row, connectivity: str, padding_taps: bool) -> int:
    """Weights that one output channel has for one input channel."""
    if connectivity == "conv":
        return row.kernel**2
    down, across = (_taps_along(size, row, padding_taps) for size in inputs[1:])
    return down * across


def _taps_along(size: int, row: Row, padding_taps: bool) -> int:
    """Taps of all positions along one axis; the kernel of position p starts at p * stride - kernel // 2."""
    starts = (p * row.stride - row.kernel // 2 for p in range(-(-size // row.stride)))
    if padding_taps:
        return sum(row.kernel for _ in starts)
    return sum(min(start + row.kernel, size) - max(start, 0) for start in starts)


def _size(shape: tuple[int, int, int]) -> int:
    channels, height, width = shape
    return channels * height * width
