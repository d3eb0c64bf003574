"""T^alpha of embedding, definition 5: its matrices, and what it preserves (Lemma 1, Prop. 1, Theorem 1)."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from anarch.critical.splitting import split_channel, split_evenly, split_neuron
from anarch.randomness import generator

ALPHAS = [0.3, 0.0, 1.0, -0.7, 2.5]


def filled(*modules: nn.Module, seed: int = 0) -> nn.Sequential:
    """Float64, every parameter and running statistic drawn, in evaluation mode."""
    model, draws = nn.Sequential(*modules).double().eval(), generator(seed, "weights")
    with torch.no_grad():
        for name, values in model.state_dict().items():
            if values.is_floating_point():
                values.normal_(generator=draws)
                if "running_var" in name:
                    values.abs_().add_(0.1)
    return model


def perceptron() -> nn.Sequential:
    return filled(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5), nn.Softplus(), nn.Linear(5, 2))


def cnn() -> nn.Sequential:
    return filled(
        nn.Conv2d(2, 3, (2, 3), padding=1), nn.BatchNorm2d(3), nn.Tanh(), nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 2, bias=False), nn.Softplus(), nn.AvgPool2d((2, 1), stride=1), nn.Flatten(),
        nn.Linear(4 * 2 * 1, 3), nn.Sigmoid(), nn.Linear(3, 2),
    )  # fmt: skip


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(1, "data", *shape), dtype=torch.float64)


def slopes(model: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    loss = (model(x) - y).square().mean()
    return list(torch.autograd.grad(loss, list(model.parameters())))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_one_step_embedding_has_the_matrices_of_definition_5(alpha):
    model = perceptron()
    wide = split_neuron(model, layer=1, neuron=2, alpha=alpha)
    first, second, third = (model[i].weight for i in (0, 2, 4))
    assert_close(wide[0].weight, first, rtol=0, atol=0)
    assert_close(wide[2].weight, torch.cat([second, second[2:3]]), rtol=0, atol=0)
    assert_close(wide[2].bias, torch.cat([model[2].bias, model[2].bias[2:3]]), rtol=0, atol=0)
    zeros = torch.zeros(2, 1, dtype=torch.float64)
    stretched = torch.cat([third, zeros], 1)
    turned = torch.cat([zeros, zeros, -third[:, 2:3], zeros, zeros, third[:, 2:3]], 1)
    assert_close(wide[4].weight, stretched + alpha * turned)
    assert_close(wide[4].bias, model[4].bias, rtol=0, atol=0)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("layer, neuron", [(0, 0), (0, 3), (1, 4)])
def test_outputs_stay_and_gradients_split_as_lemma_1_says(layer, neuron, alpha):
    model, x, y = perceptron(), normal(7, 3), normal(7, 2)
    wide = split_neuron(model, layer, neuron, alpha)
    assert_close(wide(x), model(x), rtol=1e-12, atol=1e-12)
    narrow, wider = slopes(model, x, y), slopes(wide, x, y)
    incoming, bias, outgoing = 2 * layer, 2 * layer + 1, 2 * layer + 2
    for part in (incoming, bias):
        expected = torch.cat([narrow[part], alpha * narrow[part][neuron : neuron + 1]])
        expected[neuron] *= 1 - alpha
        assert_close(wider[part], expected)
    assert_close(wider[outgoing], torch.cat([narrow[outgoing], narrow[outgoing][:, neuron : neuron + 1]], 1))
    for part in set(range(6)) - {incoming, bias, outgoing}:
        assert_close(wider[part], narrow[part])


@pytest.mark.parametrize("copies", [1, 2, 3, 5])
def test_even_splitting_gives_every_copy_the_same_share(copies):
    model = perceptron()
    wide = split_evenly(model, layer=0, neuron=1, copies=copies)
    columns = torch.cat([wide[2].weight[:, 1:2], wide[2].weight[:, 4:]], 1)
    assert_close(columns, (model[2].weight[:, 1:2] / copies).expand(5, copies))
    assert len(wide[0].weight) == 4 + copies - 1
    assert_close(wide(normal(6, 3)), model(normal(6, 3)))


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("layer, channel", [(0, 0), (0, 2), (1, 1), (1, 3), (2, 2)])
def test_channels_split_without_a_change_of_output(layer, channel, alpha):
    model, x = cnn(), normal(4, 2, 8, 5)
    wide = split_channel(model, layer, channel, alpha)
    assert_close(wide(x), model(x), rtol=1e-12, atol=1e-12)
    widths = [len(m.weight) for m in model if isinstance(m, nn.Conv2d | nn.Linear)]
    widths[layer] += 1
    assert [len(m.weight) for m in wide if isinstance(m, nn.Conv2d | nn.Linear)] == widths


@pytest.mark.parametrize("layer, channel", [(0, 1), (1, 2)])
def test_gradients_of_a_split_channel_are_shares_of_the_channels(layer, channel):
    """Hence zero where they were zero: criticality preserving for CNNs (Sec. 6)."""
    model, x, y, alpha = cnn(), normal(4, 2, 8, 5), normal(4, 2), -0.4
    wide = split_channel(model, layer, channel, alpha)
    names = [name for name, _ in model.named_parameters()]
    narrow, wider = (dict(zip(names, slopes(net, x, y), strict=True)) for net in (model, wide))
    kernel = "0.weight" if layer == 0 else "4.weight"
    assert_close(wider[kernel][-1], alpha * narrow[kernel][channel])
    assert_close(wider[kernel][channel], (1 - alpha) * narrow[kernel][channel])
    if layer == 0:
        assert_close(wider["1.bias"][-1], alpha * narrow["1.bias"][channel])
        assert_close(wider["4.weight"][:, -1], narrow["4.weight"][:, channel])
    else:
        assert_close(
            wider["8.weight"].unflatten(1, (5, 2))[:, -1], narrow["8.weight"].unflatten(1, (4, 2))[:, 2]
        )


def test_the_model_given_is_untouched_and_shares_nothing():
    model = perceptron()
    model[2].weight.requires_grad_(False)
    before = {name: values.clone() for name, values in model.state_dict().items()}
    wide = split_neuron(model, 1, 0, 0.25)
    with torch.no_grad():
        for parameter in wide.parameters():
            parameter.add_(1.0)
    assert_close(dict(model.state_dict()), before, rtol=0, atol=0)
    assert not wide[2].weight.requires_grad and wide[4].weight.requires_grad
    assert (wide[2].out_features, wide[4].in_features) == (6, 6)
    assert not wide.training


def test_a_split_network_needs_no_output_bias_and_keeps_its_precision():
    model = nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 1, bias=False))
    wide = split_neuron(model, 0, 1, 0.5)
    assert wide[0].bias is None and wide[2].bias is None and wide[0].weight.dtype == torch.float32


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            (perceptron(), 2, 0, 0.5),
            r"layer must be 0..1, got 2: of 3 weight layers the last has no outgoing",
        ),
        ((perceptron(), -1, 0, 0.5), r"layer must be 0..1, got -1"),
        ((perceptron(), 1, 5, 0.5), r"neuron must be 0..4 in layer 1, got 5"),
        ((perceptron(), 1, -1, 0.5), r"neuron must be 0..4 in layer 1, got -1"),
        ((nn.Linear(2, 2), 0, 0, 0.5), r"cannot split in a Linear; allowed: a flat nn.Sequential"),
        ((nn.Sequential(nn.Linear(2, 2), nn.Softmax(1), nn.Linear(2, 1)), 0, 0, 0.5), r"module 1, Softmax"),
        ((cnn(), 0, 0, 0.5), r"module 0, Conv2d; allowed: Linear"),
    ],
)
def test_errors_of_split_neuron(arguments, message):
    with pytest.raises(ValueError, match=message):
        split_neuron(*arguments)


@pytest.mark.parametrize(
    "modules, message",
    [
        ([nn.Conv2d(2, 2, 1, groups=2), nn.Conv2d(2, 1, 1)], "module 0: groups = 2; allowed: groups = 1"),
        ([nn.Conv2d(2, 2, 1), nn.Flatten(2), nn.Linear(4, 1)], "module 1, Flatten"),
        ([nn.Conv2d(2, 2, 1), nn.GroupNorm(1, 2), nn.Conv2d(2, 1, 1)], "module 1, GroupNorm"),
    ],
)
def test_errors_of_split_channel(modules, message):
    with pytest.raises(ValueError, match=message):
        split_channel(nn.Sequential(*modules), 0, 0, 0.5)


def test_error_of_split_evenly():
    with pytest.raises(ValueError, match="1 or more copies, got 0"):
        split_evenly(perceptron(), 0, 0, 0)
