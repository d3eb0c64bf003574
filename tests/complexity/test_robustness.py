"""FGSM and margins: exact on linear models; clipping; saturation; the model is left as it was."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.complexity import robustness
from anarch.complexity.robustness import fgsm_accuracy, input_margins, margins

MEAN, STD = (0.4, 0.5), (0.2, 0.3)


def normalised(pixels):
    mean, std = (torch.tensor(s, dtype=pixels.dtype).view(-1, 1, 1) for s in (MEAN, STD))
    return (pixels - mean) / std


@pytest.fixture
def linear():
    """A two-class linear model of 2 x 3 x 4 pixels, and images whose pixels are far from 0 and 1."""
    draws = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(24, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=draws)
    pixels = 0.3 + 0.4 * torch.rand(400, 2, 3, 4, generator=draws, dtype=torch.float64)
    x = normalised(pixels)
    with torch.no_grad():
        model[1].bias -= model(x).mean(0)  # centred, so that both classes occur
    return model, x, torch.randint(2, (400,), generator=draws)


@pytest.mark.parametrize("epsilon", [0.0, 1 / 255, 0.02, 0.1, 0.3])
@pytest.mark.parametrize("batch_size", [7, 1000])
def test_on_a_linear_model_the_margin_falls_by_epsilon_times_the_l1_norm_in_pixels(
    linear, epsilon, batch_size
):
    model, x, y = linear
    by_pixel = (model[1].weight[0] - model[1].weight[1]).view(2, 3, 4) / torch.tensor(STD).view(2, 1, 1)
    wanted = (margins(model, x, y) > epsilon * by_pixel.abs().sum()).double().mean().item()
    assert fgsm_accuracy(model, x, y, epsilon, MEAN, STD, batch_size=batch_size) == wanted


def test_stronger_attacks_on_a_linear_model_never_help(linear):
    model, x, y = linear
    sweep = [fgsm_accuracy(model, x, y, e / 255, MEAN, STD) for e in range(0, 60, 4)]
    assert sweep == sorted(sweep, reverse=True) and sweep[-1] < sweep[0]


def test_equals_the_definition_by_cross_entropy_in_pixels():
    draws = torch.Generator().manual_seed(1)
    model = nn.Sequential(nn.Conv2d(2, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Flatten(), nn.Linear(40, 4))
    model = model.double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(generator=draws)
        model[4].weight *= 0.05  # small logits, whose cross entropy has a slope in float64
    pixels = torch.rand(300, 2, 4, 6, generator=draws, dtype=torch.float64)
    y = model(normalised(pixels)).argmax(1)
    for epsilon in (0.01, 0.1, 0.5):
        leaf = pixels.clone().requires_grad_()
        F.cross_entropy(model(normalised(leaf)), y).backward()
        _, slope = robustness._value_and_slope(robustness._excess, model, normalised(pixels), y)
        assert torch.equal(slope.sign(), leaf.grad.sign())
        attacked = (pixels + epsilon * leaf.grad.sign()).clamp(0, 1)
        wanted = (model(normalised(attacked)).argmax(1) == y).double().mean().item()
        assert fgsm_accuracy(model, normalised(pixels), y, epsilon, MEAN, STD) == wanted
        assert wanted < 1


def test_pixels_are_clipped_to_their_range():
    """Class 1 wins above brightness 1.1, which no image has; unclipped, 0.9 + 0.3 would reach it."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2)).double()
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[0.0], [1.0]])), model[1].bias.copy_(torch.tensor([0.0, -1.1]))
    x, y = torch.full((1, 1, 1, 1), 0.9, dtype=torch.float64), torch.tensor([0])
    assert fgsm_accuracy(model, x, y, 0.3, (0.0,), (1.0,)) == 1
    with torch.no_grad():
        model[1].bias[1] = -0.95
    assert fgsm_accuracy(model, x, y, 0.3, (0.0,), (1.0,)) == 0


def test_a_network_that_is_sure_is_attacked_all_the_same(linear):
    """Logits a million times as large decide alike, but the slope of their cross entropy rounds to 0."""
    model, x, y = linear
    y = model(x).argmax(1)
    accuracy = fgsm_accuracy(model, x, y, 0.02, MEAN, STD)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 1e6
    assert fgsm_accuracy(model.float(), x.float(), y, 0.02, MEAN, STD) == accuracy < 1


def test_margins_in_closed_form():
    model = nn.Linear(2, 3, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]))
    x = torch.tensor([[1.0, 0.5], [1.0, 0.5], [-1.0, -1.0]], dtype=torch.float64)
    y = torch.tensor([0, 1, 2])
    wanted = torch.tensor([1.0, -1.0, 3.0], dtype=torch.float64)
    assert_close(margins(model, x, y, batch_size=2), wanted)
    gaps = torch.tensor([5.0, 5.0, 3.0], dtype=torch.float64)  # |w_0 - w_1|, the same, |w_2 - w_0|
    assert_close(input_margins(model, x, y, batch_size=2), wanted / gaps)


def test_input_margins_are_exact_distances_for_two_linear_classes(linear):
    model, x, y = linear
    gap = (model[1].weight[0] - model[1].weight[1]).norm()
    assert_close(input_margins(model, x, y, batch_size=33), margins(model, x, y) / gap)


def test_the_model_and_the_images_stay_as_they_were():
    layers = (
        nn.Conv2d(2, 3, 2),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(18, 4),
    )
    model = nn.Sequential(*layers).train()
    model[1].eval()
    x, y = torch.rand(9, 2, 4, 3), torch.arange(9) % 4
    before, images = copy.deepcopy(model.state_dict()), x.clone()
    with torch.no_grad():
        first = fgsm_accuracy(model, x, y, 0.1, MEAN, STD)
        input_margins(model, x, y), margins(model, x, y)
    assert fgsm_accuracy(model, x, y, 0.1, MEAN, STD) == first, "no dropout, no batch statistics"
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert torch.equal(x, images) and not x.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())
    assert [module.training for module in model] == [True, False, True, True, True, True]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"epsilon": 8}, "epsilon must be between 0 and 1, the pixel range, got 8"),
        ({"epsilon": -0.1}, "got -0.1"),
        ({"mean": (0.5,)}, "mean and std must have a number per channel, 2, got 1 and 2"),
        ({"std": (0.5, 0.0)}, r"std must be positive, got \[0.5, 0.0\]"),
        ({"y": torch.zeros(2, dtype=torch.int64)}, "got 3 images and 2 labels"),
        ({"batch_size": 0}, "batch_size must be 1 or more, got 0"),
    ],
)
def test_impossible_arguments_are_refused(change, message):
    given = {"x": torch.zeros(3, 2, 3, 4), "y": torch.zeros(3, dtype=torch.int64), "epsilon": 0.1}
    given |= {"mean": MEAN, "std": STD}
    with pytest.raises(ValueError, match=message):
        fgsm_accuracy(nn.Flatten(), **(given | change))
