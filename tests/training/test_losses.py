"""The losses against their definition in exact arithmetic, and at huge logits against its limits."""

import math
from decimal import Decimal, localcontext

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from anarch.objective import log_odds
from anarch.randomness import generator
from anarch.training.losses import anti_generalisation, cross_entropy, reverse_cross_entropy


def exact(logits: list[float], label: int) -> tuple[float, float]:
    """(-log p_y, -log(1 - p_y)) with 400 digits: nothing is lost at any logit used here."""
    with localcontext() as context:
        context.prec = 400
        powers = [Decimal(z).exp() for z in logits]
        total = sum(powers)
        return (
            float((total / powers[label]).ln()),
            float((total / (total - powers[label])).ln()),
        )


def random_logits(*shape: int, spread: float, dtype: torch.dtype = torch.float64) -> Tensor:
    return spread * torch.randn(*shape, dtype=dtype, generator=generator(0, "logits", *shape))


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("spread", [0.1, 1.0, 10.0, 60.0])
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-13), (torch.float32, 2e-5)])
def test_both_losses_equal_their_definition_in_exact_arithmetic(classes, spread, dtype, tolerance):
    """Relative to the value, even where -log(1 - p) is as small as p: rounding of the log-odds only."""
    logits = random_logits(5, classes, spread=spread, dtype=dtype)
    labels = torch.arange(5) % classes
    truth = torch.tensor(
        [exact(z, y) for z, y in zip(logits.tolist(), labels.tolist(), strict=True)], dtype=torch.float64
    ).to(dtype)
    for loss, column in ((cross_entropy, 0), (reverse_cross_entropy, 1)):
        assert_close(
            loss(logits, labels, reduction="none"),
            truth[:, column],
            rtol=tolerance,
            atol=torch.finfo(dtype).tiny,
        )


@pytest.mark.parametrize("z", [-700.0, -40.0, -21.0, -1.0, 0.0, 0.5, 19.0, 21.0, 38.0, 700.0])
def test_one_logit_is_the_pair_of_logits_0_and_z(z):
    logits = torch.tensor([[z], [z]], dtype=torch.float64)
    labels = torch.tensor([0, 1])
    truth = torch.tensor([exact([0.0, z], y) for y in (0, 1)], dtype=torch.float64)
    assert_close(cross_entropy(logits, labels, reduction="none"), truth[:, 0], rtol=1e-14, atol=0)
    assert_close(reverse_cross_entropy(logits, labels, reduction="none"), truth[:, 1], rtol=1e-14, atol=0)
    pair = F.pad(logits, (1, 0))
    assert_close(log_odds(pair, labels), log_odds(logits, labels), rtol=0, atol=0)


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_gradients_are_right_to_the_second_order(classes):
    logits = random_logits(4, classes, spread=2.0).requires_grad_()
    labels = torch.tensor([0, 1, 1, 0])
    for loss in (cross_entropy, reverse_cross_entropy):
        assert torch.autograd.gradcheck(lambda z, loss=loss: loss(z, labels), (logits,))
        assert torch.autograd.gradgradcheck(lambda z, loss=loss: loss(z, labels), (logits,))


def test_the_gradient_is_p_times_the_difference_of_logit_gradients():
    """d/dz of -log(1 - p_y): p_y at y, -p_y * p_j / (1 - p_y) at j."""
    logits = random_logits(6, 4, spread=3.0).requires_grad_()
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    (gradient,) = torch.autograd.grad(reverse_cross_entropy(logits, labels, reduction="sum"), logits)
    p = logits.detach().softmax(1)
    hot = F.one_hot(labels, 4).double()
    p_y = (p * hot).sum(1, keepdim=True)
    assert_close(gradient, p_y * (hot - (1 - hot) * p / (1 - p_y)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [100.0, 1e4, 1e30])
@pytest.mark.parametrize("classes", [1, 2, 6])
def test_huge_logits_give_the_limit_and_its_gradient(dtype, size, classes):
    """p_y = 1 to rounding: -log(1 - p_y) is the log-odds, its slope 1; p_y = 0: value and slope vanish."""
    logits = torch.zeros(2, classes, dtype=dtype)
    logits[:, -1] = torch.tensor([size, -size])
    labels = torch.full((2,), max(classes - 1, 1))
    logits.requires_grad_()
    losses = reverse_cross_entropy(logits, labels, reduction="none")
    others = math.log(max(classes - 1, 1))
    assert_close(losses.detach(), torch.tensor([size - others, 0.0], dtype=dtype), rtol=1e-6, atol=1e-40)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    assert_close(gradient[0, -1].item(), 1.0)
    assert_close(gradient[1], torch.zeros(classes, dtype=dtype), rtol=0, atol=1e-40)
    assert gradient.isfinite().all()


def test_the_mixture_is_equation_2_for_each_network():
    """Sizes 5 and 3 on purpose: each mean is over its own set."""
    trained, extra = random_logits(2, 5, 3, spread=2.0), random_logits(2, 3, 3, spread=2.0)
    y, y_extra = torch.tensor([[0, 1, 2, 0, 1], [2, 2, 1, 0, 0]]), torch.tensor([[1, 0, 2], [0, 0, 1]])
    beta = torch.tensor([0.25, 0.5], dtype=torch.float64)
    loss = anti_generalisation(trained, y, extra, y_extra, beta)
    for k in range(2):
        p = trained[k].softmax(1)[range(5), y[k]]
        q = extra[k].softmax(1)[range(3), y_extra[k]]
        assert_close(loss[k], (1 - beta[k]) / 5 * -p.log().sum() + beta[k] / 3 * -(1 - q).log().sum())


@pytest.mark.parametrize("classes", [1, 2])
def test_for_two_classes_flipped_labels_are_the_same_loss_with_another_beta(classes):
    """The authors' code: M' flipped points among N give beta = M' / (N + M')."""
    n, flipped = 7, 5
    logits = random_logits(n + flipped, classes, spread=3.0)
    labels = torch.arange(n + flipped) % 2
    shown = torch.where(torch.arange(n + flipped) < n, labels, 1 - labels)
    ours = anti_generalisation(logits[:n], labels[:n], logits[n:], labels[n:], beta=flipped / (n + flipped))
    assert_close(ours, cross_entropy(logits, shown))


def test_cross_entropy_is_pytorchs():
    logits, labels = random_logits(6, 5, spread=4.0), torch.tensor([0, 4, 2, 2, 1, 3])
    for reduction in ("mean", "sum", "none"):
        assert_close(
            cross_entropy(logits, labels, reduction=reduction),
            F.cross_entropy(logits, labels, reduction=reduction),
        )


def test_wrong_shapes_and_reductions_are_refused():
    with pytest.raises(ValueError, match=r"logits must be \(\.\.\., N, C\).*got \(4,\) and \(4,\).*\(N, 1\)"):
        cross_entropy(torch.zeros(4), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"got \(4, 2\) and \(3,\)"):
        reverse_cross_entropy(torch.zeros(4, 2), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="reduction must be mean, sum or none, got 'average'"):
        cross_entropy(torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64), reduction="average")
