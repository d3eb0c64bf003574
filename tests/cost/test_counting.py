"""Counts against closed forms: products, bytes, and what is alive."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from anarch.cost.counting import counted
from anarch.cost.networks import Network, on_meta, padded_products, products
from anarch.lifting.walk import lifted_layers
from anarch.workflow.specs import Model

SHAPE = (3, 32, 32)


def network(architecture: str, lift: str = "none", *, shape=SHAPE, batch: int = 4, **options) -> Network:
    return Network.of(Model(architecture=architecture, options=options, lift=lift), shape, 10, batch)


def forward(of: Network) -> float:
    """FLOPs of one image."""
    return of.step.forward.flops / of.batch


def meta(*shape: int, **kind) -> torch.Tensor:
    return torch.empty(*shape, device="meta", **kind)


@pytest.mark.parametrize("n, k, m", [(1, 1, 1), (7, 5, 3)])
def test_a_linear_layer(n, k, m):
    """2 n k m to go forward, as much again for the weights and for the inputs."""
    layer = nn.Linear(k, m, device="meta")
    assert counted(lambda: layer(meta(n, k))).work.flops == 2 * n * k * m
    back = counted(lambda: layer(meta(n, k, requires_grad=True)).sum().backward())
    assert back.work.flops == 3 * 2 * n * k * m
    first = counted(lambda: layer(meta(n, k)).sum().backward())
    assert first.work.flops == 2 * 2 * n * k * m, "images need no gradient"


@pytest.mark.parametrize("stride, padding", [(1, 0), (2, 2), ((1, 3), 1)])
def test_a_convolution(stride, padding):
    """2 N C_o C k_h k_w P, on a lopsided map."""
    conv = nn.Conv2d(4, 6, (5, 3), stride, padding, device="meta")
    images = meta(2, 4, 11, 8)
    expected = 2 * conv(images).numel() * 4 * 15
    assert counted(lambda: conv(images)).work.flops == expected
    both = counted(lambda: conv(images.clone().requires_grad_()).sum().backward())
    assert both.work.flops == 3 * expected


def test_traffic_is_what_is_read_and_written_and_views_are_free():
    a, b = meta(10), meta(10)
    assert counted(lambda: a + b).work.moved == 3 * 10 * 4
    assert counted(lambda: a.view(2, 5).t()).work.calls == 0
    assert counted(lambda: a.add_(b)).work.calls == 1


def test_peak_and_rest():
    """Two temporaries of 40 bytes at once; the first goes when nobody holds it."""

    def chain() -> torch.Tensor:
        first = meta(10)
        second = first + 1
        del first
        return second * 2

    found = counted(chain)
    assert (found.peak, found.alive) == (80, 40)


def test_gradients_are_part_of_the_peak_of_a_step_and_not_of_a_plain_one():
    """A deep stack of square layers on one image: weights' gradients are nearly all that there is."""
    wide = network("mlp", shape=(1, 16, 16), batch=1, hidden=[256, 256, 256], norm=False)
    size = wide.size
    assert size.bytes <= wide.step.peak <= 1.1 * size.bytes
    assert wide.step.plain_peak <= 0.6 * size.bytes, (
        "at most one layer's gradient, and the next one's beside it"
    )


def test_activations_of_a_stack_of_linear_layers():
    """Images, and for each hidden layer what its ReLU has made, which the next layer's gradient needs."""
    wide = network("mlp", shape=(1, 4, 4), batch=50, hidden=[30, 20], norm=False)
    values = 50 * (16 + 30 + 20)
    assert 4 * values <= wide.step.activations <= 4 * (values + 2 * 50 * 10 + 100)


@pytest.mark.parametrize("lift", ["none", "locally_connected", "fully_connected"])
def test_work_is_proportional_to_images(lift):
    few, many = (network("vanilla_cnn", lift, batch=n, channels=4).step for n in (10, 30))
    assert many.work.flops == 3 * few.work.flops and many.forward.flops == 3 * few.forward.flops
    if lift != "locally_connected":  # which lays its kernels out, whatever the number of images
        assert many.activations == pytest.approx(3 * few.activations, rel=0.01)


def test_vanilla_cnn_by_hand():
    """needle, Sec. 4: maps 17, 8 and 3 on a side, 64 channels."""
    conv = 64 * (3 * 16 * 17**2 + 64 * 25 * 8**2 + 64 * 9 * 3**2)
    assert forward(network("vanilla_cnn")) == 2 * (conv + 64 * 10)


def test_its_lift_by_hand():
    """A fully connected unit sees the whole map, in the authors' code with its padding."""
    rows, maps, padded = (
        (17**2, 8**2, 3**2),
        (3 * 32**2, 64 * 8**2, 64 * 3**2),
        (3 * 36**2, 64 * 12**2, 64 * 5**2),
    )
    dense = network("vanilla_cnn", "fully_connected")
    assert forward(dense) == 2 * (64 * sum(r * m for r, m in zip(rows, maps, strict=True)) + 640)
    wide = 2 * (64 * sum(r * m for r, m in zip(rows, padded, strict=True)) + 640)
    assert dense.step.forward.padded / dense.batch == pytest.approx(wide)


def test_a_locally_connected_layer_computes_its_convolution():
    local, conv = network("s_conv", "locally_connected", alpha=3), network("s_conv", alpha=3)
    assert forward(local) == forward(conv)
    (layer,) = lifted_layers(on_meta(local)).values()
    assert products(layer) < padded_products(layer)


def test_a_step_costs_three_looks_but_for_the_gradient_by_the_images():
    net = network("vanilla_cnn", batch=1, channels=4)
    first = 2 * 4 * 3 * 16 * 17**2
    assert net.step.work.flops == 3 * forward(net) - first


def test_a_hessian_vector_product():
    """More than a slope; of a network with one layer of products forward, slope, and both again."""
    for net in (network("vanilla_cnn", channels=2), network("mlp", shape=(1, 8, 8), hidden=[7], norm=False)):
        assert 2 * net.step.work.flops < net.curvature(4).work.flops < 5 * net.step.work.flops


@pytest.mark.parametrize("name", ["resnet", "densenet", "vgg", "alexnet", "resnet_v2", "d_conv"])
def test_every_architecture_runs_on_meta(name):
    step = network(name).step
    assert 2 * step.forward.flops < step.work.flops < 3 * step.forward.flops
    assert step.widest < step.activations < step.plain_peak < step.peak


def test_a_network_of_thousands_of_millions_of_weights_is_counted():
    wide = network("mlp", hidden=[60_000, 60_000], norm=True)
    assert wide.size.parameters > 3.7e9
    assert forward(wide) == 2 * (3072 * 60_000 + 60_000**2 + 600_000)


def test_flops_are_those_of_torchs_own_counter():
    layers = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 4)
    ).to("meta")

    def step() -> None:
        layers(meta(5, 1, 8, 8)).logsumexp(1).sum().backward()

    with FlopCounterMode(display=False) as theirs:
        step()
    assert counted(step).work.flops == theirs.get_total_flops() > 0
