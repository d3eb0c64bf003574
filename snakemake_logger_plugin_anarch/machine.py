"""Processor and libraries of this machine, without importing any of the libraries."""

import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_MEMINFO = Path("/proc/meminfo")
_SETS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "sse4_1": "SSE4.1"}  # best first

# What makes oneDNN and ATen of PyTorch use a lesser instruction set than the processor's best.
_CAPS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")
_LESSER = {
    "AVX-512": "ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2",
    "AVX2": "ONEDNN_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default",
}


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """``AMD EPYC 7B13 (AVX2)``"""
    told = _read(cpuinfo)
    name = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    best = instruction_set(cpuinfo)
    return (name[1] if name else platform.processor() or platform.machine()) + (f" ({best})" if best else "")


def instruction_set(cpuinfo: Path = _CPUINFO) -> str:
    """The best one that the processor has; empty where that is not known."""
    flags = re.search(r"^flags\s*:(.*)$", _read(cpuinfo), re.MULTILINE)
    words = set(flags[1].split()) if flags else set()
    return next((name for flag, name in _SETS.items() if flag in words), "")


def lesser_instruction_set(
    environment: Mapping[str, str], cpuinfo: Path = _CPUINFO, *, known: bool = True
) -> str:
    """Variables that cap PyTorch one step below what it may use; empty where there is no such step.

    ``known``: it is about this machine's processor, not about that of a cluster's node, which nobody told us.
    """
    capped = " ".join(environment.get(name, "") for name in _CAPS).upper()
    if "SSE41" in capped or "DEFAULT" in capped:
        return ""
    best = instruction_set(cpuinfo) if known else "AVX-512"
    return _LESSER.get("AVX2" if "AVX2" in capped else best, "")


def software(environment: Mapping[str, str] = os.environ) -> str:
    """``Python 3.11.7, torch 2.14.1, oneDNN 3.12.0, numpy 2.3.1``, and caps that are set."""
    found = [f"Python {platform.python_version()}"]
    for name, told in (("torch", _version("torch")), ("oneDNN", _onednn()), ("numpy", _version("numpy"))):
        found += [f"{name} {told}"] if told else []
    return ", ".join([*found, *(f"{name}={environment[name]}" for name in _CAPS if environment.get(name))])


def memory_mb(meminfo: Path = _MEMINFO) -> int | None:
    """All of this machine's memory, in Snakemake's MB."""
    total = re.search(r"^MemTotal:\s*(\d+) kB$", _read(meminfo), re.MULTILINE)
    return int(total[1]) * 1024 // 10**6 if total else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _onednn() -> str:
    """The version in the headers that come with torch, which has oneDNN inside."""
    try:
        header = Path(str(distribution("torch").locate_file("torch/include/oneapi/dnnl/dnnl_version.h")))
    except PackageNotFoundError:
        return ""
    number = r"^#define DNNL_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$"
    return ".".join(re.findall(number, _read(header), re.MULTILINE))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
