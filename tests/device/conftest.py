"""On a CUDA device if there is one, else on the CPU, so that these tests themselves are tested."""

import os

import pytest
import torch

from anarch.training.loop import use_precision


@pytest.fixture(scope="session")
def device() -> torch.device:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else cuBLAS gives other bits each time
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@pytest.fixture(autouse=True)
def exact(device: torch.device):
    """As jobs of precision fp32 run."""
    use_precision("fp32")
    torch.use_deterministic_algorithms(device.type == "cuda", warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)
