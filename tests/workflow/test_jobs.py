"""What all jobs have in common: they start without torch's compiler, and compute what they would with it."""

import subprocess
import sys

import pytest
from checkout import ROOT

# Two steps by an optimiser of torch, with and without what `jobs.start` does; prints whether the compiler
# came, and the weights bit by bit.
STEPS = """
import sys
from argparse import Namespace
import torch
from shared import jobs
name, through_jobs = sys.argv[1], sys.argv[2] == "jobs"
if through_jobs:
    jobs.start(Namespace(threads=1, gpus=0))
weight = torch.nn.Parameter(torch.linspace(-1, 1, 7))
options = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01} if name == "SGD" else {}
optimiser = getattr(torch.optim, name)([weight], lr=0.1, **options)
def closure():
    optimiser.zero_grad()
    loss = (weight.sin() ** 2).sum()
    loss.backward()
    return loss
for _ in range(2):
    optimiser.step(closure)
optimiser.load_state_dict(optimiser.state_dict())
assert weight.requires_grad and torch.is_grad_enabled()
print("torch._dynamo" in sys.modules, *(value.hex() for value in weight.tolist()))
"""


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adamax", "LBFGS"])
def test_optimisers_step_alike_without_the_compiler(name):
    def run(how: str) -> list[str]:
        command = [sys.executable, "-c", STEPS, name, how]
        environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'workflow_scripts'}"}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout.split()

    plain, ours = run("plain"), run("jobs")
    assert ours[0] == "False"
    assert plain[1:] == ours[1:]
