"""The check of arithmetic: its measure is backward error, and each way of being wrong is told by name."""

import os
import signal
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

import check_arithmetic
from anarch.arithmetic import ROUNDING, TOLERANCE, rounding_errors
from anarch.models import architectures
from shared.artefacts import read_csv


def linear(seed: int = 0) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return nn.Linear(40, 10), torch.randn(30, 40), torch.randint(0, 10, (30,))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_sound_arithmetic_is_off_by_a_few_units(precision):
    errors = rounding_errors(*linear(), precision)
    assert set(errors) == {"output", "weight", "bias"}
    assert 0 < max(errors.values()) < 10


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_slope_that_is_wrong_by_its_own_size_is_off_by_its_round_offs(precision):
    """A slope of 0 instead of g is off by |g|, which is at most 1 / u units, and far above the tolerance."""

    class Forgets(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight = self.weight.detach() if self.weight.dtype == torch.float32 else self.weight
            return nn.functional.linear(x, weight + 0 * self.weight, self.bias)

    torch.manual_seed(0)
    _, x, y = linear()
    error = rounding_errors(Forgets(40, 10), x, y, precision)["weight"]
    assert TOLERANCE / 10 < error <= 1 / ROUNDING[precision]


def test_the_network_stays_as_it_is():
    network, x, y = linear()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.eval()
    rounding_errors(network, x, y, "fp32")
    assert not network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


def test_every_architecture_has_a_small_setting():
    assert set(check_arithmetic.SMALL) == set(architectures())


def test_a_network_is_checked_in_all_its_spaces(tmp_path, capsys):
    check_arithmetic.main(["--only", "vanilla_cnn", "--gpus", "0", "--out", str(tmp_path / "check.csv")])
    rows = read_csv(tmp_path / "check.csv")
    networks = ["vanilla_cnn", "vanilla_cnn, fully connected", "vanilla_cnn, locally connected"]
    assert [row["network"] for row in rows] == [name for name in networks for _ in ("fp32", "bf16")]
    assert all(float(row["error"]) <= TOLERANCE for row in rows)
    assert len(capsys.readouterr().out.splitlines()) == len(rows)


def test_a_layer_that_is_wrong_is_named_and_nothing_is_written(monkeypatch, tmp_path):
    def wrong(*_: Any) -> dict[str, float]:
        return {"output": 1.0, "3.weight": 5000.0}

    monkeypatch.setattr(check_arithmetic, "rounding_errors", wrong)
    with pytest.raises(
        SystemExit, match=r"error: mlp: 3\.weight is off by 5e\+03 times the round-off of fp32"
    ):
        check_arithmetic.main(["--only", "mlp", "--gpus", "0", "--out", str(tmp_path / "check.csv")])
    assert not list(tmp_path.iterdir())


def killed(model: Any, side: int, args: Namespace) -> Iterator[dict[str, Any]]:
    yield {"precision": "fp32", "layer": "output", "error": 1.0}
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_is_told_and_the_others_go_on(monkeypatch, capfd):
    monkeypatch.setattr(check_arithmetic, "checked", killed)
    with pytest.raises(SystemExit) as end:
        check_arithmetic.main(["--only", "mlp", "quadratic_features"])
    fault = "its process was ended by signal 9 (SIGKILL)"
    told = str(end.value).splitlines()
    assert told[:2] == [f"error: mlp: {fault}", f"error: quadratic_features: {fault}"]
    assert "another version of torch" in told[2]


def test_an_error_and_a_silence_are_told(monkeypatch):
    def refuses() -> Iterator[dict[str, Any]]:
        raise ValueError("no such layer")
        yield

    def hangs() -> Iterator[dict[str, Any]]:
        signal.pause()
        yield {}

    monkeypatch.setattr(check_arithmetic, "PATIENCE", 0.2)
    assert check_arithmetic.in_own_process(refuses) == ([], "ValueError: no such layer")
    assert check_arithmetic.in_own_process(hangs) == ([], "hangs: no answer for 0 seconds")
