"""From a spec to a network with its initial weights."""

from collections.abc import Callable, Mapping
from importlib import import_module

from torch import Tensor, nn

from anarch.models import build, initialise_
from anarch.randomness import generator
from anarch.workflow.specs import Model


def empty_network(
    model: Model, input_shape: tuple[int, int, int], classes: int, *, lift: str | None = None
) -> nn.Module:
    """The architecture, in the space ``lift`` (default: the model's own), with weights yet to be filled."""
    network = build(model.architecture, input_shape, classes, **model.options)
    space = model.lift if lift is None else lift
    if space == "none":
        return network
    # Imported by name: a CNN must not become stale when only the lifting is edited.
    return import_module("anarch.lifting.walk").lift(network, input_shape, to=space)


def fresh_network(model: Model, input_shape: tuple[int, int, int], classes: int, seed: int) -> nn.Module:
    """Weights from the seed by PyTorch's default rule, in the trained space (needle, Sec. 4, step 5)."""
    network = initialise_(empty_network(model, input_shape, classes), generator(seed, "weights"))
    if not model.padded_start:
        return network
    start_as_padded_: Callable[[nn.Module], nn.Module] = import_module(
        "anarch.lifting.padding"
    ).start_as_padded_
    return start_as_padded_(network)


def relaxed_network(
    model: Model, input_shape: tuple[int, int, int], classes: int, weights: Mapping[str, Tensor]
) -> nn.Module:
    """The network of ``weights`` (a CNN's) lifted to the space of ``model`` (needle, Sec. 4, step 3)."""
    network = empty_network(model, input_shape, classes, lift="none")
    network.load_state_dict(weights)
    if model.lift == "none":
        return network
    return import_module("anarch.lifting.walk").lift(network, input_shape, to=model.lift)
