"""Networks trained together against the same networks one by one, with torch's own optimisers."""

import io
import math

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from anarch.randomness import generator
from anarch.training import ensemble as module
from anarch.training.ensemble import Descent, Ensemble, measure
from anarch.training.losses import anti_generalisation, cross_entropy
from anarch.training.stacked import fresh, kernel_mask, outputs, stack, unstack

K, LR, BETA = 4, torch.tensor([0.02, 0.01, 0.03, 0.02]), torch.tensor([0.0, 0.2, 0.5, 0.9])


def start(widths=(3, 6, 5, 1), count=K) -> Tensor:
    return fresh(widths, [generator(k, "weights") for k in range(count)]).double()


def points(n: int, *purpose: object, classes: int = 2, networks: int | None = None):
    draws = generator(0, n, *purpose)
    shape = (n,) if networks is None else (networks, n)
    x = torch.randn(*shape, 3, dtype=torch.float64, generator=draws)
    return x, torch.randint(0, classes, shape, generator=draws)


def fresh_points(step: int):
    return points(7, "extra", step)


DESCENTS = {
    "sgd": (Descent(steps=15, optimiser="sgd"), torch.optim.SGD, {}),
    "momentum": (Descent(steps=15, optimiser="sgd", momentum=0.9), torch.optim.SGD, {"momentum": 0.9}),
    "adam": (Descent(steps=15, betas=(0.8, 0.95)), torch.optim.Adam, {"betas": (0.8, 0.95)}),
    "adam eps": (Descent(steps=15, eps=1e-3), torch.optim.Adam, {"eps": 1e-3}),
    "rmsprop": (
        Descent(steps=15, optimiser="rmsprop", alpha=0.9, eps=1e-7),
        torch.optim.RMSprop,
        {"alpha": 0.9, "eps": 1e-7},
    ),
}


def alone(k, widths, descent, make, options, *, decay=0.0, clip=None) -> nn.Sequential:
    """Network ``k``, trained by torch.optim with fresh extra data, as one would write it first."""
    network = unstack(start(widths), k, widths)
    optimiser = make(network.parameters(), lr=LR[k].item(), weight_decay=decay, **options)
    train = points(11, "train", classes=max(2, widths[-1]))
    for step in range(descent.steps):
        x, y = fresh_points(step)
        loss = anti_generalisation(network(train[0]), train[1], network(x), y, BETA[k].double())
        optimiser.zero_grad()
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimiser.step()
    return network


@pytest.mark.parametrize("outputs_", [1, 3])
@pytest.mark.parametrize("name", DESCENTS)
def test_together_is_one_by_one(name, outputs_):
    """Each with a start, learning rate and beta of its own; the same steps as torch.optim to rounding."""
    descent, make, options = DESCENTS[name]
    widths = (3, 6, 5, outputs_)
    train = points(11, "train", classes=max(2, outputs_))
    ensemble = Ensemble(start(widths), widths, descent, train, lr=LR, beta=BETA, extra=fresh_points)
    ensemble.run()
    singles = stack(alone(k, widths, descent, make, options) for k in range(K))
    assert ensemble.step == 15
    assert_close(ensemble.parameters, singles, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ["momentum", "adam", "rmsprop"])
def test_clipping_and_decay_are_pytorchs(name):
    """The bound of 0.1 is active: gradients of a whole network, not of all together, are cut."""
    _, make, options = DESCENTS[name]
    fields = {key: value for key, value in vars(DESCENTS[name][0]).items() if key != "clip_norm"}
    descent, widths = Descent(**fields, clip_norm=0.1), (3, 6, 5, 1)
    ensemble = Ensemble(
        start(), widths, descent, points(11, "train"), lr=LR, beta=BETA, extra=fresh_points, weight_decay=0.05
    )
    ensemble.run()
    singles = stack(alone(k, widths, descent, make, options, decay=0.05, clip=0.1) for k in range(K))
    assert_close(ensemble.parameters, singles, rtol=1e-8, atol=1e-10)


def test_without_extra_data_the_loss_is_the_cross_entropy_of_the_training_set():
    widths, (x, y) = (3, 6, 5, 1), points(11, "train")
    ensemble = Ensemble(start(), widths, Descent(steps=1, optimiser="sgd"), (x, y), lr=0.1)
    ensemble.run()
    for k in range(K):
        network = unstack(start(), k, widths)
        gradients = torch.autograd.grad(cross_entropy(network(x), y), list(network.parameters()))
        stepped = torch.cat(
            [(p - 0.1 * g).flatten() for p, g in zip(network.parameters(), gradients, strict=True)]
        )
        assert_close(ensemble.parameters[k], stepped.detach())


