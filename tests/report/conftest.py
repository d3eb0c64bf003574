"""One planted page for all tests of this folder that only read it."""

import pytest
from planted_report import make, plant


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """The folder of a finished page."""
    results = tmp_path_factory.mktemp("results") / "planted"
    plant(results)
    make(results)
    return results / "report"
