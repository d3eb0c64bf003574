"""Many small networks trained at once, full batch: each as if it were alone, to rounding.

Seeds, betas, learning rates and starting points are rows of one tensor.  The sum of independent losses has
independent gradients, so that one backward pass serves all networks.
"""

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from anarch.training.losses import anti_generalisation, cross_entropy
from anarch.training.schedules import learning_rate
from anarch.training.stacked import Widths, outputs, predictions
from anarch.workflow.specs import Recipe

Points = tuple[Tensor, Tensor]  # x (n, d) and y (n,) for all networks, or (K, n, d) and (K, n): each its own

# Activations of one pass on a CPU: half or twice as many do as well, a quarter or eightfold cost a fifth.
_CACHED = 2**20


@dataclass(frozen=True, kw_only=True)
class Descent:
    """How all networks descend.  Every default switches its option off, or is that of torch.optim."""

    steps: int  # full-batch steps; the schedule is over them, as over epochs in `learning_rate`
    optimiser: str = "adam"  # sgd | adam | rmsprop, as in torch.optim
    momentum: float = 0.0  # of sgd
    betas: tuple[float, float] = (0.9, 0.999)  # of adam
    alpha: float = 0.99  # of rmsprop
    eps: float = 1e-8  # of adam and rmsprop
    clip_norm: float | None = None  # largest norm of a network's whole gradient
    schedule: str = "constant"  # constant | steps | cosine
    milestones: tuple[int, ...] = ()
    gamma: float = 0.1
    stop_below: float | None = None  # a network stops where its loss is below this and its train accuracy 1
    check_every: int = 1  # steps between looks at that

    def factor(self, step: int) -> float:
        """The learning rate at ``step`` (counted from 0) as a part of the given one."""
        recipe = Recipe(
            epochs=self.steps, batch_size=1, lr=1.0,
            schedule=self.schedule, milestones=self.milestones, gamma=self.gamma,
        )  # fmt: skip
        return learning_rate(recipe, step)


