"""Optimisers of the recipes.  Plain SGD, the papers' workhorse, needs no gradient buffer."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from anarch.training.beta_lasso import BetaLasso, beta_lasso_groups
from anarch.workflow.specs import Recipe


class PlainSGD(torch.optim.Optimizer):
    """theta <- theta - lr * grad, applied to each parameter as its gradient arrives, which is then dropped.

    A lifted network is mostly one matrix (227 MB of the eFCN's 296 at 64 channels): so at most one gradient
    lives at a time, and the update reads it while it is in the cache.  ``backward`` does the step; ``step``
    and ``zero_grad`` have nothing left to do.  A parameter used twice in one forward pass is no problem:
    autograd sums its gradients before this hook sees them.
    """

    def __init__(self, params: Iterable[Tensor], *, lr: float):
        super().__init__(params, {"lr": lr})
        for group in self.param_groups:
            for theta in group["params"]:
                theta.register_post_accumulate_grad_hook(self._descend(group))

    @staticmethod
    def _descend(group: dict[str, Any]) -> Any:
        @torch.no_grad()
        def hook(theta: Tensor) -> None:
            if theta.grad is not None:
                theta.add_(theta.grad, alpha=-group["lr"])
                theta.grad = None

        return hook

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        if closure is not None:
            raise ValueError("PlainSGD descends during backward and takes no closure; use torch.optim.SGD")


def make_optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser that ``recipe`` names, over all parameters of ``model``."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    if recipe.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=recipe.lr, weight_decay=recipe.weight_decay)
    if recipe.optimiser == "beta_lasso":
        groups = beta_lasso_groups(model, l1_conv=recipe.l1_conv, l1_fc=recipe.l1_fc)
        return BetaLasso(groups, recipe.lr, 0.0, recipe.beta)
    if recipe.optimiser != "sgd":
        raise ValueError(f"recipe.optimiser must be sgd, adam or beta_lasso, got {recipe.optimiser!r}")
    if recipe.momentum == 0 and recipe.weight_decay == 0:
        return PlainSGD(parameters, lr=recipe.lr)
    return torch.optim.SGD(
        parameters,
        lr=recipe.lr,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        weight_decay=recipe.weight_decay,
    )
