"""Filter-normalised and unit directions: row lengths, seeds, what moves, orthogonality."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from anarch.landscape.directions import (
    dimension,
    displaced,
    moving_parameters,
    moving_units,
    orthogonalised,
    random_directions,
)


def network(dtype: torch.dtype = torch.float64) -> nn.Sequential:
    layers = nn.Conv2d(2, 3, (3, 2)), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 4)
    model = nn.Sequential(*layers).to(dtype).eval()
    draws = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draws))
    return model


def rows(tensor: Tensor) -> Tensor:
    return tensor.reshape(len(tensor), -1)


def test_every_filter_gets_the_length_of_the_networks_filter():
    """Li et al. 2018: d_{i,j} <- d_{i,j} |w_{i,j}| / |d_{i,j}|; biases and norms do not move."""
    parameters = moving_parameters(network())
    assert list(parameters) == ["0.weight", "4.weight"]
    assert dimension(parameters) == 3 * 12 + 4 * 18
    directions = random_directions(network(), 3, range(5))
    for name, w in parameters.items():
        assert directions[name].shape == (5, *w.shape)
        for d in directions[name]:
            assert_close(rows(d).norm(dim=1), rows(w).norm(dim=1), rtol=1e-9, atol=0.0)
    raw = random_directions(network(), 3, range(5), normalisation="unit")
    for name in parameters:  # only lengths were changed
        cosines = torch.cosine_similarity(directions[name].flatten(2), raw[name].flatten(2), dim=2)
        assert_close(cosines, torch.ones_like(cosines), rtol=1e-7, atol=0.0)


def test_unit_directions_have_length_one_as_whole_vectors():
    directions = random_directions(network(), 3, range(4), normalisation="unit")
    squares = sum(d.flatten(1).square().sum(1) for d in directions.values())
    assert_close(squares, torch.ones(4, dtype=torch.float64), rtol=1e-6, atol=0.0)


@pytest.mark.parametrize("normalisation", ["filter", "unit"])
def test_a_direction_depends_on_its_seed_and_number_only(normalisation):
    model = network()
    parameters = moving_parameters(model)
    state = torch.get_rng_state()
    draw = partial(random_directions, model, normalisation=normalisation)
    together, alone = draw(0, range(6)), draw(0, [4])
    for name in parameters:
        assert torch.equal(together[name][4:5], alone[name])
        assert not torch.equal(together[name][3], together[name][4])
        assert not torch.equal(draw(1, [4])[name], alone[name])
    assert torch.equal(state, torch.get_rng_state())
    assert draw(0, [])["4.weight"].shape == (0, 4, 18)


def test_both_precisions_move_along_the_same_directions():
    single = random_directions(network(torch.float32), 0, range(2))
    double = random_directions(network(), 0, range(2))
    assert single["0.weight"].dtype == torch.float32
    assert_close(single, {name: d.float() for name, d in double.items()})


def test_biases_move_on_request_as_one_row_each_and_zeros_never():
    model = network()
    nn.init.zeros_(model[1].bias), nn.init.zeros_(model[4].weight[2:3])
    parameters = moving_parameters(model, biases=True)
    assert dimension(parameters) == sum(p.numel() for p in model.parameters())
    directions = random_directions(model, 0, range(3), biases=True)
    lengths = directions["4.bias"].norm(dim=1)
    assert_close(lengths, model[4].bias.detach().norm().expand(3), rtol=1e-9, atol=0.0)
    assert not directions["1.bias"].any()
    assert not directions["4.weight"][:, 2].any() and directions["4.weight"][:, 1].all()
    single = nn.ParameterDict({"scale": torch.tensor(-2.0)})
    scalar = random_directions(single, 0, range(3), biases=True)["scale"]
    assert_close(scalar.abs(), torch.full((3,), 2.0))


def test_orthogonalised_directions_keep_their_filters_lengths():
    model = network().append(nn.Linear(1, 2).double())  # one weight a unit: no room for two directions
    first, second = ({n: d[k] for n, d in random_directions(model, 0, range(2)).items()} for k in (0, 1))
    result = orthogonalised(second, first, moving_units(model))
    assert not result.pop("5.weight").any()
    for name, d in result.items():
        inner = (rows(d) * rows(first[name])).sum(1)
        assert_close(inner, torch.zeros_like(inner), rtol=0.0, atol=1e-12)
        assert_close(rows(d).norm(dim=1), rows(second[name]).norm(dim=1), rtol=1e-12, atol=0.0)
        assert (rows(d) * rows(second[name])).sum(1).gt(0).all()


def test_displaced_points():
    parameters = moving_parameters(network())
    directions, steps = random_directions(network(), 0, range(3)), torch.tensor([0.0, -2.0, 0.5])
    points = displaced(parameters, directions, steps)
    for name, w in parameters.items():
        assert torch.equal(points[name][0], w)
        for k in (1, 2):
            assert_close(points[name][k], w + steps[k].item() * directions[name][k], rtol=1e-14, atol=1e-15)


def test_refusals():
    with pytest.raises(ValueError, match=r"normalisation must be 'filter' or 'unit', got 'layer'"):
        random_directions(network(), 0, range(1), normalisation="layer")
    with pytest.raises(ValueError, match=r"BatchNorm2d has no weight of two dimensions or more; biases=True"):
        moving_parameters(nn.BatchNorm2d(3))
