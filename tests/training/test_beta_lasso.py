"""beta-LASSO against steps worked out by hand (scratch, Alg. 1) and against plain SGD."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from anarch.lifting.walk import lift
from anarch.models import build
from anarch.training import beta_lasso
from anarch.training.beta_lasso import BetaLasso, beta_lasso_groups


def parameter(
    *values: float, grad: tuple[float, ...] | None = None, dtype: torch.dtype = torch.float64
) -> nn.Parameter:
    theta = nn.Parameter(torch.tensor(values, dtype=dtype))
    theta.grad = torch.zeros_like(theta) if grad is None else torch.tensor(grad, dtype=dtype)
    return theta


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_one_step_by_hand() -> None:
    """lr 1/2, lambda 1/4, beta 2, all exact in binary: shrink by 1/8 towards zero, cut below 1/2."""
    theta = parameter(1.0, -1.0, 0.0, 0.625, 0.5, -0.5, 2.0, grad=(0.5, 0.5, 1.0, 0.0, 0.0, 0.25, -1.0))
    BetaLasso([theta], 0.5, 0.25, 2.0).step()
    # 1 - .5 (.5 + .25) = .625; -1 - .5 (.5 - .25) = -1.125; 0 - .5 * 1 = -.5 (sign 0 is 0), not below 1/2;
    # .625 - .125 = .5, likewise; .5 - .125 = .375, cut; -.5 - .5 (.25 - .25) = -.5; 2 + .5 - .125 = 2.375
    assert theta.tolist() == [0.625, -1.125, -0.5, 0.5, 0.0, -0.5, 2.375]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_threshold_itself_stays_and_the_next_number_below_goes(dtype: torch.dtype) -> None:
    tau = torch.tensor(0.3 * 0.7, dtype=dtype)
    below = torch.nextafter(tau, torch.zeros((), dtype=dtype))
    theta = nn.Parameter(torch.stack((tau, -tau, below, -below)))
    theta.grad = -0.3 * theta.detach().sign()  # cancels lambda: the threshold alone acts
    BetaLasso([theta], lr=0.0, l1=0.3, beta=0.7).step()
    assert torch.equal(theta.detach(), torch.stack((tau, -tau, 0 * tau, 0 * tau)))


def test_a_cut_weight_is_plus_zero() -> None:
    theta = parameter(-0.1, 0.1, -0.0)
    BetaLasso([theta], 0.1, 1.0, 1.0).step()
    assert theta.tolist() == [0.0, 0.0, 0.0]
    assert not torch.signbit(theta).any()


def test_the_learning_rate_is_not_in_the_threshold() -> None:
    for lr in (1e-6, 1e-3):
        theta = parameter(0.9, 1.1)
        BetaLasso([theta], lr, 0.5, 2.0).step()
        assert (theta == 0).tolist() == [True, False]


def test_a_zero_grows_back_only_by_reaching_the_threshold_in_one_step() -> None:
    """lr |grad| >= beta lambda = 1/2: a gradient of 2 does at lr 1/4, one of 1.75 never, however often."""
    theta = parameter(0.0, 0.0, grad=(2.0, 1.75))
    optimiser = BetaLasso([theta], 0.25, 0.25, 2.0)
    for _ in range(5):
        optimiser.step()
        assert theta[1] == 0
    assert theta[0] < -0.5


def test_without_a_threshold_nothing_is_exactly_zero() -> None:
    """beta = 0 is plain LASSO: |theta| >= 0 always holds (scratch, Tab. 2)."""
    theta = nn.Parameter(normal(1000))
    optimiser = BetaLasso([theta], 0.01, 0.5, 0.0)
    for seed in range(20):
        theta.grad = normal(1000, seed=seed + 1)
        optimiser.step()
    assert theta.count_nonzero() == 1000


def test_beta_one_cuts_below_lambda() -> None:
    theta = parameter(0.24, 0.26)
    BetaLasso([theta], 0.0, 0.25, 1.0).step()
    assert theta.tolist() == [0.0, 0.26]


def test_many_steps_follow_the_algorithm_written_out() -> None:
    """Longer than a chunk, in a shape with axes, and with lr, lambda and beta by group."""
    thetas = [nn.Parameter(normal(5, 7)), nn.Parameter(normal(beta_lasso.CHUNK + 3, seed=1))]
    settings = [(0.1, 0.02, 5.0), (0.05, 0.3, 1.0)]
    expected = [theta.detach().clone() for theta in thetas]
    groups = [
        {"params": [theta], "lr": lr, "l1": l1, "beta": beta}
        for theta, (lr, l1, beta) in zip(thetas, settings, strict=True)
    ]
    optimiser = BetaLasso(groups, lr=9.0, l1=9.0, beta=9.0)
    for step in range(4):
        for i, (lr, l1, beta) in enumerate(settings):
            grad = thetas[i].grad = normal(*thetas[i].shape, seed=10 * step + i)
            moved = expected[i] - lr * (grad + l1 * expected[i].sign())
            expected[i] = torch.where(moved.abs() >= beta * l1, moved, 0.0)
        optimiser.step()
    for theta, truth in zip(thetas, expected, strict=True):
        assert torch.equal(theta == 0, truth == 0)
        torch.testing.assert_close(theta.detach(), truth, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layout", ["transposed", "channels_last", "scalar"])
def test_any_layout_of_weight_and_gradient(layout: str) -> None:
    values, grad = normal(3, 4, 2, 5), normal(3, 4, 2, 5, seed=1)
    if layout == "scalar":
        values, grad = torch.tensor(2.0), torch.tensor(1.0)
    theta = nn.Parameter(
        values.contiguous(memory_format=torch.channels_last) if layout == "channels_last" else values.clone()
    )
    theta.grad = (
        grad.transpose(0, -1).contiguous().transpose(0, -1) if layout == "transposed" else grad.clone()
    )
    BetaLasso([theta], 0.5, 0.1, 3.0).step()
    moved = values - 0.5 * (grad + 0.1 * values.sign())
    torch.testing.assert_close(theta.detach(), torch.where(moved.abs() >= 0.3, moved, 0.0))
    assert torch.equal(theta.grad, grad)


def test_without_lambda_it_is_plain_sgd_bit_for_bit() -> None:
    ours, theirs = (nn.Parameter(normal(50).float()) for _ in range(2))
    optimisers = BetaLasso([ours], 0.1, 0.0, 50.0), torch.optim.SGD([theirs], lr=0.1)
    for seed in range(5):
        for theta, optimiser in zip((ours, theirs), optimisers, strict=True):
            theta.grad = normal(50, seed=seed).float()
            optimiser.step()
    assert torch.equal(ours, theirs)


def test_it_works_as_any_torch_optimiser() -> None:
    """Closure, scheduler, missing gradients, and a state that gives back the groups."""
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(normal(*p.shape))
    unused = nn.Parameter(torch.ones(3))
    optimiser = BetaLasso([*model.parameters(), unused], lr=0.2, l1=0.01, beta=2.0)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimiser, 0.5)
    x, y = normal(8, 4), torch.arange(8) % 3

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    losses = []
    for _ in range(10):
        losses.append(optimiser.step(closure).item())
        scheduler.step()
    assert losses[-1] < losses[0]
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.2 / 1024)
    assert torch.equal(unused, torch.ones(3))
    other = BetaLasso(
        [*copy.deepcopy(model).parameters(), nn.Parameter(torch.ones(3))], lr=1.0, l1=0.0, beta=0.0
    )
    other.load_state_dict(optimiser.state_dict())
    assert {k: other.param_groups[0][k] for k in ("lr", "l1", "beta")} == pytest.approx(
        {"lr": 0.2 / 1024, "l1": 0.01, "beta": 2.0}
    )


@pytest.mark.parametrize("to", [None, "locally_connected", "fully_connected"])
def test_groups_give_each_kind_of_layer_its_lambda(to: str | None) -> None:
    network: nn.Module = build("d_conv", (1, 6, 5), 3, alpha=1, norm="unit")
    if to:
        network = lift(network, (1, 6, 5), to)
    groups = beta_lasso_groups(network, l1_conv=2.0, l1_fc=1.0)
    assert [group["l1"] for group in groups] == [2.0, 1.0, 0.0]
    names = {id(p): name for name, p in network.named_parameters()}
    convolutions, linear, other = ({names[id(p)] for p in group["params"]} for group in groups)
    assert len(convolutions) == 8 and len(linear) == 2
    assert linear == {f"{name}.weight" for name, m in network.named_modules() if type(m) is nn.Linear}
    assert all(network.get_parameter(name).ndim == 1 for name in other)
    assert convolutions | linear | other == set(names.values())
    BetaLasso(groups, lr=0.1, l1=0.0, beta=50.0)


def test_frozen_parameters_and_empty_groups_are_left_out() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[0].requires_grad_(False)
    groups = beta_lasso_groups(network, l1_conv=2.0, l1_fc=1.0)
    assert [(len(g["params"]), g["l1"]) for g in groups] == [(1, 1.0), (1, 0.0)]
    assert groups[0]["params"][0] is network[1].weight


@pytest.mark.parametrize("name", ["lr", "l1", "beta"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_impossible_numbers_are_refused(name: str, value: float) -> None:
    good = {"lr": 0.1, "l1": 0.1, "beta": 1.0}
    with pytest.raises(ValueError, match=f"{name} must be a number, 0 or more, got {value}"):
        BetaLasso([parameter(1.0)], **{**good, name: value})
    with pytest.raises(ValueError, match=f"{name} must be a number, 0 or more, got {value}"):
        BetaLasso([{"params": [parameter(1.0)], name: value}], **good)


def test_sparse_gradients_are_refused() -> None:
    embedding = nn.Embedding(3, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(
        ValueError, match="BetaLasso takes dense gradients only; give the embedding sparse=False"
    ):
        BetaLasso(embedding.parameters(), 0.1, 0.1, 1.0).step()
