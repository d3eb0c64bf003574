"""Paths between two networks: their ends, their norms, and mixing in output space."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from anarch.landscape.interpolation import evaluate, evaluate_output_mixture, linear, norm_preserving

ALPHAS = (0.0, 0.1, 0.5, 0.77, 1.0)


def network(seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(60, 4)
    return nn.Sequential(*layers).double().eval()


def point(model: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@pytest.fixture
def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(9)
    x = torch.randn(11, 2, 7, 6, dtype=torch.float64, generator=generator)
    return x, torch.randint(4, (11,), generator=generator)


@pytest.mark.parametrize("path", [linear, norm_preserving])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ends_are_the_two_networks_to_the_bit(path, dtype):
    a, b = ({name: t.to(dtype) for name, t in point(network(seed)).items()} for seed in (0, 1))
    for end, alpha in ((a, 0.0), (b, 1.0)):
        reached = path(a, b, alpha)
        assert list(reached) == list(a)
        assert all(torch.equal(reached[name], end[name]) for name in a)


@pytest.mark.parametrize("alpha", [*ALPHAS, -0.5, 1.5])
def test_linear_points(alpha):
    a, b = point(network(0)), point(network(1))
    wanted = {name: (1 - alpha) * a[name] + alpha * b[name] for name in a}
    assert_close(linear(a, b, alpha), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_norm_preserving_points_have_the_interpolated_norm_and_the_linear_direction(alpha):
    a, b = point(network(0)), point(network(1))
    straight = linear(a, b, alpha)
    for name, tensor in norm_preserving(a, b, alpha).items():
        wanted = (1 - alpha) * a[name].norm() + alpha * b[name].norm()
        assert_close(tensor.norm(), wanted, rtol=1e-13, atol=0.0)
        direction = straight[name] / straight[name].norm().clamp(min=1e-300)
        assert_close(tensor, direction * wanted, rtol=1e-12, atol=1e-14)


def test_tensors_without_a_direction_stay_zero():
    a = {"opposite": torch.tensor([1.0, -2.0]), "zero": torch.zeros(3), "one": torch.zeros(2)}
    b = {"opposite": torch.tensor([-1.0, 2.0]), "zero": torch.zeros(3), "one": torch.tensor([0.0, 4.0])}
    middle = norm_preserving(a, b, 0.5)
    assert torch.equal(middle["opposite"], torch.zeros(2))
    assert torch.equal(middle["zero"], torch.zeros(3))
    assert torch.equal(middle["one"], torch.tensor([0.0, 2.0]))


def test_the_two_points_are_not_changed_and_not_shared():
    a, b = point(network(0)), point(network(1))
    before = copy.deepcopy((a, b))
    for path in (linear, norm_preserving):
        for alpha in (0.0, 0.5, 1.0):
            for tensor in path(a, b, alpha).values():
                tensor.zero_()
    for now, then in zip((a, b), before, strict=True):
        assert all(torch.equal(now[name], then[name]) for name in now)


@pytest.mark.parametrize("batch_size", [4, 1000])
def test_evaluation_replaces_the_models_parameters_and_leaves_the_model_alone(images, batch_size):
    x, y = images
    model, other = network(0), network(1)
    before = copy.deepcopy(model.state_dict())
    logits = other(x)
    loss, accuracy = evaluate(model, point(other), x, y, batch_size)
    assert loss == pytest.approx(F.cross_entropy(logits, y).item(), rel=1e-12)
    assert accuracy == (logits.argmax(1) == y).sum().item() / 11
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_names_that_are_left_out_keep_the_models_values(images):
    x, y = images
    model, other = network(0), network(1)
    head = {name: t for name, t in point(other).items() if name.startswith("5.")}
    grafted = copy.deepcopy(model)
    grafted[5].load_state_dict(other[5].state_dict())
    assert evaluate(model, head, x, y).loss == pytest.approx(F.cross_entropy(grafted(x), y).item(), rel=1e-12)


@pytest.mark.parametrize("of", ["logits", "probabilities"])
def test_ends_of_the_mixture_are_the_two_networks_exactly(images, of):
    a, b = network(0), network(1)
    assert evaluate_output_mixture(a, b, 0.0, *images, of=of) == evaluate(a, {}, *images)
    assert evaluate_output_mixture(a, b, 1.0, *images, of=of) == evaluate(b, {}, *images)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_mixtures_follow_their_definition(images, alpha):
    x, y = images
    a, b = network(0), network(1)
    logits = (1 - alpha) * a(x) + alpha * b(x)
    mixed = evaluate_output_mixture(a, b, alpha, x, y, batch_size=4)
    assert mixed.loss == pytest.approx(F.cross_entropy(logits, y).item(), rel=1e-12)
    assert mixed.accuracy == (logits.argmax(1) == y).double().mean().item()
    odds = (1 - alpha) * a(x).softmax(1) + alpha * b(x).softmax(1)
    mixed = evaluate_output_mixture(a, b, alpha, x, y, batch_size=4, of="probabilities")
    assert mixed.loss == pytest.approx(F.nll_loss(odds.log(), y).item(), rel=1e-12)
    assert mixed.accuracy == (odds.argmax(1) == y).double().mean().item()


@pytest.mark.parametrize("alpha", ALPHAS)
def test_mixing_logits_of_linear_models_is_interpolating_their_weights(images, alpha):
    x, y = images
    a, b = (nn.Linear(84, 4).double() for _ in range(2))
    weights = evaluate(a, linear(point(a), point(b), alpha), x.flatten(1), y)
    outputs = evaluate_output_mixture(a, b, alpha, x.flatten(1), y)
    assert outputs.loss == pytest.approx(weights.loss, rel=1e-12)
    assert outputs.accuracy == weights.accuracy


def test_mixtures_of_other_losses(images):
    x = images[0]
    a, b = network(0), network(1)
    targets = torch.randn(11, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    outputs = 0.7 * a(x) + 0.3 * b(x)
    mixed = evaluate_output_mixture(a, b, 0.3, x, targets, batch_size=4, loss="squared_error")
    assert mixed.loss == pytest.approx(F.mse_loss(outputs, targets).item(), rel=1e-12)
    assert mixed.accuracy != mixed.accuracy  # NaN: no classes

    def farthest(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).abs().amax(1)

    mixed = evaluate_output_mixture(a, b, 0.3, x, targets, batch_size=4, loss=farthest)
    assert mixed.loss == pytest.approx(farthest(outputs, targets).mean().item(), rel=1e-12)
    with pytest.raises(ValueError, match=r"of='probabilities' mixes classes .* only, got 'squared_error'"):
        evaluate_output_mixture(a, b, 0.3, x, targets, of="probabilities", loss="squared_error")


def test_one_logit_mixes_with_another_and_with_two_classes(images):
    x, y = images[0].flatten(1), images[1] % 2
    one, other, two = (nn.Linear(84, classes).double() for classes in (1, 1, 2))
    z = (0.7 * one(x) + 0.3 * other(x))[:, 0]
    wanted = F.binary_cross_entropy_with_logits(z, y.double()).item()
    assert evaluate_output_mixture(one, other, 0.3, x, y).loss == pytest.approx(wanted, rel=1e-12)
    pairs = torch.stack((torch.zeros(11), one(x)[:, 0]), 1)
    wanted = F.cross_entropy(0.7 * pairs + 0.3 * two(x), y).item()
    assert evaluate_output_mixture(one, two, 0.3, x, y).loss == pytest.approx(wanted, rel=1e-12)
    with pytest.raises(ValueError, match=r"outputs of one shape, got \(11, 2\), \(11, 3\)"):
        evaluate_output_mixture(two, nn.Linear(84, 3).double(), 0.3, x, y)


@pytest.mark.parametrize("of", ["logits", "probabilities"])
def test_outputs_mix_without_a_barrier(images, of):
    """Cross entropy is convex in the logits and in the probabilities (Jensen)."""
    a, b = network(0), network(1)
    ends = [evaluate(model, {}, *images).loss for model in (a, b)]
    for alpha in ALPHAS:
        mixed = evaluate_output_mixture(a, b, alpha, *images, of=of)
        assert mixed.loss <= (1 - alpha) * ends[0] + alpha * ends[1] + 1e-12


def test_impossible_arguments_are_refused(images):
    model = network(0)
    a = point(model)
    short = {name: t for name, t in a.items() if name != "5.bias"} | {"0.bias": torch.zeros(4)}
    with pytest.raises(ValueError, match=r"equal names and shapes; not so: \['0.bias', '5.bias'\]"):
        linear(a, short, 0.5)
    with pytest.raises(ValueError, match=r"floating tensors .* not so: \['count'\]"):
        linear({"count": torch.tensor(1)}, {"count": torch.tensor(2)}, 0.5)
    for alpha in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"alpha must lie in 0\.\.1, got"):
            norm_preserving(a, a, alpha)
        with pytest.raises(ValueError, match=r"alpha must lie in 0\.\.1, got"):
            evaluate_output_mixture(model, model, alpha, *images)
    with pytest.raises(ValueError, match="of must be 'logits' or 'probabilities', got 'votes'"):
        evaluate_output_mixture(model, model, 0.5, *images, of="votes")
    with pytest.raises(
        ValueError, match=r"Sequential has no parameter of that name and shape: \['0.bias', 'x'\]"
    ):
        evaluate(model, {"0.bias": torch.zeros(4), "x": torch.zeros(1)}, *images)
    with pytest.raises(ValueError, match="normalises by the batch in training mode"):
        evaluate(model.train(), a, *images)
    with pytest.raises(ValueError, match="normalises by the batch in training mode"):
        evaluate_output_mixture(network(1), model, 0.5, *images)
