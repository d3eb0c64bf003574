"""Networks: options that an architecture does not take, and images that it cannot."""

from collections.abc import Sequence

from anarch.workflow.datasets import Images, images
from anarch.workflow.own_modules import is_dotted, require_defined
from anarch.workflow.specs import DataSpec, Model
from anarch.workflow.validation.options import check_types
from anarch.workflow.without_torch import Call, WithoutTorch

_LARGE = 1024  # pixels a side, where only a user's file tells how many: enough for every architecture
_CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding")


def layers(key: str, model: Model, data: DataSpec, library: WithoutTorch) -> Sequence[Call]:
    """What the network of ``model``, the config's ``key``, is made of for the images of ``data``.

    Raises:
        ValueError: there is no such architecture, or it refuses an option or the images.
    """
    shape = _shape(images(data), data)
    wanted = (model.architecture, shape, images(data).classes)
    home, _, name = f"anarch.models.{model.architecture}.{model.architecture}".rpartition(".")
    if is_dotted(model.architecture):
        require_defined(f"{key}.architecture", model.architecture, library.root)
        home, _, name = model.architecture.rpartition(".")
    try:
        calls = library.call("anarch.models", "build", *wanted, **model.options)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    check_types(key, library.function(home, name), model.options)
    for layer in calls:
        if layer.names[0] == "torch.nn.Dropout" and layer.args and not 0 <= layer.args[0] < 1:
            raise ValueError(f"{key}.options.dropout: must be 0 or more and below 1, got {layer.args[0]}")
    return calls


def has_batch_norm(calls: Sequence[Call]) -> bool:
    return any("BatchNorm" in name for layer in calls for name in layer.names)


def first_map(calls: Sequence[Call], data: DataSpec) -> tuple[int, int, int] | None:
    """Channels, height and width of the first convolution's map, where the images and its sizes are known."""
    stored = images(data)
    layer = next((each for each in calls if "torch.nn.Conv2d" in each.names), None)
    if layer is None or not stored.known:
        return None
    numbers = [arg for arg in layer.args if isinstance(arg, int)]
    options = {"stride": 1, "padding": 0, **dict(zip(_CONVOLUTION, numbers, strict=False)), **layer.kwargs}
    sizes = [options[name] for name in _CONVOLUTION if isinstance(options.get(name), int)]
    if len(sizes) < len(_CONVOLUTION):
        return None
    _, channels, kernel, stride, padding = sizes
    height, width = ((side + 2 * padding - kernel) // stride + 1 for side in stored.shape[1:])
    return channels, height, width


def _shape(stored: Images, data: DataSpec) -> tuple[int, int, int]:
    if stored.known:
        return stored.shape
    side = data.side or _LARGE
    return stored.shape[0], side, side