def test_each_network_may_have_points_of_its_own():
    widths, (x, y), extra = (3, 6, 5, 1), points(11, "train", networks=K), points(7, "extra", networks=K)
    together = Ensemble(start(), widths, Descent(steps=9), (x, y), lr=LR, beta=BETA, extra=extra)
    together.run()
    for k in range(K):
        single = Ensemble(
            start()[k : k + 1], widths, Descent(steps=9), (x[k], y[k]), lr=LR[k], beta=BETA[k],
            extra=(extra[0][k], extra[1][k]),
        )  # fmt: skip
        single.run()
        assert_close(together.parameters[k], single.parameters[0])


@pytest.mark.parametrize("cached", [1, 11 * 15 * 3, 10**9])
def test_how_many_share_a_pass_does_not_matter(cached, monkeypatch):
    """Singly, three and one, all at once."""
    whole = Ensemble(start(), (3, 6, 5, 1), Descent(steps=9), points(11, "train"), lr=LR)
    whole.run()
    monkeypatch.setattr(module, "_CACHED", cached)
    parts = Ensemble(start(), (3, 6, 5, 1), Descent(steps=9), points(11, "train"), lr=LR)
    parts.run()
    assert_close(parts.parameters, whole.parameters)
    for ours, theirs in zip(
        measure(parts.parameters, (3, 6, 5, 1), points(11, "train")),
        measure(whole.parameters, (3, 6, 5, 1), points(11, "train")),
        strict=True,
    ):
        assert_close(ours, theirs)


@pytest.mark.parametrize("name", DESCENTS)
def test_a_resumed_ensemble_has_the_same_bits(name):
    """Through a file; fresh extra data, a schedule and early stops of some networks are part of it."""
    fields = vars(DESCENTS[name][0]) | {
        "schedule": "cosine",
        "stop_below": 0.6,
        "clip_norm": 1.0,
        "steps": 40,
    }
    x, _ = points(6, "train")
    train, lr = (x, (x[:, 0] > 0).long()), torch.tensor([0.3, 0.1, 0.02, 0.0])

    def new():
        beta = torch.tensor([0.0, 0.0, 0.1, 0.5])
        return Ensemble(start(), (3, 6, 5, 1), Descent(**fields), train, lr=lr, beta=beta, extra=fresh_points)

    whole, first, second = new(), new(), new()
    whole.run()
    first.run(6)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second.run(3)  # what a resumed object did before must not matter
    second.load_state_dict(torch.load(file))
    second.run()
    assert 0 < len(whole.rows) < K and whole.step == 40
    assert torch.equal(second.parameters, whole.parameters) and torch.equal(second.rows, whole.rows)
    assert all(torch.equal(second.moments[name], whole.moments[name]) for name in whole.moments)


def test_running_on_does_not_change_a_loaded_or_a_given_state():
    given = start()
    ensemble = Ensemble(given, (3, 6, 5, 1), Descent(steps=5), points(11, "train"), lr=LR)
    copy = ensemble.state_dict()["parameters"].clone()
    other = Ensemble(given, (3, 6, 5, 1), Descent(steps=5), points(11, "train"), lr=LR)
    other.load_state_dict(ensemble.state_dict())
    other.run()
    assert torch.equal(given, copy) and torch.equal(ensemble.parameters, copy)
    assert not torch.equal(other.parameters, copy)


def test_a_network_stops_where_it_first_meets_the_criterion_and_the_others_go_on():
    """Easy labels for all, learning rates that differ: stops at different steps, one network never."""
    x, _ = points(12, "train")
    y, lr = (x[:, 0] > 0).long(), torch.tensor([0.3, 0.05, 0.1, 0.0])
    widths, free = (3, 6, 5, 1), Descent(steps=120, optimiser="sgd")
    ensemble = Ensemble(start(), widths, Descent(steps=120, optimiser="sgd", stop_below=0.4), (x, y), lr=lr)
    ensemble.run()
    watched, ends, stopped = Ensemble(start(), widths, free, (x, y), lr=lr), start(), [False] * K
    for step in range(121):
        loss, accuracy = measure(watched.parameters, widths, (x, y))
        for k in range(K):
            if not stopped[k]:
                ends[k], stopped[k] = (
                    watched.parameters[k],
                    bool(loss[k] < 0.4 and accuracy[k] == 1 and step < 120),
                )
        watched.run(step + 1)
    assert ensemble.rows.tolist() == [k for k in range(K) if not stopped[k]]
    assert 0 < len(ensemble.rows) < K
    assert_close(ensemble.parameters, ends)


