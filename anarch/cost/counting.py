"""Counts what a function computes, by running it on the meta device: tensors with shapes and no numbers."""

import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from anarch.cost.work import Work


@dataclass(frozen=True)
class Count:
    """What ran inside a `Counter`."""

    work: Work
    alive: float  # bytes of tensors that were made inside and are still there
    peak: float  # the most at once
    peak_kept: float  # the most at once, had what was told to `Counter.keep` stayed
    widest: float  # bytes of such tensors that one operation reads and writes, at most


class Counter(TorchDispatchMode):
    """Inside, operations, their FLOPs by PyTorch's own formulas, and the bytes that they touch are counted.

    Views cost nothing.  It follows which tensors are alive, but for those that were there before: the count
    is of what comes on top of them.  ``with Counter() as counter: ...; counter.count()``
    """

    def __init__(self) -> None:
        super().__init__()
        self._flops = self._moved = self._calls = 0
        self._alive = self._kept = self._peak = self._peak_kept = self._widest = 0
        self._followed: weakref.WeakSet[torch.UntypedStorage] = weakref.WeakSet()

    def count(self) -> Count:
        work = Work(self._flops, self._flops, self._moved, self._calls)
        return Count(work, self._alive, self._peak, self._peak_kept, self._widest)

    def keep(self, tensor: Tensor) -> None:
        """Count on as if ``tensor``, which is dropped now, stayed."""
        self._kept += tensor.numel() * tensor.element_size()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if formula := flop_registry.get(func._overloadpacket):
            self._flops += formula(*args, **kwargs, out_val=result)
        given, results = list(_tensors(args)), list(_tensors((result,)))
        known = {t.untyped_storage()._cdata for t in given}
        fresh = [t for t in results if t.untyped_storage()._cdata not in known]
        for tensor in fresh:
            self._follow(tensor.untyped_storage())
        if fresh or func._schema.is_mutable:
            self._calls += 1
            inside = (t for t in (*given, *results) if t.untyped_storage() in self._followed)
            self._widest = max(self._widest, sum(t.numel() * t.element_size() for t in inside))
            self._moved += sum(t.numel() * t.element_size() for t in (*given, *results))
        return result

    def _follow(self, storage: torch.UntypedStorage) -> None:
        if storage in self._followed:
            return
        self._followed.add(storage)
        size = storage.nbytes()
        self._alive += size
        self._peak = max(self._peak, self._alive)
        self._peak_kept = max(self._peak_kept, self._alive + self._kept)
        weakref.finalize(storage, self._forget, size)

    def _forget(self, size: int) -> None:
        self._alive -= size


def counted(function: Callable[[], Any]) -> Count:
    """What one call of ``function`` takes."""
    with Counter() as counter:
        kept = function()  # alive until it has been counted
    count = counter.count()
    del kept
    return count


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)
