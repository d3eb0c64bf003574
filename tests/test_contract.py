"""Every measure asks the same of model, inputs and targets: one line, or the right value."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

import anarch
from anarch.complexity.robustness import input_margins, margins
from anarch.landscape.directions import random_directions
from anarch.landscape.gradient import gradient
from anarch.landscape.hessian import hessian_vector_product, top_eigenvalue
from anarch.landscape.interpolation import evaluate, evaluate_output_mixture
from anarch.landscape.string import relax_string
from anarch.landscape.surface import Slice, point_scores, slice_scores


def own(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in model.named_parameters()}


def string(model, x, y, **options):
    rest = {"points": 3, "epochs": 1, "lr": 0.1, "stiffness": 0.1, "batch_size": 2}
    ends = (own(model), own(model))
    return relax_string(model, ends, x, y, generator=torch.Generator().manual_seed(0), **rest, **options)


def attacked(model, x, y):
    return anarch.fgsm_accuracy(model, x, y, 0.0, (0.0,), (1.0,))


# Each measure of the landscape, called on (model, x, y) and, where it takes one, a loss.
WITH_LOSS = {
    "gradient": gradient,
    "gradient_norm": anarch.gradient_norm,
    "hessian_vector_product": lambda m, x, y, **o: hessian_vector_product(m, x, y, own(m), **o),
    "top_eigenvalue": lambda m, x, y, **o: top_eigenvalue(m, x, y, **o).value,
    "top_hessian_eigenvalue": anarch.top_hessian_eigenvalue,
    "basin_radii": lambda m, x, y, **o: anarch.basin_radii(m, x, y, 100.0, 2, **o),
    "point_scores": lambda m, x, y, **o: point_scores(m, {n: p[None] for n, p in own(m).items()}, x, y, **o),
    "slice_scores": lambda m, x, y, **o: slice_scores(m, Slice(seed=0), torch.zeros(1, 2), x, y, **o),
    "evaluate": lambda m, x, y, **o: evaluate(m, {}, x, y, **o),
    "relax_string": string,
}


EVERY = WITH_LOSS | {
    "evaluate_output_mixture": lambda m, x, y: evaluate_output_mixture(m, m, 0.5, x, y),
    "fgsm_accuracy": attacked,
    "margins": margins,
    "input_margins": input_margins,
}


class Linear(nn.Module):
    """A linear model of images; ``change`` is made to its outputs."""

    def __init__(self, outputs: int = 3, change=lambda z: z):
        super().__init__()
        self.head, self.change = nn.Linear(4, outputs).double(), change
        with torch.no_grad():
            self.head.weight.copy_(torch.arange(4.0 * outputs).view(outputs, 4).sin())
            self.head.bias.copy_(torch.arange(1.0 * outputs).cos())

    def forward(self, x: Tensor) -> Tensor:
        return self.change(self.head(x.flatten(1)))


X = torch.linspace(0, 1, 24, dtype=torch.float64).view(6, 1, 2, 2)


Y = torch.tensor([0, 1, 2, 0, 1, 2])


def with_gap(x: Tensor) -> Tensor:
    x = x.clone()
    x[4] = math.nan
    return x


REFUSED = {
    "numpy": (Linear(), X.numpy(), Y, "x must be a torch.Tensor, got numpy.ndarray; torch.as_tensor"),
    "list": (Linear(), X, [0, 1], "y must be a torch.Tensor, got list; torch.as_tensor makes one"),
    "lengths": (Linear(), X, Y[:5], "one equal, non-zero length, got 6 images and 5 labels"),
    "nan": (Linear(), with_gap(X), Y, "x must be finite: 1 of 6 rows are not, first row 4"),
    "regression": (
        Linear(), X, Y.double(),
        "labels y must be int64 (6,), got float64 (6,); for other targets give loss='squared_error' or",
    ),
    "column": (
        Linear(), X, Y[:, None],
        "labels y must be int64 (6,), got int64 (6, 1); for other targets give loss='squared_error' or",
    ),
    "ignored": (Linear(), X, Y - 100, "labels y must be 0 or more, got -100; leave such examples out"),
    "classes": (Linear(), X, Y + 1, "labels must lie in 0..2 for these logits, got 1..3"),
    "one logit": (Linear(1), X, Y, "labels must lie in 0..1 for these logits, got 0..2"),
    "tuple": (
        Linear(change=lambda z: (z, z)), X, Y,
        "the model must return one tensor (N, C), got tuple; wrap it to return the logits",
    ),
    "maps": (
        Linear(4, lambda z: z.view(-1, 1, 2, 2)), X, Y,
        "the model must return one tensor (N, C) of logits, got float64 (4, 1, 2, 2)",
    ),
    "squeezed": (
        Linear(1, lambda z: z.squeeze()), X, Y % 2,
        "the model returns (4,) for 4 examples and () for one: keep the axis of the batch",
    ),
    "size": (Linear(), X[..., :1], Y, "cannot take inputs of float64 (4, 1, 2, 1): mat1 and mat2"),
    "dropout": (Linear(change=lambda z: F.dropout(z, 0.01)), X, Y, "a forward pass draws random numbers"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("measure", EVERY)
def test_what_cannot_be_measured_is_told_in_one_line_by_every_measure(measure, case):
    model, x, y, message = REFUSED[case]
    with pytest.raises(ValueError) as caught:
        EVERY[measure](model, x, y)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def binary(change=lambda z: z) -> tuple[nn.Module, nn.Module]:
    """One logit z, and the same function as the logits (0, z)."""
    return Linear(1, change), Linear(1, lambda z: torch.cat((torch.zeros_like(z), z), 1))


@pytest.mark.parametrize("change", [lambda z: z, lambda z: z[:, 0]])
@pytest.mark.parametrize("measure", EVERY)
def test_one_logit_is_the_logit_of_class_1_against_class_0_everywhere(measure, change):
    one, two = binary(change)
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    assert_close(EVERY[measure](one, X, labels), EVERY[measure](two, X, labels), rtol=1e-6, atol=1e-12)


def test_one_logit_under_attack_has_the_accuracy_of_its_signs():
    one, _ = binary()
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    wanted = ((one(X)[:, 0] > 0) == labels.bool()).double().mean().item()
    assert 0 < wanted < 1
    assert attacked(one, X, labels) == wanted


def squares(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets).square().mean(1)


@pytest.mark.parametrize("loss", ["squared_error", squares])
def test_regression_has_the_gradient_and_hessian_of_the_mean_squared_error(loss):
    """Of a linear model: dL/dW = 2/(N d) R^T x, and each output's block of the Hessian is 2/(N d) X^T X."""
    model, targets = Linear(2), torch.linspace(-1, 1, 12, dtype=torch.float64).view(6, 2)
    inputs = torch.cat((X.flatten(1), torch.ones(6, 1, dtype=torch.float64)), 1)
    residuals = (model(X) - targets).detach()
    wanted = residuals.T @ inputs / 6
    slopes = gradient(model, X, targets, loss=loss, batch_size=4)
    assert_close(torch.cat((slopes["head.weight"], slopes["head.bias"][:, None]), 1), wanted)
    assert anarch.gradient_norm(model, X, targets, loss=loss) == pytest.approx(
        wanted.norm().item(), rel=1e-12
    )
    top = torch.linalg.eigvalsh(inputs.T @ inputs / 6)[-1].item()
    assert anarch.top_hessian_eigenvalue(model, X, targets, 1e-9, loss=loss) == pytest.approx(top, rel=1e-9)


