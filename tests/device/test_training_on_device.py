"""Training on the device: the steps of the CPU to rounding, the same bits each time, an exact resume."""

import copy
import io

import device_networks as networks
import pytest
import torch

from anarch.training.loop import Training
from anarch.workflow.specs import Recipe

RECIPES = {
    "plain": {"optimiser": "sgd"},
    "momentum": {"optimiser": "sgd", "momentum": 0.9, "weight_decay": 0.001},
    "adam": {"optimiser": "adam", "lr": 0.001},
    "amsgrad": {"optimiser": "amsgrad", "lr": 0.001},
    "rmsprop": {"optimiser": "rmsprop", "lr": 0.0003},
    "beta_lasso": {"optimiser": "beta_lasso", "l1_conv": 0.001, "l1_fc": 0.001, "beta": 2},
    "crop_flip": {"optimiser": "sgd", "momentum": 0.9, "augment": "crop_flip"},
}
NETWORKS = {"cnn": networks.cnn, "efcn": lambda: networks.cnn("fully_connected"), "resnet": networks.resnet}

# Every network by one recipe, and every recipe with a lifted network, whose plain SGD has a step of its own.
PAIRS = [
    *((kind, "momentum") for kind in NETWORKS),
    *(("efcn", name) for name in RECIPES if name != "momentum"),
]


def training(kind: str, name: str, device: torch.device, *, epochs: int = 4) -> Training:
    """Batches of 40, 40 and 20 images, at a rate that changes with every step."""
    recipe = Recipe(**{"epochs": epochs, "batch_size": 40, "lr": 0.01, "schedule": "cosine", **RECIPES[name]})
    network = NETWORKS[kind]().to(device)
    return Training(network, networks.examples(100, device), networks.examples(30, device), recipe, seed=3)


def weights(one: Training) -> dict[str, torch.Tensor]:
    return {name: value.cpu() for name, value in one.model.state_dict().items()}


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_an_epoch_on_the_device_is_that_of_the_cpu(kind: str, name: str, device: torch.device) -> None:
    there, here = (training(kind, name, where) for where in (device, torch.device("cpu")))
    for one in (there, here):
        one.start()
        one.run_epoch()
    for a, b in zip(there.history, here.history, strict=True):
        assert a["train_loss"] == pytest.approx(b["train_loss"], rel=1e-3)
        assert a["test_loss"] == pytest.approx(b["test_loss"], rel=1e-2)


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_a_recorded_step_computes_what_a_step_does(kind: str, name: str, device: torch.device) -> None:
    recorded, plain = (training(kind, name, device) for _ in range(2))
    plain.advance = plain.step
    for one in (recorded, plain):
        one.run()
    for name, value in weights(plain).items():
        scale = value.abs().max().item() + 1e-6
        assert torch.allclose(weights(recorded)[name].float(), value.float(), atol=1e-3 * scale), name


@pytest.mark.parametrize("kind", NETWORKS)
def test_two_runs_have_the_same_bits(kind: str, device: torch.device) -> None:
    first, second = (training(kind, "crop_flip", device) for _ in range(2))
    for one in (first, second):
        one.run()
    assert first.history == second.history
    assert all(torch.equal(value, weights(second)[name]) for name, value in weights(first).items())


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_a_resumed_run_has_the_bits_of_one_that_went_through(
    kind: str, name: str, device: torch.device
) -> None:
    whole, begun, resumed = (training(kind, name, device) for _ in range(3))
    whole.run()
    begun.start()
    begun.run_epoch()
    begun.run_epoch()
    saved = io.BytesIO()
    torch.save(copy.deepcopy(begun.state_dict()), saved)
    saved.seek(0)
    resumed.load_state_dict(torch.load(saved, map_location="cpu", weights_only=True))
    resumed.run()
    assert resumed.history == whole.history
    assert all(torch.equal(value, weights(resumed)[name]) for name, value in weights(whole).items())
