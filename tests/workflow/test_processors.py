"""Every architecture computes and trains right on older processors too, and writes over no memory.

oneDNN and PyTorch's own kernels are held to what an older processor has, under heap checks of the C library.
"""

import ctypes
import os
import subprocess
import sys

import pytest
import torch
from checkout import ROOT

# oneDNN's word and PyTorch's for the same processors
CAPS = {"SSE41": "default", "AVX2": "avx2", "AVX512_CORE": "avx512"}
HEAP_CHECKS = "libc_malloc_debug.so.0"  # of glibc 2.34 and newer


def heap_checked() -> dict[str, str]:
    try:
        ctypes.CDLL(HEAP_CHECKS)
    except OSError:
        return {}
    return {"LD_PRELOAD": HEAP_CHECKS, "MALLOC_CHECK_": "3"}


@pytest.mark.smoke  # beside another job two threads would take many times as long
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("cap", CAPS)
def test_networks_are_computed_and_trained_right(cap, threads):
    levels = list(CAPS.values())
    if levels.index(CAPS[cap]) > levels.index(torch.backends.cpu.get_cpu_capability().lower()):
        pytest.skip(f"this processor has no {cap}")
    caps = {"ONEDNN_MAX_CPU_ISA": cap, "ATEN_CPU_CAPABILITY": CAPS[cap], "OMP_NUM_THREADS": threads}
    done = subprocess.run(
        [sys.executable, "workflow_scripts/check_arithmetic.py", "--gpus", "0", "--threads", threads],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **heap_checked(), **caps},
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "resnet " in done.stdout