class Ensemble:
    """K networks on their way.  ``state_dict`` is all that a step reads or changes, so a resume is exact.

    ``parameters`` (K, P), see `stacked`, are copied. ``train`` is D_t of `anti_generalisation` and
    ``extra`` D_d: points, or a function that gives those of a step (of the step alone, so that a resumed
    training sees them again), such as a batch. ``lr`` and ``beta`` (K,) and ``weight_decay`` (K, P), which
    is torch.optim's L2, are numbers or broadcast to these shapes: ``1e-3 * kernel_mask(widths)`` spares
    biases.

    A network that diverges ends as NaN and disturbs no other; ``rows`` (R,) are those not yet stopped.

    Raises:
        ValueError: the optimiser is unknown, or beta is outside [0, 1] or has no extra data.
    """

    def __init__(
        self,
        parameters: Tensor,
        widths: Widths,
        descent: Descent,
        train: Points | Callable[[int], Points],
        *,
        lr: Tensor | float,
        beta: Tensor | float = 0.0,
        extra: Points | Callable[[int], Points] | None = None,
        weight_decay: Tensor | float = 0.0,
    ):
        if descent.optimiser not in _OPTIMISERS:
            raise ValueError(f"optimiser must be {', '.join(_OPTIMISERS)}, got {descent.optimiser!r}")
        self.widths, self.descent, self.train, self.extra = widths, descent, train, extra
        self.parameters = parameters.detach().clone()
        self.lr, self.beta = (self._spread(value, parameters.shape[:1]) for value in (lr, beta))
        self.weight_decay = self._spread(weight_decay, parameters.shape)
        if not bool(((self.beta >= 0) & (self.beta <= 1)).all()):
            raise ValueError(f"beta must lie in [0, 1], got {self.beta.tolist()}")
        if extra is None and bool(self.beta.any()):
            raise ValueError("beta above 0 needs points for the reverse cross entropy: give `extra`")
        moments, self._direction = _OPTIMISERS[descent.optimiser]
        self.moments = {name: torch.zeros_like(self.parameters) for name in moments}
        self.decays = bool(self.weight_decay.any())
        self.rows = self._numbers = torch.arange(len(parameters), device=parameters.device)
        self.step = 0

    def _spread(self, value: Tensor | float, shape: torch.Size) -> Tensor:
        like = self.parameters
        return torch.as_tensor(value, dtype=like.dtype, device=like.device).expand(shape)

    def run(self, until: int | None = None) -> None:
        """Train from where this object stands to step ``until`` (default: the last), or till all stopped."""
        while self.step < (self.descent.steps if until is None else until) and len(self.rows):
            self._take_step()
            self.step += 1

    def _take_step(self) -> None:
        train, extra = (of(self.step) if callable(of) else of for of in (self.train, self.extra))
        assert train is not None
        sets = [train] if extra is None else [train, extra]
        below = self.descent.stop_below if self.step % self.descent.check_every == 0 else None
        running = []
        for rows in self._portions(sum(y.shape[-1] for _, y in sets)):
            theta = self.parameters[rows].detach().requires_grad_()
            loss, accurate = self._objective(theta, rows, sets)
            (gradient,) = torch.autograd.grad(loss.sum(), theta)
            theta = theta.detach()
            if below is not None:
                on = ~(accurate & (loss < below))
                rows, theta, gradient = self._numbers[rows][on], theta[on], gradient[on]
                running.append(rows)
            self._update(rows, theta, gradient)
        if below is not None:
            self.rows = torch.cat(running)

    def _portions(self, points: int) -> Iterable[slice | Tensor]:
        """Networks that share a pass.  Where none has stopped they are slices: nothing is gathered."""
        at_once = networks_at_once(self.widths, points, self.parameters.device)
        count = len(self.parameters)
        if len(self.rows) < count:
            return self.rows.split(at_once)
        return [slice(first, min(first + at_once, count)) for first in range(0, count, at_once)]

    def _objective(self, theta: Tensor, rows: slice | Tensor, sets: list[Points]) -> tuple[Tensor, Tensor]:
        """Loss of eq. 2 (R,), and whether each network has every training point right, bool (R,)."""
        count = len(theta)
        points = [(_own(x, 3, rows, count), _own(y, 2, rows, count)) for x, y in sets]
        logits = outputs(theta, self.widths, torch.cat([x for x, _ in points], 1))
        trained, *poisoned = logits.split([y.shape[1] for _, y in points], 1)
        y = points[0][1]
        if poisoned:
            loss = anti_generalisation(trained, y, poisoned[0], points[1][1], self.beta[rows])
        else:
            loss = cross_entropy(trained, y)
        return loss, (predictions(trained) == y).all(1)

    def _update(self, rows: slice | Tensor, theta: Tensor, gradient: Tensor) -> None:
        """``theta``, of ``rows``, is a view of them or a copy, and changed."""
        if self.descent.clip_norm is not None:
            norm = gradient.norm(dim=1, keepdim=True)
            gradient = gradient * (self.descent.clip_norm / (norm + 1e-6)).clamp(max=1)
        if self.decays:
            gradient = gradient + self.weight_decay[rows] * theta
        moments = {name: moment[rows] for name, moment in self.moments.items()}
        direction = self._direction(gradient, moments, self.step + 1, self.descent)
        rate = self.descent.factor(self.step) * self.lr[rows].unsqueeze(1)
        theta.addcmul_(direction, rate, value=-1)
        if isinstance(rows, Tensor):
            self.parameters[rows] = theta
            for name, moment in moments.items():
                self.moments[name][rows] = moment

    def state_dict(self) -> dict[str, Any]:
        """Plain tensors and a number; not a copy of them."""
        return {"parameters": self.parameters, "moments": self.moments, "rows": self.rows, "step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.parameters = state["parameters"].clone()
        self.moments = {name: moment.clone() for name, moment in state["moments"].items()}
        self.rows, self.step = state["rows"].clone(), state["step"]


def _sgd(gradient: Tensor, moments: dict[str, Tensor], step: int, descent: Descent) -> Tensor:
    """v <- momentum * v + gradient; along v."""
    return moments["velocity"].mul_(descent.momentum).add_(gradient)


def _adam(gradient: Tensor, moments: dict[str, Tensor], step: int, descent: Descent) -> Tensor:
    """Bias-corrected mean of gradients over the root of that of their squares; ``step`` counts from 1."""
    first, second = descent.betas
    mean = moments["mean"].lerp_(gradient, 1 - first)
    square = moments["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
    # (mean / correction) / (sqrt(square / other correction) + eps)
    correction, other = 1 - first**step, 1 - second**step
    return mean / _root(square).mul_(correction / math.sqrt(other)).add_(correction * descent.eps)


def _rmsprop(gradient: Tensor, moments: dict[str, Tensor], step: int, descent: Descent) -> Tensor:
    square = moments["square"].mul_(descent.alpha).addcmul_(gradient, gradient, value=1 - descent.alpha)
    return gradient / _root(square).add_(descent.eps)


def _root(square: Tensor) -> Tensor:
    """The root, a new tensor.  Of an exact zero, as dead units have, MKL's takes 15 times as long."""
    return square.add(torch.finfo(square.dtype).tiny).sqrt_()


_OPTIMISERS = {
    "sgd": (("velocity",), _sgd),
    "adam": (("mean", "square"), _adam),
    "rmsprop": (("square",), _rmsprop),
}


def _own(values: Tensor, ndim: int, rows: slice | Tensor, count: int) -> Tensor:
    """What the ``count`` networks ``rows`` see: their own ``values``, of ``ndim`` axes, or all."""
    return values[rows] if values.ndim == ndim else values.expand(count, *values.shape)


def networks_at_once(widths: Widths, points: int, device: torch.device) -> int:
    """How many networks share a pass of so many ``points`` each: on a CPU so many that their activations
    stay in its cache."""
    return max(1, _CACHED // (points * sum(widths))) if device.type == "cpu" else sys.maxsize


@torch.no_grad()
def measure(parameters: Tensor, widths: Widths, points: Points) -> tuple[Tensor, Tensor]:
    """Mean cross entropy (K,) and accuracy (K,), 0 to 1, of each network on ``points``."""
    losses, accuracies = [], []
    at_once = networks_at_once(widths, points[1].shape[-1], parameters.device)
    for rows in torch.arange(len(parameters), device=parameters.device).split(at_once):
        x, y = (_own(values, ndim, rows, len(rows)) for values, ndim in zip(points, (3, 2), strict=True))
        logits = outputs(parameters[rows], widths, x)
        losses.append(cross_entropy(logits, y))
        accuracies.append((predictions(logits) == y).to(logits).mean(1))
    return torch.cat(losses), torch.cat(accuracies)
