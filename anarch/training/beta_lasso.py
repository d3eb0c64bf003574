"""beta-LASSO: SGD with an l1 term and a hard threshold, which leaves exact zeros (scratch, Alg. 1)."""

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

CHUNK = 2**17  # entries treated at a time on a CPU: weight, gradient and buffer stay in the cache


class BetaLasso(torch.optim.Optimizer):
    """theta <- theta - lr * (grad + l1 * sign(theta)); then 0 where |theta| < beta * l1 (scratch, Alg. 1).

    There is no lr in the threshold, so a zero grows back only if lr * |grad| reaches beta * l1 in one step.
    With ``beta`` = 0 nothing is ever cut: plain LASSO.  ``l1``, ``beta`` and ``lr`` may differ by group; a
    group with ``l1`` = 0 is plain SGD.  There is no momentum and no state but the groups.

    Args:
        params: parameters, or groups as for every torch optimiser; see `beta_lasso_groups`.
        lr: learning rate eta; schedulers may change it.
        l1: coefficient lambda of the l1 norm.
        beta: threshold in units of lambda; 50 in the paper.

    Raises:
        ValueError: a number below 0, infinite or not a number; in ``step``, a sparse gradient.
    """

    def __init__(self, params: Iterable[Any], lr: float, l1: float, beta: float):
        super().__init__(params, {"lr": lr, "l1": l1, "beta": beta})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        for name in ("lr", "l1", "beta"):
            value = param_group.get(name, self.defaults[name])
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be a number, 0 or more, got {value}")
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update; ``closure`` computes loss and gradients first, and its loss is returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for theta in group["params"]:
                if theta.grad is None:
                    continue
                if theta.grad.is_sparse:
                    raise ValueError("BetaLasso takes dense gradients only; give the embedding sparse=False")
                if group["l1"] == 0:
                    theta.add_(theta.grad, alpha=-group["lr"])
                else:
                    _shrink_and_cut(theta, theta.grad, group["lr"], group["l1"], group["beta"])
        return loss


def _shrink_and_cut(theta: Tensor, grad: Tensor, lr: float, l1: float, beta: float) -> None:
    """Alg. 1, lines 2 and 3, in place: one pass over the memory, with a buffer the size of a chunk."""
    cut = _just_below(beta * l1, theta.dtype)
    in_chunks = theta.device.type == "cpu" and theta.is_contiguous()
    thetas = theta.view(-1).split(CHUNK) if in_chunks else (theta,)
    grads = grad.reshape(-1).split(CHUNK) if in_chunks else (grad,)
    buffer = torch.empty_like(thetas[0])
    for part, slope in zip(thetas, grads, strict=True):
        scratch = buffer[: len(part)] if in_chunks else buffer
        torch.add(slope, torch.sign(part, out=scratch), alpha=l1, out=scratch)
        part.add_(scratch, alpha=-lr)
        if cut is not None:
            torch.hardshrink(part, cut, out=part)


@cache
def _just_below(threshold: float, dtype: torch.dtype) -> float | None:
    """The largest number of ``dtype`` below ``threshold``: hardshrink cuts at its bound too, Alg. 1 does not.

    None where nothing lies below but 0, or -0.
    """
    tau = torch.tensor(threshold, dtype=dtype)
    below = torch.nextafter(tau, torch.zeros_like(tau)).item()
    return below if tau > 0 else None


def beta_lasso_groups(model: nn.Module, *, l1_conv: float, l1_fc: float) -> list[dict[str, Any]]:
    """Groups for `BetaLasso` as in the paper (scratch, App. A.2): one lambda for each kind of layer.

    - weights of ``nn.Linear``: ``l1_fc``
    - all other weights of two axes or more, of convolutions and of what they became in a locally or fully
      connected network: ``l1_conv``
    - biases and normalisation, on which the paper is silent: 0

    Frozen parameters are left out, and so are empty groups.
    """
    linear = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)}
    groups: dict[str, dict[str, Any]] = {
        "conv": {"params": [], "l1": l1_conv},
        "fc": {"params": [], "l1": l1_fc},
        "other": {"params": [], "l1": 0.0},
    }
    for parameter in model.parameters():
        if parameter.requires_grad:
            kind = "other" if parameter.ndim < 2 else "fc" if id(parameter) in linear else "conv"
            groups[kind]["params"].append(parameter)
    return [group for group in groups.values() if group["params"]]