@pytest.mark.parametrize("loss", ["squared_error", squares])
def test_scores_of_a_regression_are_its_mean_squared_error_and_no_accuracy(loss):
    model, targets = Linear(2), torch.linspace(-1, 1, 12, dtype=torch.float64).view(6, 2)
    wanted = F.mse_loss(model(X), targets).item()
    points = {name: torch.stack((p, 0 * p)) for name, p in own(model).items()}
    scores = point_scores(model, points, X, targets, loss=loss, batch_size=4)
    assert_close(scores[:, 0], torch.tensor([wanted, targets.square().mean().item()], dtype=torch.float64))
    assert scores[:, 1].isnan().all()
    assert evaluate(model, {}, X, targets, loss=loss).loss == pytest.approx(wanted, rel=1e-12)
    assert slice_scores(model, Slice(seed=0), torch.zeros(1, 2), X, targets, loss=loss)[
        0, 0
    ] == pytest.approx(wanted)


def test_radii_of_a_regression_in_closed_form():
    """At a perfect fit of w . x the loss is r^2 mean (x . d)^2: r = sqrt(cutoff / mean (x . d)^2)."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False)).double()
    radii = anarch.basin_radii(
        model, X, model(X).detach(), 0.04, 5, loss="squared_error", normalisation="unit", largest=100.0
    )
    drawn = random_directions(model, 0, range(5), normalisation="unit")["1.weight"][:, 0]
    wanted = (0.04 / (X.flatten(1) @ drawn.T).square().mean(0)).sqrt()
    assert_close(radii, wanted, rtol=1e-4, atol=0)


def test_a_string_relaxes_under_another_loss():
    """One SGD step on the mean squared error of a linear model, without springs."""
    model = Linear(2)
    targets = torch.zeros(6, 2, dtype=torch.float64)
    found = relax_string(
        model, (own(model), own(model)), X, targets, points=3, epochs=1, lr=0.5, stiffness=0.0, batch_size=6,
        generator=torch.Generator().manual_seed(0), loss="squared_error",
    )  # fmt: skip
    slope = (model(X).T @ X.flatten(1) / 6).detach()
    assert_close(found[1]["head.weight"], model.head.weight.detach() - 0.5 * slope)


@pytest.mark.parametrize(
    "loss, targets, message",
    [
        ("hinge", Y, "loss must be 'cross_entropy', 'squared_error' or a function, got 'hinge'"),
        ("squared_error", Y, "takes floating targets of the outputs' shape, (N, 3), got int64 (N)"),
        ("squared_error", torch.full((6, 3), math.nan), "y must be finite: 6 of 6 rows are not, first row 0"),
        (F.mse_loss, X.view(6, 4)[:, :3], "loss must return one number for each example, (4,) here, got ()"),
    ],
)
@pytest.mark.parametrize("measure", WITH_LOSS)
def test_a_loss_that_does_not_fit_is_told_in_one_line(measure, loss, targets, message):
    with pytest.raises(ValueError) as caught:
        WITH_LOSS[measure](Linear(), X, targets, loss=loss)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_pixels_beyond_their_range_are_refused_by_the_attack():
    with pytest.raises(
        ValueError, match=r"x \* std \+ mean must lie in 0..1, the range of epsilon, got 0..255"
    ):
        attacked(Linear(), X * 255, Y)


def test_a_negative_loss_has_no_radii():
    with pytest.raises(ValueError, match="radii need a loss of 0 or more, got -1; add a constant to it"):
        anarch.basin_radii(Linear(), X, Y, loss=lambda z, y: 0 * z.sum(1) - 1)


def test_radii_of_a_network_above_the_cutoff_are_zero_and_a_warning_says_why():
    with pytest.warns(
        RuntimeWarning, match=r"the loss of the network itself, .*, is not below the cutoff 0.001: ev"
    ):
        radii = anarch.basin_radii(Linear(), X, Y, 0.001, 3)
    assert torch.equal(radii, torch.zeros(3, dtype=torch.float64))


def test_recomputing_statistics_from_single_images_is_refused_in_one_line():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3)).double().eval()
    with pytest.raises(
        ValueError, match="no statistics can be recomputed from a batch of 1: Expected more than 1"
    ):
        slice_scores(model, Slice(seed=0), torch.zeros(1, 2), X, Y, statistics="recomputed", batch_size=1)


def test_numpy_images_are_refused_by_the_random_labels_too():
    with pytest.raises(ValueError, match=r"x must be a torch.Tensor, got numpy.ndarray"):
        anarch.randomly_labelled(np.zeros((2, 1, 2, 2)), Y[:2], 1, 0.5, 3, 0)
