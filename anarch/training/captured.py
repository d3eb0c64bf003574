"""A step as one CUDA graph: recorded once per shape of batch, then replayed without Python between kernels.

A step of a small network is a few hundred kernels of microseconds, each of which Python would launch anew.
What is recorded are addresses: inputs are copied to where the first ones lay, the rate is a number on the
device, and weights, statistics and the optimiser's state are changed in place, as they are without a graph.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from anarch.foreign import one_line

Drawn = tuple[Tensor, ...]  # what a step does not compute: rows of the training images, then windows or more
Step = Callable[[Drawn], Tensor]

# Those whose whole step is on the device and takes its rate from there.
CAPTURABLE = ("sgd", "adam", "adamw", "amsgrad")


def keep_rates_on(device: torch.device, optimiser: torch.optim.Optimizer) -> None:
    """Make the rates of ``optimiser`` numbers on ``device``, which a recorded step reads whenever it runs."""
    for group in optimiser.param_groups:
        group["lr"] = torch.tensor(group["lr"], device=device)
        if "capturable" in group:
            group["capturable"] = True


def set_rate(group: dict[str, Any], rate: float) -> None:
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def cuda_graph(step: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    """Record ``step`` without computing it: a function that does, and where its result will be."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = step()
    return graph.replay, result


def on_a_stream_of_its_own(step: Callable[[], Tensor]) -> Tensor:
    """As PyTorch asks for before a recording: what a first step sets up is not the main stream's."""
    stream, main = torch.cuda.Stream(), torch.cuda.current_stream()
    stream.wait_stream(main)
    with torch.cuda.stream(stream):
        result = step()
    main.wait_stream(stream)
    return result


class Replayed:
    """``step``, launched as a whole from the second time on that a shape of batch comes.

    ``record`` and ``first`` are for CUDA; others serve to test this on a machine without it.  What cannot be
    recorded is computed as before, and one line says so.
    """

    def __init__(
        self,
        step: Step,
        *,
        record: Callable[[Callable[[], Tensor]], tuple[Callable[[], None], Tensor]] = cuda_graph,
        first: Callable[[Callable[[], Tensor]], Tensor] = on_a_stream_of_its_own,
    ):
        self.step, self.record, self.first = step, record, first
        self.recorded: dict[Any, tuple[Drawn, Callable[[], None], Tensor] | None] = {}
        self.met: set[Any] = set()

    def __call__(self, drawn: Drawn) -> Tensor:
        shape = tuple(part.shape for part in drawn)
        if shape not in self.met:
            self.met.add(shape)
            return self.first(lambda: self.step(drawn))
        if shape not in self.recorded:
            self.recorded[shape] = self._recorded(drawn)
        found = self.recorded[shape]
        if found is None:
            return self.step(drawn)
        inputs, replay, result = found
        for own, new in zip(inputs, drawn, strict=True):
            own.copy_(new)
        replay()
        return result

    def _recorded(self, drawn: Drawn) -> tuple[Drawn, Callable[[], None], Tensor] | None:
        inputs = tuple(part.clone() for part in drawn)
        try:
            return inputs, *self.record(lambda: self.step(inputs))
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            print(f"steps are launched kernel by kernel, as they cannot be recorded: {one_line(error)}")
            return None
