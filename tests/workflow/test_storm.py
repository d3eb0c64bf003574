"""A few rounds of benchmarks/storm.py: kills, damage, signals, a full disk; every bit as if undisturbed."""

import subprocess
import sys

import pytest
from checkout import ROOT, Checkout

pytestmark = pytest.mark.smoke


def test_a_few_rounds_of_the_storm_end_as_if_undisturbed():
    done = subprocess.run(
        [sys.executable, "benchmarks/storm.py", "--rounds", "5", "--seed", "1"],
        cwd=ROOT,
        env=Checkout(ROOT).environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout[-8000:]