def test_training_ends_when_all_have_stopped():
    ensemble = Ensemble(
        start(), (3, 6, 5, 1), Descent(steps=10**9, stop_below=10.0, check_every=3),
        (torch.ones(1, 3, dtype=torch.float64), torch.ones(1, dtype=torch.int64)), lr=0.01,
    )  # fmt: skip
    ensemble.run()
    assert len(ensemble.rows) == 0 and ensemble.step < 10**6


def test_a_network_that_diverges_disturbs_no_other():
    lr = torch.tensor([0.02, float("inf"), 0.03, 0.02])
    mixed = Ensemble(start(), (3, 6, 5, 1), Descent(steps=5, optimiser="sgd"), points(11, "train"), lr=lr)
    sane = Ensemble(start(), (3, 6, 5, 1), Descent(steps=5, optimiser="sgd"), points(11, "train"), lr=LR)
    mixed.run()
    sane.run()
    assert mixed.parameters[1].isnan().any()
    assert torch.equal(mixed.parameters[[0, 2, 3]], sane.parameters[[0, 2, 3]])


def test_decay_may_spare_biases():
    """With a zero gradient (lr of the loss aside) a step of SGD shrinks weights by lr * decay and no bias."""
    widths = (3, 6, 5, 1)
    x, y = torch.full((1, 3), 1e3, dtype=torch.float64), torch.ones(1, dtype=torch.int64)
    parameters = start(widths, 1).abs()  # logit above 1e3: a gradient of exp(-1e3) = 0 to rounding
    ensemble = Ensemble(
        parameters,
        widths,
        Descent(steps=1, optimiser="sgd"),
        (x, y),
        lr=0.5,
        weight_decay=0.1 * kernel_mask(widths),
    )
    ensemble.run()
    kernels = kernel_mask(widths)
    assert_close(ensemble.parameters[:, kernels], 0.95 * parameters[:, kernels])
    assert torch.equal(ensemble.parameters[:, ~kernels], parameters[:, ~kernels])


def test_schedules_are_those_of_the_training_loop():
    steps = Descent(steps=30, schedule="steps", milestones=(10, 20), gamma=0.5)
    assert [steps.factor(t) for t in (0, 9, 10, 20)] == [1.0, 1.0, 0.5, 0.25]
    assert Descent(steps=30, schedule="cosine").factor(10) == pytest.approx((1 + math.cos(math.pi / 3)) / 2)
    widths = (3, 6, 5, 1)
    ensemble = Ensemble(start(), widths, Descent(steps=2, schedule="steps", milestones=(1,), gamma=0.0),
                        points(11, "train"), lr=LR)  # fmt: skip
    ensemble.run(1)
    after_one = ensemble.parameters.clone()
    ensemble.run()
    assert torch.equal(ensemble.parameters, after_one) and not torch.equal(after_one, start())


def test_bad_arguments_are_refused():
    train, ok = points(11, "train"), {"lr": 0.1}
    with pytest.raises(ValueError, match="optimiser must be sgd, adam, rmsprop, got 'lbfgs'"):
        Ensemble(start(), (3, 6, 5, 1), Descent(steps=1, optimiser="lbfgs"), train, **ok)
    with pytest.raises(ValueError, match=r"beta must lie in \[0, 1\], got \[1.5"):
        Ensemble(start(), (3, 6, 5, 1), Descent(steps=1), train, beta=1.5, extra=train, **ok)
    with pytest.raises(ValueError, match=r"beta above 0 needs .* give `extra`"):
        Ensemble(start(), (3, 6, 5, 1), Descent(steps=1), train, beta=0.5, **ok)
    with pytest.raises(ValueError, match=r"theta must have 31 entries for widths \(3, 6, 1\), got 65"):
        outputs(start(), (3, 6, 1), train[0])
    with pytest.raises(ValueError, match=r"each 1 or more; got \(3, 0, 1\)"):
        fresh((3, 0, 1), [generator(0)])
    with pytest.raises(ValueError, match="start must be default, glorot_uniform or glorot_normal, got 'he'"):
        fresh((3, 1), [generator(0)], start="he")
