"""Units of filters, layer by layer: against the weights that each output really hangs on, by autograd."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import anarch
from anarch.landscape.directions import dimension, moving_parameters, moving_units, random_directions
from anarch.landscape.surface import Slice, axes, point_scores
from anarch.landscape.units import LayerUnits, layer_units, parameter_units, unit_lengths
from anarch.models import build


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


def lifted(conv: nn.Conv2d, to: str) -> nn.Module:
    return anarch.lift(nn.Sequential(conv), (conv.in_channels, 5, 4), to=to)[0]


# Layer, inputs, and whether all positions of an output channel share a filter.
CASES = {
    "linear": (nn.Linear(5, 3), normal(2, 5), False),
    "bilinear": (nn.Bilinear(3, 4, 2), (normal(2, 3), normal(2, 4)), False),
    "conv1d": (nn.Conv1d(2, 3, 4), normal(2, 2, 9), True),
    "conv2d": (nn.Conv2d(4, 6, (3, 2), groups=2, padding=1), normal(2, 4, 5, 4), True),
    "conv3d": (nn.Conv3d(2, 3, (2, 1, 3)), normal(2, 2, 4, 3, 5), True),
    "transposed1d": (nn.ConvTranspose1d(3, 4, 3, stride=2), normal(2, 3, 5), True),
    "transposed2d": (nn.ConvTranspose2d(3, 4, (3, 2)), normal(2, 3, 5, 4), True),
    "transposed2d_groups": (nn.ConvTranspose2d(6, 4, 3, stride=2, groups=2), normal(2, 6, 5, 4), True),
    "transposed3d": (nn.ConvTranspose3d(4, 6, 2, groups=2), normal(2, 4, 3, 2, 4), True),
    "local": (lifted(nn.Conv2d(2, 3, 3), "locally_connected"), normal(2, 2, 5, 4), False),
    "local_padded": (lifted(nn.Conv2d(2, 3, 3, 2, 1), "locally_connected"), normal(2, 2, 5, 4), False),
    "local_groups": (
        lifted(nn.Conv2d(4, 6, (3, 2), groups=2, padding=1), "locally_connected"), normal(2, 4, 5, 4), False,
    ),
    "dense": (lifted(nn.Conv2d(2, 3, 3, padding=1), "fully_connected"), normal(2, 2, 5, 4), False),
    "weight_norm": (parametrizations.spectral_norm(nn.ConvTranspose2d(4, 6, 3, groups=2)).eval(),
                    normal(2, 4, 5, 4), True),
    "quadratic": (build("quadratic_features", (1, 4, 4), 3), normal(2, 1, 4, 4), False),
}  # fmt: skip


def filled(layer: nn.Module) -> nn.Module:
    layer = copy.deepcopy(layer).double()
    with torch.no_grad():
        for k, p in enumerate(layer.parameters()):
            p.copy_(normal(*p.shape, seed=k))
    return layer


def units_by_autograd(layer: nn.Module, weight: Tensor, inputs: object, shared: bool) -> list[Tensor]:
    """For every output, or output channel where ``shared``: a mask of the weights that it hangs on."""
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    outputs = layer(*given).sum(0)
    outputs = outputs.flatten(1).sum(1) if shared else outputs.flatten()
    return [torch.autograd.grad(o, weight, retain_graph=True)[0] != 0 for o in outputs]


@pytest.mark.parametrize("case", [name for name in CASES if name != "weight_norm"])
def test_a_unit_is_what_one_output_hangs_on_and_moves_by_its_own_length(case):
    layer, inputs, shared = CASES[case]
    layer = filled(layer)
    weight = layer.weight
    masks = units_by_autograd(layer, weight, inputs, shared)
    assert (torch.stack(masks).sum(0) == 1).all()  # a partition: every weight feeds one unit
    with torch.no_grad():
        weight[masks[0]] *= 1e-3
    directions = random_directions(layer, 0, range(3))
    assert list(directions) == ["weight"]
    for d in directions["weight"]:
        for mask in masks:
            assert d[mask].norm().item() == pytest.approx(weight.detach()[mask].norm().item(), rel=1e-6)


@pytest.mark.parametrize("case", ["local_groups", "transposed2d_groups", "linear"])
def test_lengths_of_units_against_a_loop(case):
    layer, inputs, shared = CASES[case]
    layer = filled(layer)
    values = normal(2, *layer.weight.shape, seed=9)
    lengths = unit_lengths(values, moving_units(layer)["weight"]).expand(values.shape)
    for mask in units_by_autograd(layer, layer.weight, inputs, shared):
        for one, length in zip(values, lengths, strict=True):
            wanted = sum(entry.item() ** 2 for entry in one[mask]) ** 0.5
            assert torch.allclose(length[mask], torch.tensor(wanted, dtype=torch.float64), rtol=1e-12, atol=0)


def test_an_embedding_has_a_unit_for_each_word():
    layer = filled(nn.Embedding(5, 3))
    with torch.no_grad():
        layer.weight[2] *= 1e-3
    for d in random_directions(layer, 0, range(3))["weight"]:
        assert torch.allclose(d.norm(dim=1), layer.weight.norm(dim=1), rtol=1e-6, atol=0)


def test_beneath_a_parametrisation_lie_the_units_of_the_layer():
    layer, inputs, _ = CASES["weight_norm"]
    layer, plain = copy.deepcopy(layer).double(), nn.ConvTranspose2d(4, 6, 3, groups=2).double()
    with torch.no_grad():
        layer.parametrizations.weight.original.copy_(normal(4, 3, 3, 3))
    masks = units_by_autograd(plain, plain.weight, inputs, True)
    original = layer.parametrizations.weight.original
    for model, path in ((layer, ""), (nn.Sequential(layer), "0.")):
        (d,) = random_directions(model, 0, [0])[f"{path}parametrizations.weight.original"]
        for mask in masks:
            assert d[mask].norm().item() == pytest.approx(original[mask].norm().item(), rel=1e-6)


@pytest.mark.parametrize(
    "norm",
    [nn.BatchNorm2d(3), nn.GroupNorm(3, 3), nn.LayerNorm([3, 4, 2]), nn.RMSNorm([4, 2]),
     nn.InstanceNorm2d(3, affine=True)],
)  # fmt: skip
def test_norms_move_with_the_biases_only_whatever_their_shape(norm):
    model = filled(nn.Sequential(nn.Conv2d(2, 3, 1), norm))
    assert list(moving_parameters(model)) == ["0.weight"]
    moved = random_directions(model, 0, range(2), biases=True)
    assert list(moved) == [name for name, _ in model.named_parameters()]
    assert dimension(moving_parameters(model, biases=True)) == sum(p.numel() for p in model.parameters())
    for d in moved["1.weight"]:  # as a whole
        assert d.norm().item() == pytest.approx(norm_of(model[1].weight), rel=1e-6)


def norm_of(tensor: Tensor) -> float:
    return tensor.detach().norm().item()


def test_attention_leaves_its_biases_in_place():
    attention = nn.MultiheadAttention(4, 2, add_bias_kv=True)
    assert set(moving_parameters(attention)) == {"in_proj_weight", "out_proj.weight"}


def test_axes_of_a_slice_are_orthogonal_within_each_unit_and_keep_its_length():
    layer, inputs, shared = CASES["local_groups"]
    layer = filled(layer)
    first, second = axes(layer, Slice(seed=1, orthogonal=True))["weight"]
    for mask in units_by_autograd(layer, layer.weight, inputs, shared):
        assert abs((first[mask] * second[mask]).sum().item()) < 1e-12
        assert second[mask].norm().item() == pytest.approx(norm_of(layer.weight[mask]), rel=1e-6)


@pytest.mark.parametrize("to", ["locally_connected", "fully_connected"])
def test_losses_along_a_direction_stay_where_units_are_rescaled(to):
    """Dinh et al. 2017, unit by unit: one times a, what reads it divided by a, is the same function."""
    layers = nn.Conv2d(1, 2, 2, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2, bias=False)
    model = anarch.lift(filled(nn.Sequential(*layers)), (1, 4, 3), to=to)
    twin = copy.deepcopy(model)
    masks = units_by_autograd(twin[0], twin[0].weight, normal(2, 1, 4, 3), False)
    with torch.no_grad():
        for k, mask in enumerate(masks):
            twin[0].weight[mask] *= 4.0 ** (k % 5 - 2)
            twin[3].weight[:, k] /= 4.0 ** (k % 5 - 2)
    x, y = normal(6, 1, 4, 3, seed=4), torch.tensor([0, 1, 0, 1, 1, 0])
    scores = []
    for network in (model, twin):
        drawn = random_directions(network, 0, range(4))["0.weight"]
        points = {"0.weight": network[0].weight.detach() + 0.5 * drawn}
        scores.append(point_scores(network, points, x, y))
    assert torch.allclose(scores[0], scores[1], rtol=1e-6)
    assert scores[0][:, 0].std() > 0.01  # it does move


class Turned(nn.Linear):
    """A linear layer with its weight turned: a neuron's weights are a column."""

    def __init__(self) -> None:
        super().__init__(3, 4)
        self.weight = nn.Parameter(self.weight.detach().T.contiguous())


