"""Recorded steps, on the CPU: a recording that computes nothing, and a replay that computes on its inputs."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from anarch.lifting.walk import lift
from anarch.randomness import generator
from anarch.training import optimisers
from anarch.training.captured import CAPTURABLE, Replayed, keep_rates_on
from anarch.training.examples import Examples
from anarch.training.loop import OutOfMemory, Training
from anarch.workflow.specs import Recipe


def examples(count: int) -> Examples:
    draws = generator(0, "images")
    images = torch.randint(0, 256, (count, 2, 7, 6), dtype=torch.uint8, generator=draws)
    labels = torch.randint(0, 3, (count,), generator=draws)
    return Examples(images, labels, torch.tensor([0.4, 0.5]), torch.tensor([0.2, 0.3]))


def network() -> nn.Module:
    torch.manual_seed(0)
    cnn = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(80, 3))
    return lift(cnn, (2, 7, 6))


def recording(step: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    result = torch.full((2,), torch.nan, dtype=torch.float64)

    def replay() -> None:
        result.copy_(step())

    return replay, result


def at_once(step: Callable[[], Tensor]) -> Tensor:
    return step()


def captured(training: Training, record: Callable = recording) -> Training:
    keep_rates_on(torch.device("cpu"), training.optimiser)
    training.advance = Replayed(training.step, record=record, first=at_once)
    return training


@pytest.mark.parametrize("optimiser", ["plain", *CAPTURABLE])
@pytest.mark.parametrize("augment", ["none", "crop_flip"])
def test_recorded_steps_are_the_steps(optimiser: str, augment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """24 images in batches of 7: two shapes, and a rate that changes from step to step."""
    monkeypatch.setattr(optimisers, "LARGE", 1)
    name = "sgd" if optimiser == "plain" else optimiser
    momentum = 0.9 if optimiser == "sgd" else 0.0
    recipe = Recipe(
        epochs=3, batch_size=7, lr=0.01, schedule="cosine", optimiser=name, momentum=momentum, augment=augment
    )
    eager = Training(network(), examples(24), examples(10), recipe, seed=1)
    eager.run()
    recorded = captured(Training(network(), examples(24), examples(10), recipe, seed=1))
    recorded.run()
    assert len(recorded.advance.recorded) == 2
    for name, value in eager.model.state_dict().items():
        torch.testing.assert_close(value, recorded.model.state_dict()[name], rtol=1e-5, atol=1e-6)
    for one, other in zip(eager.history, recorded.history, strict=True):
        assert one == pytest.approx(other, rel=1e-5)


def test_what_cannot_be_recorded_is_computed_as_before_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    def refusing(step: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    recipe = Recipe(epochs=2, batch_size=6, lr=0.01)
    eager = Training(network(), examples(24), examples(10), recipe, seed=1)
    eager.run()
    refused = captured(Training(network(), examples(24), examples(10), recipe, seed=1), refusing)
    refused.run()
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1 and told[0].endswith("operation not permitted when stream is capturing")
    for name, value in eager.model.state_dict().items():
        torch.testing.assert_close(value, refused.model.state_dict()[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimiser", ["plain", "sgd", "adam"])
def test_a_state_saved_where_steps_are_recorded_goes_on_where_they_are_not(optimiser: str) -> None:
    momentum = 0.9 if optimiser == "sgd" else 0.0
    name = "sgd" if optimiser == "plain" else optimiser
    recipe = Recipe(epochs=4, batch_size=7, lr=0.01, optimiser=name, momentum=momentum)
    whole = Training(network(), examples(24), examples(10), recipe, seed=1)
    whole.run()
    states = []
    first = captured(Training(network(), examples(24), examples(10), recipe, seed=1))
    first.run(lambda at: states.append(copy.deepcopy(at.state_dict())) if at.epoch == 2 else None)
    second = Training(network(), examples(24), examples(10), recipe, seed=1)
    second.load_state_dict(states[0])
    second.run()
    assert not any(isinstance(group["lr"], Tensor) for group in second.optimiser.param_groups)
    for name, value in whole.model.state_dict().items():
        torch.testing.assert_close(value, second.model.state_dict()[name], rtol=1e-5, atol=1e-6)


def test_a_device_without_enough_memory_is_told_in_one_line() -> None:
    class Wide(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:
            if self.training:
                raise torch.OutOfMemoryError(
                    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of "
                    "79.10 GiB of which 1.25 GiB is free. Please see the documentation\nand more"
                )
            return super().forward(input)

    recipe = Recipe(epochs=2, batch_size=6, lr=0.01)
    net = nn.Sequential(nn.Flatten(), Wide(84, 3))
    with pytest.raises(OutOfMemory) as caught:
        Training(net, examples(24), examples(10), recipe, seed=1).run()
    told = str(caught.value)
    assert "\n" not in told and "2.00 GiB" in told and "recipe.batch_size (6)" in told
