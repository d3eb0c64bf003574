import pytest
import torch
from torch import nn
from torch.testing import assert_close

from anarch.lifting.walk import lift
from anarch.models import build, initialise_


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_it_is_pytorchs_own_start_for_the_same_seed() -> None:
    def network() -> nn.Sequential:
        trunk = nn.Sequential(nn.Conv2d(4, 6, (3, 2), groups=2), nn.BatchNorm2d(6), nn.ReLU())
        return nn.Sequential(trunk, nn.Flatten(), nn.Linear(6, 5), nn.Linear(5, 2, bias=False))

    torch.manual_seed(3)
    expected, other = network(), network()
    initialise_(other, seeded(3))
    assert_close(other.state_dict(), expected.state_dict())


def test_it_draws_from_its_generator_only() -> None:
    before = torch.get_rng_state()
    first, second = (
        initialise_(build("vanilla_cnn", (1, 32, 32), 3, channels=2), seeded(5)) for _ in range(2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_norms_start_at_one_and_zero_with_fresh_statistics() -> None:
    norm = nn.BatchNorm2d(3)
    norm(torch.randn(8, 3, 2, 2, generator=seeded(0)) + 5)
    nn.init.constant_(norm.weight, 7.0)
    initialise_(nn.Sequential(norm), seeded(0))
    assert_close(norm.state_dict(), nn.BatchNorm2d(3).state_dict())


@pytest.mark.parametrize("to, fan_in", [("fully_connected", 2 * 7 * 6), ("locally_connected", 2 * 3 * 3)])
def test_a_lifted_layer_starts_within_the_bound_of_its_fan_in(to: str, fan_in: int) -> None:
    lifted = initialise_(lift(nn.Conv2d(2, 40, 3, padding=1), (2, 7, 6), to), seeded(1))
    for (
        parameter
    ) in lifted.parameters():  # 1,680 draws or more: the largest is near the bound, and never above
        assert 0.99 * fan_in**-0.5 < parameter.abs().max() <= fan_in**-0.5


def test_unknown_parameters_are_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match="no default start is known for PReLU '1' with weight; give its class"
    ):
        initialise_(nn.Sequential(nn.Linear(2, 2), nn.PReLU()), seeded(0))
