"""The real images against their published statistics, where ANARCH_DATA_ROOT says that they lie."""

import os
from pathlib import Path

import pytest

from anarch.data.dataset import statistics
from anarch.data.prepare import prepare
from anarch.workflow.specs import DataSpec

pytestmark = pytest.mark.real_data


@pytest.fixture
def real():
    """Prepare a spec from the user's data, or skip and say why."""
    root = os.environ.get("ANARCH_DATA_ROOT")
    if not root:
        pytest.skip("ANARCH_DATA_ROOT is not set: no real images to read")

    def load(spec):
        try:
            return prepare(spec, Path(root))
        except FileNotFoundError as error:
            pytest.skip(f"not below ANARCH_DATA_ROOT: {error}")

    return load


def test_cifar10_has_the_published_mean_and_std(real):
    made = real(DataSpec(source="cifar10"))
    found = statistics(made)
    assert found["mean"] == pytest.approx([0.4914, 0.4822, 0.4465], abs=1e-4)
    assert found["std"] == pytest.approx([0.2470, 0.2435, 0.2616], abs=1e-4)
    assert found["splits"]["train"] == {"size": 50_000, "class_balance": [5000] * 10}
    assert found["splits"]["test"] == {"size": 10_000, "class_balance": [1000] * 10}


def test_mnist_has_the_published_mean_and_std(real):
    raw = statistics(real(DataSpec(source="mnist", options={"pad": 0})))
    assert raw["mean"] == pytest.approx([0.1307], abs=1e-4) and raw["std"] == pytest.approx(
        [0.3081], abs=1e-4
    )
    padded = statistics(real(DataSpec(source="mnist")))
    assert padded["shape"] == [1, 32, 32]
    assert padded["mean"][0] == pytest.approx(raw["mean"][0] * 28**2 / 32**2, rel=1e-12)


@pytest.mark.parametrize(
    "path, classes, sizes", [("cifar100_12k.npz", 100, (10_000, 2000)), ("cinic10_2k.npz", 10, (1600, 400))]
)
def test_npz_files_of_real_images_are_read(real, path, classes, sizes):
    made = real(DataSpec(source="npz", path=path))
    assert made.classes == classes and made.images["train"].shape[1:] == (3, 32, 32)
    assert (len(made.labels["train"]), len(made.labels["test"])) == sizes
