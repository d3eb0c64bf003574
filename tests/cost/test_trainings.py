"""The cost of a training follows from its spec: exact where it can be, monotone everywhere."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file

from anarch.cost.training import network_of, trained
from anarch.training.network import fresh_network
from anarch.workflow.datasets import Images
from anarch.workflow.specs import Corruption, Model, Poison, Recipe, RunSpec

IMAGES = Images((1, 16, 16), 10, {"train": 60, "test": 40, "extra": 30})
RECIPE = Recipe(epochs=4, batch_size=20, lr=0.1)
MODEL = Model(architecture="mlp", options={"hidden": [30], "norm": False})
SPEC = RunSpec(dataset="some", model=MODEL, recipe=RECIPE, seed=0)


def flops(spec: RunSpec) -> float:
    return trained(spec, IMAGES).trained.flops


def test_by_hand():
    """Forward 2 (256 * 30 + 30 * 10) an image, backward twice that less the first layer's inputs."""
    forward = 2 * (256 * 30 + 300)
    step = 3 * forward - 2 * 256 * 30
    looks = 60 + (1 + 4) * 40  # the training images at the start, the test images then and after each epoch
    assert flops(SPEC) == pytest.approx(4 * 60 * step + looks * forward)


def test_epochs_replicas_and_poison():
    once, twice = (flops(replace(SPEC, recipe=replace(RECIPE, epochs=n, test_every=100))) for n in (4, 8))
    start = flops(replace(SPEC, recipe=replace(RECIPE, epochs=0, test_every=100)))
    assert twice - start == pytest.approx(2 * (once - start), rel=0.05)
    three = replace(SPEC, corruption=Corruption(replicas=3))
    assert 2 * flops(SPEC) < flops(three) < 3 * flops(SPEC)
    assert flops(replace(SPEC, poison=Poison(beta=0.5, batch_size=20))) > 1.5 * flops(SPEC)


@pytest.mark.parametrize("lift", ["none", "locally_connected", "fully_connected"])
def test_wider_is_never_cheaper(lift):
    costs = [
        trained(replace(SPEC, model=Model(architecture="s_conv", options={"alpha": a}, lift=lift)), IMAGES)
        for a in (1, 2, 5)
    ]
    for less, more in pairwise(costs):
        assert less.trained.flops < more.trained.flops
        assert less.memory < more.memory and less.disk < more.disk


@pytest.mark.parametrize("lift", ["none", "fully_connected"])
def test_disk_is_what_is_written(lift, tmp_path):
    model = Model(architecture="s_conv", options={"alpha": 4}, lift=lift)
    spec = replace(SPEC, model=model, snapshots=(0, 2))
    weights = fresh_network(model, IMAGES.shape, IMAGES.classes, 0).state_dict()
    save_file({name: t.contiguous() for name, t in weights.items()}, tmp_path / "weights")
    written = (tmp_path / "weights").stat().st_size
    assert 0 <= 3 * written - trained(spec, IMAGES).disk < 3 * 2000, "but for the files' headers"


@pytest.mark.parametrize(
    "options, vectors",
    [
        ({"momentum": 0.9}, 1),
        ({"optimiser": "adam"}, 2),
        ({"optimiser": "rmsprop"}, 1),
        ({"optimiser": "lbfgs"}, 205),
    ],
)
def test_an_optimiser_keeps_vectors(options, vectors):
    """Beside a network that is nearly all weights."""
    wide = replace(SPEC, model=Model(architecture="mlp", options={"hidden": [4000], "norm": False}))
    bare = replace(wide, recipe=replace(RECIPE, weight_decay=0.1))  # a gradient, and no state
    size = network_of(wide, IMAGES).size.bytes
    more = (
        trained(replace(wide, recipe=replace(RECIPE, **options)), IMAGES).memory
        - trained(bare, IMAGES).memory
    )
    assert more == pytest.approx(vectors * size)


def test_states_are_those_of_torch():
    """Bytes that the optimisers really keep, on a layer large enough for its step counters not to matter."""
    from anarch.cost.training import STATES
    from anarch.training.optimisers import make_optimiser

    for name in ("adam", "adamw", "amsgrad", "adamax", "adadelta", "adagrad", "asgd", "rmsprop"):
        layer = torch.nn.Linear(50, 40)
        optimiser = make_optimiser(layer, replace(RECIPE, optimiser=name), 0)
        layer(torch.ones(2, 50)).sum().backward()
        optimiser.step()
        kept = sum(t.numel() for state in optimiser.state.values() for t in state.values() if t.numel() > 1)
        assert kept == STATES[name] * 2040, name


def test_other_optimisers_evaluate_more_often():
    evolution = replace(RECIPE, optimiser="evolution", sigma=0.1, pairs=8)
    assert flops(replace(SPEC, recipe=evolution)) > 4 * flops(SPEC)
    assert flops(replace(SPEC, recipe=replace(RECIPE, optimiser="lbfgs"))) > 10 * flops(SPEC)


def test_half_precision_halves_activations():
    """Of a network that is nearly all activations."""
    model = Model(architecture="resnet", options={"depth": 18, "channels": 2})
    full, half = (
        trained(replace(SPEC, model=model, recipe=replace(RECIPE, precision=p)), IMAGES).memory
        for p in ("fp32", "bf16")
    )
    step = network_of(replace(SPEC, model=model), IMAGES).step
    assert 0.1 * step.activations < full - half < 0.5 * step.activations


def test_a_network_that_does_not_take_the_images_is_an_error():
    small = Images((1, 4, 4), 10, {"train": 10, "test": 10})
    with pytest.raises(ValueError, match="too small"):
        trained(replace(SPEC, model=Model(architecture="vanilla_cnn")), small)
