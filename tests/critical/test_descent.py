"""Hand-written gradients of wide two-layer networks against autograd and torch's optimisers."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from anarch.critical.descent import (
    History,
    TwoLayer,
    decay,
    from_flat,
    gaussian,
    halving,
    perturb,
    spread,
    to_flat,
    train,
)
from anarch.critical.networks import loss, output
from anarch.critical.splitting import split_neuron
from anarch.models.flat import Network, pack, unpack
from anarch.randomness import generator


def problem(outputs: int) -> tuple[Tensor, Tensor]:
    draws = generator(0, "descent", outputs)
    return torch.randn(9, 2, generator=draws, dtype=torch.float64), torch.randn(
        9, outputs, generator=draws, dtype=torch.float64
    )


def start(activation: str, outputs: int) -> TwoLayer:
    return gaussian(2, 6, outputs, 0.3, generator(1, "weights"), activation=activation)


@pytest.mark.parametrize("adam", [False, True])
@pytest.mark.parametrize("activation, outputs", [("tanh", 1), ("tanh", 3), ("relu", 1), ("relu", 2)])
def test_training_is_that_of_autograd_and_torch_optim(activation, outputs, adam):
    (x, y), net = problem(outputs), start(activation, outputs)
    inner, outer = net.inner.clone().requires_grad_(), net.outer.clone().requires_grad_()
    optimiser = (torch.optim.Adam if adam else torch.optim.SGD)([inner, outer], lr=0.01)
    losses, sizes = [], []
    for _ in range(13):
        optimiser.zero_grad()
        u = x @ inner[:, :-1].T + inner[:, -1]
        f = (torch.tanh(u) if activation == "tanh" else torch.relu(u)) @ outer
        value = (f - y).square().sum(1).mean()
        value.backward()
        losses.append(value.item())
        sizes.append(sum(p.grad.abs().sum().item() for p in (inner, outer)))
        optimiser.step()
    history = train(net, x, y, lr=0.01, steps=13, adam=adam, record_every=4, keep=(0, 8))
    assert_close(net.inner, inner.detach())
    assert_close(net.outer, outer.detach())
    assert history.steps == [0, 4, 8, 12, 13]
    assert_close(history.losses[:4], losses[::4])
    assert_close(history.gradient_norms[:4], sizes[::4])
    assert_close(history.snapshots[0].inner, start(activation, outputs).inner, rtol=0, atol=0)
    assert_close(history.snapshots[8].loss(x, y), losses[8])


def test_flat_and_two_layer_are_the_same_function():
    network = Network((2, 3, 2), "relu", output_bias=False)
    theta = torch.randn(network.parameters, generator=generator(2, "flat"), dtype=torch.float64)
    x, y = problem(2)
    net = from_flat(network, theta)
    assert_close(net.output(x), output(network, theta, x))
    assert_close(net.loss(x, y), loss(network, theta, x, y).item())
    back, again = to_flat(net)
    assert back == network
    assert_close(again, theta, rtol=0, atol=0)


def test_starts_differ_by_precision_in_rounding_only():
    narrow, wide = (
        gaussian(3, 5, 2, 0.04, generator(0, "weights"), dtype=dtype)
        for dtype in (torch.float32, torch.float64)
    )
    assert narrow.inner.dtype == torch.float32 and wide.inner.shape == (5, 4) and wide.outer.shape == (5, 2)
    assert torch.equal(narrow.inner, wide.inner.float())


def test_a_spread_network_is_the_same_function_by_one_step_embeddings():
    net, (x, _) = start("tanh", 2), problem(2)
    shares = [
        torch.ones(1),
        torch.tensor([0.5, 0.8, -0.3], dtype=torch.float64),
        halving(4),
        *[torch.ones(1)] * 3,
    ]
    wide = spread(net, shares)
    assert wide.inner.shape == (11, 3)
    assert_close(wide.output(x), net.output(x))
    network, theta = to_flat(net)
    model = split_neuron(split_neuron(unpack(network, theta), 0, 1, 0.8), 0, 1, -0.3 / 0.2)
    by_steps = from_flat(*pack(model))
    few = spread(net, [shares[0], shares[1], *[torch.ones(1)] * 4])
    order = [0, 1, 6, 7, 2, 3, 4, 5]
    assert_close(few.inner, by_steps.inner[order])
    assert_close(few.outer, by_steps.outer[order])


def test_a_widened_network_is_the_same_function_with_as_many_neurons():
    net, (x, _) = start("relu", 2), problem(2)
    wide = net.widened(11)
    assert wide.inner.shape == (11, 3) and wide.outer.shape == (11, 2)
    assert_close(wide.output(x), net.output(x))
    assert_close(wide.outer[0], wide.outer[1], rtol=0, atol=0)


def test_halving_sums_to_one_and_noise_has_its_size():
    assert halving(1).tolist() == [1.0] and halving(2).tolist() == [0.5, 0.5]
    assert halving(4).tolist() == [0.5, 0.25, 0.125, 0.125]
    assert halving(500).sum().item() == 1.0
    net = gaussian(2, 3000, 1, 1.0, generator(0, "weights"))
    noise = perturb(net, 1e-4, generator(1, "noise")).inner - net.inner
    assert abs(noise.std().item() / 1e-4 - 1) < 0.05


def test_errors():
    with pytest.raises(ValueError, match="6 vectors of shares with the sum 1 are needed, got 1"):
        spread(start("tanh", 1), [torch.ones(1)])
    with pytest.raises(ValueError, match="copies must be 1 or more, got 0"):
        halving(0)
    x, y = problem(1)
    with pytest.raises(ValueError, match="activation must be tanh or relu, got 'gelu'"):
        gaussian(2, 3, 1, 1.0, generator(0), activation="gelu")
    with pytest.raises(ValueError, match="a variance above 0"):
        gaussian(2, 3, 1, 0.0, generator(0))
    with pytest.raises(ValueError, match=r"inner \(m, d \+ 1\) and outer"):
        TwoLayer(torch.zeros(3, 2), torch.zeros(2, 1))
    with pytest.raises(ValueError, match="lr > 0, steps >= 0"):
        train(start("tanh", 1), x, y, lr=-1.0, steps=3)
    with pytest.raises(ValueError, match=r"the loss is (inf|nan) at step .*: lower lr \(1e\+200\)"):
        train(start("relu", 1), x, y, lr=1e200, steps=5, record_every=1)
    with pytest.raises(ValueError, match="without output bias is needed"):
        from_flat(Network((1, 2, 1)), torch.zeros(7))


def test_decay_is_the_exponent_of_a_power_law_and_unknown_at_the_start():
    steps = [0, 10, 20, 40, 80]
    history = History(steps, [5.0, *(step**-1.5 for step in steps[1:])])
    assert decay(history, 1) is None  # its neighbour is step 0
    assert [decay(history, k) for k in (2, 3, 4)] == [pytest.approx(1.5)] * 3
    assert decay(History(steps, [1.0] * 5), 3) == 0
