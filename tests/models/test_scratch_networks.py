"""S-CONV, D-CONV and what they are lifted to, against the formulas of scratch's Tabs. 3 and 4."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from anarch.lifting.walk import lift
from anarch.models import build, initialise_
from anarch.workflow.scratch_counts import CONNECTIVITIES, parameters, weights

SPACES = {"conv": None, "local": "locally_connected", "fc": "fully_connected"}


def network(
    name: str, connectivity: str, shape: tuple[int, int, int], classes: int, alpha: int, norm: str
) -> nn.Module:
    """On the meta device: nothing is allocated, so full-size networks are as cheap as small ones."""
    conv = build(name, shape, classes, alpha=alpha, norm=norm).to("meta")
    space = SPACES[connectivity]
    return conv if space is None else lift(conv, shape, space)


@pytest.mark.parametrize("norm", ["channel", "unit"])
@pytest.mark.parametrize("connectivity", CONNECTIVITIES)
@pytest.mark.parametrize(
    "name, alpha, shape, classes",
    [
        ("s_conv", 150, (3, 32, 32), 10),
        ("d_conv", 15, (3, 32, 32), 10),
        ("s_conv", 3, (1, 16, 16), 100),
        ("d_conv", 2, (1, 16, 16), 100),
        ("s_conv", 2, (2, 13, 8), 4),
        ("d_conv", 1, (2, 13, 8), 4),
    ],
)
def test_counts_are_those_of_the_formulas(
    name: str, alpha: int, shape: tuple[int, int, int], classes: int, connectivity: str, norm: str
) -> None:
    built = network(name, connectivity, shape, classes, alpha, norm)
    matrices = [m.weight.numel() for m in built.modules() if hasattr(m, "weight") and m.weight.ndim > 1]
    assert matrices == list(weights(name, connectivity, alpha, input_shape=shape, classes=classes).values())
    assert sum(p.numel() for p in built.parameters()) == parameters(
        name, connectivity, alpha, input_shape=shape, classes=classes, norm=norm
    )


@pytest.mark.parametrize("norm", ["channel", "unit"])
@pytest.mark.parametrize("name", ["s_conv", "d_conv"])
def test_each_layer_but_the_last_has_batch_norm_and_relu(name: str, norm: str) -> None:
    layers = [
        m
        for m in build(name, (3, 8, 8), 5, alpha=1, norm=norm)
        if not isinstance(m, (nn.Flatten, nn.Unflatten, nn.Dropout))
    ]
    *body, last = layers
    triples = [body[i : i + 3] for i in range(0, len(body), 3)]
    assert all(isinstance(a, (nn.Conv2d, nn.Linear)) and a.bias is None for a, _, _ in triples)
    assert all(
        isinstance(b, (nn.BatchNorm1d, nn.BatchNorm2d)) and isinstance(c, nn.ReLU) for _, b, c in triples
    )
    assert isinstance(last, nn.Linear) and last.bias is not None and last.out_features == 5


def test_maps_of_d_conv_halve_at_every_second_convolution() -> None:
    x, sizes = torch.zeros(2, 3, 32, 32), []
    for layer in build("d_conv", (3, 32, 32), 10, alpha=1):
        x = layer(x)
        if isinstance(layer, nn.Conv2d):
            sizes.append(tuple(x.shape[1:]))
    assert sizes == [
        (1, 32, 32),
        (2, 16, 16),
        (2, 16, 16),
        (4, 8, 8),
        (4, 8, 8),
        (8, 4, 4),
        (8, 4, 4),
        (16, 2, 2),
    ]


@pytest.mark.parametrize("to", ["locally_connected", "fully_connected"])
@pytest.mark.parametrize("name", ["s_conv", "d_conv"])
@pytest.mark.parametrize("norm", ["channel", "unit"])
def test_the_counterparts_contain_the_convolutional_network_while_it_trains_too(
    name: str, norm: str, to: str
) -> None:
    """The same function for the same statistics, whatever the space: scratch, Sec. 2."""
    draws = torch.Generator().manual_seed(0)
    shape = (2, 9, 7)
    conv = initialise_(build(name, shape, 3, alpha=1, norm=norm), draws).double()
    lifted = lift(conv, shape, to)
    x = torch.randn(5, *shape, generator=draws, dtype=torch.float64)
    assert conv.training and lifted.training
    assert_close(lifted(x), conv(x))
    assert_close(lifted.eval()(x), conv.eval()(x))


def test_a_unit_norm_normalises_each_unit_and_a_channel_norm_each_channel() -> None:
    draws = torch.Generator().manual_seed(0)
    x = torch.randn(50, 1, 6, 5, generator=draws)
    for norm, axes in (("unit", (0,)), ("channel", (0, 2, 3))):
        net = initialise_(build("s_conv", (1, 6, 5), 3, alpha=4, norm=norm), draws)
        maps = net[: 4 if norm == "unit" else 2](x)
        assert maps.shape == (50, 4, 3, 3)
        assert_close(maps.mean(axes), torch.zeros_like(maps.mean(axes)), rtol=0, atol=1e-5)


def test_permuted_pixels_are_permuted_columns_to_a_fully_connected_network() -> None:
    """S-FC does not know where a pixel is (scratch, Sec. 4.1): its columns move along."""
    draws, shape = torch.Generator().manual_seed(0), (2, 6, 5)
    net = initialise_(lift(build("s_conv", shape, 3, alpha=2, norm="unit"), shape), draws).double()
    x = torch.randn(7, *shape, generator=draws, dtype=torch.float64)
    order = torch.randperm(60, generator=draws)
    expected = net(x)
    with torch.no_grad():
        net[0].weight.copy_(net[0].weight[:, order])
    assert_close(net(x.flatten(1)[:, order].view_as(x)), expected)


def test_dropout_is_before_both_linear_layers() -> None:
    layers = list(build("d_conv", (1, 8, 8), 3, alpha=1, dropout=0.4))
    before = [layers[i - 1] for i, layer in enumerate(layers) if isinstance(layer, nn.Linear)]
    assert [layer.p for layer in before] == [0.4, 0.4]


@pytest.mark.parametrize("name", ["s_conv", "d_conv"])
def test_any_input_works_and_building_draws_nothing(name: str) -> None:
    before = torch.get_rng_state()
    for shape in ((1, 1, 1), (1, 16, 16), (3, 32, 32), (2, 5, 17)):
        assert build(name, shape, 4, alpha=2).eval()(torch.zeros(3, *shape)).shape == (3, 4)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"alpha": 0}, "alpha must be 1 or more, got 0"),
        ({"norm": "layer"}, "norm must be channel or unit, got 'layer'"),
        ({"channels": 3}, "d_conv has no option 'channels'; it has alpha, norm, dropout"),
    ],
)
def test_what_cannot_be_built_is_told(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build("d_conv", (1, 8, 8), 10, **options)