def test_ones_own_layer_tells_its_units():
    layer = filled(Turned())
    assert moving_units(layer)["weight"] == {0: None}
    register(Turned, {"weight": {1: None}, "bias": {0: None}})
    for name, axis in (("weight", 0), ("bias", ())):
        for d in random_directions(layer, 0, range(2))[name]:
            tensor = layer.get_parameter(name)
            mine, its = (t.abs() if axis == () else t.norm(dim=axis) for t in (d, tensor))
            assert torch.allclose(mine, its, rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({2: None}, r"units of '0.weight' \(Odd\): a tensor of shape \(4, 3\) has no axis 2"),
        (
            {0: torch.arange(3)},
            r"'0.weight' \(Odd\): labels of axis 0 must be int64 \(4,\), 0 or more, got int64",
        ),
        ({1: torch.ones(3)}, r"labels of axis 1 must be int64 \(3,\), 0 or more, got float32 \(3,\)"),
    ],
)
def test_units_that_do_not_fit_are_refused(units, message):
    odd = type("Odd", (nn.Linear,), {})
    register(odd, {"weight": units})
    with pytest.raises(ValueError, match=message):
        parameter_units(nn.Sequential(odd(3, 4)))


def register(layer: type[nn.Module], units: LayerUnits) -> None:
    layer_units.register(layer, lambda layer: units)


def test_shared_parameters_are_named_once_in_the_models_order():
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    model = nn.Sequential(first, second, nn.ConvTranspose2d(1, 1, 2))
    assert list(parameter_units(model)) == [name for name, _ in model.named_parameters()]
