"""Is the loss a function of the parameters alone?  Told by the modules of a network, and by running it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.instancenorm import _InstanceNorm

from anarch.foreign import retold

_WHY = "the loss is no function of the parameters alone"
_CURE = "call model.eval() first, and hand self.training on where a forward of your own draws or normalises"


def require_deterministic(model: nn.Module) -> None:
    """ValueError if a module of torch.nn makes the loss random, dependent on the batches, or changes buffers.

    What a ``forward`` of one's own does is not seen here: see `repeatable_outputs`.
    """
    for name, module in model.named_modules():
        fault = _fault(module)
        if fault:
            where = f"{name!r} ({type(module).__name__})" if name else type(module).__name__
            raise ValueError(f"{_WHY}: module {where} {fault}")


@torch.no_grad()
def repeatable_outputs(model: nn.Module, x: Tensor) -> object:
    """What ``model`` makes of the few examples ``x``, after it has been run on them twice and on fewer.

    Buffers and the state of PyTorch's generators are as before, whatever it does.

    Raises:
        ValueError: ``model`` draws random numbers, changes its buffers, or gives one example other outputs at
            another time or beside other examples.
    """
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices), _buffers_kept(model) as changed:
        before = _generator_states(x)
        first = _run(model, x)
        if any(not torch.equal(a, b) for a, b in zip(before, _generator_states(x), strict=True)):
            raise ValueError(f"{_WHY}: a forward pass draws random numbers; {_CURE}")
        again = _run(model, x)
        if name := changed():
            raise ValueError(f"{_WHY}: a forward pass changes the buffer {name!r}; {_CURE}")
        if not _alike(first, again, 1 / 2):
            raise ValueError(f"{_WHY}: two forward passes on the same examples differ; {_CURE}")
        if isinstance(first, Tensor) and first.ndim and 1 < len(x) == len(first):
            _require_same_alone(first, _run(model, x[:1]))
    return first


def _run(model: nn.Module, x: Tensor) -> object:
    kind, shape = str(x.dtype).removeprefix("torch."), tuple(x.shape)
    with retold(f"the model cannot take inputs of {kind} {shape}"):
        return model(x)


def _require_same_alone(rows: Tensor, alone: object) -> None:
    """ValueError unless an example's output ``alone`` (1, ...) is the first of ``rows`` (n, ...)."""
    if not isinstance(alone, Tensor) or alone.shape != rows[:1].shape:
        got = tuple(alone.shape) if isinstance(alone, Tensor) else type(alone).__name__
        raise ValueError(
            f"the model returns {tuple(rows.shape)} for {len(rows)} examples and {got} for one: keep the "
            "axis of the batch, for instance by squeeze(1) in place of squeeze()"
        )
    if not _alike(rows[:1], alone, 1 / 3):
        raise ValueError(f"{_WHY}: the outputs for an example depend on the others in its batch; {_CURE}")


def _generator_states(x: Tensor) -> list[Tensor]:
    states = [torch.get_rng_state()]
    return [*states, torch.cuda.get_rng_state(x.device)] if x.device.type == "cuda" else states


def _alike(first: object, second: object, exponent: float) -> bool:
    """Whether two outputs are equal up to their precision to the power ``exponent``, if they are tensors."""
    if not isinstance(first, Tensor) or not isinstance(second, Tensor) or first.shape != second.shape:
        return True  # told as another output than one tensor (N, C)
    if not first.is_floating_point() or not first.numel():
        return True
    scale = first.abs().nan_to_num(nan=0, posinf=0).amax().item()
    tolerance = scale * torch.finfo(first.dtype).eps ** exponent
    return torch.allclose(first, second, rtol=0, atol=tolerance, equal_nan=True)


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator["_Changed"]:
    changed = _Changed(model)
    try:
        yield changed
    finally:
        changed.undo()


class _Changed:
    """The buffers of a network, and copies of what they held."""

    def __init__(self, model: nn.Module):
        self.held = [
            (module, key, f"{name}.{key}".removeprefix("."), buffer, buffer.clone())
            for name, module in model.named_modules()
            for key, buffer in module.named_buffers(recurse=False)
            if buffer.layout == torch.strided
        ]

    def __call__(self) -> str:
        """The name of a buffer that is another one now or holds other numbers; empty if none is."""
        return next((name for m, key, name, b, copy in self.held if _moved(getattr(m, key), b, copy)), "")

    def undo(self) -> None:
        for module, key, _, buffer, copy in self.held:
            if _moved(getattr(module, key), buffer, copy):
                setattr(module, key, buffer.copy_(copy))


def _moved(now: Tensor, then: Tensor, copy: Tensor) -> bool:
    return now is not then or not (now.is_meta or torch.equal(now, copy))


def _fault(module: nn.Module) -> str:
    """What makes the output of ``module`` unfit to be measured, with the cure; empty if nothing does."""
    cure = "in training mode; call model.eval() first"
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return "normalises by the batch in every mode; build it with track_running_stats=True"
    if not module.training:
        return ""
    if isinstance(module, _BatchNorm):
        return f"normalises by the batch {cure}"
    if isinstance(module, _InstanceNorm) and module.track_running_stats:
        return f"changes its running statistics {cure}"
    if isinstance(module, _DropoutNd) and module.p > 0:
        return f"drops units at random {cure}"
    if isinstance(module, nn.RNNBase | nn.MultiheadAttention) and module.dropout > 0:
        return f"drops units at random {cure}"
    if isinstance(module, nn.RReLU):
        return f"draws its slopes at random {cure}"
    return ""
