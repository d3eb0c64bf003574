import pytest
import torch
from family import count
from torch import nn
from torch.testing import assert_close

from anarch.models import architectures, build, initialise_

_NARROW = {"mlp": {"hidden": (5,)}, "s_conv": {"alpha": 2}, "d_conv": {"alpha": 2}, "quadratic_features": {}}


def narrow(name: str, input_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Any architecture, small enough for a test."""
    return build(name, input_shape, classes, **_NARROW.get(name, {"channels": 2}))


@pytest.mark.parametrize(
    "name, classes, parameters",
    [("vanilla_cnn", 10, 143_178), ("alexnet", 10, 2_848_906), ("alexnet", 100, 2_848_906 + 90 * 513)],
)
def test_the_authors_networks_have_their_number_of_parameters(
    name: str, classes: int, parameters: int
) -> None:
    assert count(build(name, (3, 32, 32), classes)) == parameters


def test_the_number_of_parameters_follows_the_width() -> None:
    for c in (1, 5, 16):
        vanilla = c * (1 * 16 + 1) + c * (25 * c + 1) + c * (9 * c + 1) + 7 * (c + 1)
        assert count(build("vanilla_cnn", (1, 32, 32), 7, channels=c)) == vanilla
    assert build("alexnet", (3, 32, 32), 10, channels=5)[6].weight.shape == (30, 15, 3, 3)


@pytest.mark.parametrize(
    "name, maps",
    [
        ("vanilla_cnn", [17, 17, 8, 8, 8, 3, 3, 3, 1]),
        ("alexnet", [17, 17, 8, 8, 8, 3, 3, 3, 3, 3, 3, 3, 1]),
    ],
)
def test_maps_shrink_as_in_the_authors_code(name: str, maps: list[int]) -> None:
    network = build(name, (3, 32, 32), 10, channels=2)
    x, sizes = torch.zeros(2, 3, 32, 32), []
    for layer in network[: len(maps)]:
        x = layer(x)
        sizes.append(x.shape[-1])
    assert sizes == maps


@pytest.mark.parametrize("name", architectures())
def test_other_input_shapes_give_logits_of_the_classes(name: str) -> None:
    assert narrow(name, (1, 47, 40), 4)(torch.zeros(3, 1, 47, 40)).shape == (3, 4)


@pytest.mark.parametrize("name", architectures())
def test_building_draws_nothing(name: str) -> None:
    before = torch.get_rng_state()
    narrow(name, (3, 32, 32), 10)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", sorted({*architectures()} - {"quadratic_features"}))  # not of torch's layers
def test_the_start_of_every_architecture_is_pytorchs_own(name: str) -> None:
    network = initialise_(narrow(name, (3, 32, 32), 10), torch.Generator().manual_seed(3))
    expected = narrow(name, (3, 32, 32), 10)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for module in expected.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    assert_close(network.state_dict(), expected.state_dict())


@pytest.mark.parametrize("name", architectures())
def test_no_layer_writes_into_its_input(name: str) -> None:
    """So that hooks see what a layer gave out."""
    network = initialise_(narrow(name, (3, 32, 32), 10), torch.Generator().manual_seed(3))
    given: list[tuple[torch.Tensor, torch.Tensor]] = []
    for module in network.modules():
        module.register_forward_hook(lambda _, inputs, output: given.append((output, output.clone())))
    network(torch.ones(2, 3, 32, 32))
    assert given and all(torch.equal(output, copy) for output, copy in given)


@pytest.mark.parametrize(
    "name, shape, options, message",
    [
        ("vanila", (3, 32, 32), {}, "no architecture 'vanila'; anarch/models has alexnet, .*, vanilla_cnn"),
        ("initialise", (3, 32, 32), {}, "no architecture 'initialise'"),
        ("vanilla_cnn", (3, 32, 32), {"width": 3}, "vanilla_cnn has no option 'width'; it has channels"),
        (
            "vanilla_cnn",
            (3, 16, 16),
            {},
            r"shape \(3, 16, 16\) is too small: its map vanishes after convolution 3",
        ),
        ("alexnet", (1, 32, 2), {}, r"shape \(1, 32, 2\) is too small: its map vanishes after convolution 1"),
        ("vanilla_cnn", (3, 32, 32), {"channels": 0}, "channels must be 1 or more, got 0"),
    ],
)
def test_what_cannot_be_built_is_told(
    name: str, shape: tuple[int, int, int], options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as error:
        build(name, shape, 10, **options)
    assert "\n" not in str(error.value)
