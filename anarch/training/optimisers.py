"""Optimisers of the recipes.  Plain SGD, the papers' workhorse, needs no gradient buffer."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from anarch.workflow.specs import Recipe


class PlainSGD(torch.optim.Optimizer):
    """theta <- theta - lr * grad, applied to each parameter as its gradient arrives, which is then dropped.

    A lifted network is mostly one matrix (227 MB of the eFCN's 296 at 64 channels): so at most one gradient
    lives at a time, and the update reads it while it is in the cache.  ``backward`` does the step; ``step``
    only evaluates its closure, if any, and ``zero_grad`` has nothing left to do.  A parameter used twice in
    one forward pass is no problem: autograd sums its gradients before this hook sees them.
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

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        return None if closure is None else closure()


# The gradient methods of blessing, Fig. 2 (right), at the settings of torch.optim but for what a recipe says.
_ADAPTIVE: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adamax": torch.optim.Adamax,
    "amsgrad": partial(torch.optim.Adam, amsgrad=True),
    "asgd": torch.optim.ASGD,
    "rmsprop": torch.optim.RMSprop,
}
OPTIMISERS = ("sgd", "beta_lasso", *_ADAPTIVE, "adadelta", "lbfgs", "proxprop", "evolution")


def make_optimiser(model: nn.Module, recipe: Recipe, seed: int) -> torch.optim.Optimizer:
    """The optimiser that ``recipe`` names, over all parameters of ``model``; its ``step`` takes a closure.

    ``seed`` is of what the optimiser itself draws, if anything.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    shared: dict[str, Any] = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    match recipe.optimiser:
        case "sgd" if recipe.momentum == 0 and recipe.weight_decay == 0:
            return PlainSGD(parameters, lr=recipe.lr)
        case "sgd":
            momentum: dict[str, Any] = {"momentum": recipe.momentum, "nesterov": recipe.nesterov}
            return torch.optim.SGD(parameters, **shared, **momentum)
        case "beta_lasso":
            own = _own("beta_lasso")
            groups = own.beta_lasso_groups(model, l1_conv=recipe.l1_conv, l1_fc=recipe.l1_fc)
            return own.BetaLasso(groups, recipe.lr, 0.0, recipe.beta)
        case "adadelta":
            return torch.optim.Adadelta(parameters, rho=recipe.rho, **shared)
        case "lbfgs":
            return torch.optim.LBFGS(parameters, lr=recipe.lr)
        case "proxprop":
            return _own("gradient_free").ProxProp(model, lr=recipe.lr)
        case "evolution":
            drawn: dict[str, Any] = {"sigma": recipe.sigma, "pairs": recipe.pairs, "seed": seed}
            return _own("gradient_free").EvolutionStrategy(parameters, lr=recipe.lr, **drawn)
        case name if name in _ADAPTIVE:
            return _ADAPTIVE[name](parameters, **shared)
        case name if "." in name:
            return _dotted(name)(parameters, lr=recipe.lr, **recipe.optimiser_options)
    raise ValueError(
        f"recipe.optimiser must be {', '.join(OPTIMISERS)} or a name with dots, package.module.Name, "
        f"got {recipe.optimiser!r}"
    )


def _dotted(name: str) -> Callable[..., torch.optim.Optimizer]:
    module, _, wanted = name.rpartition(".")
    found: Callable[..., torch.optim.Optimizer] | None = getattr(import_module(module), wanted, None)
    if found is None:
        raise ValueError(f"recipe.optimiser: the module {module} has no {wanted}")
    return found


def _own(module: str) -> Any:
    # Imported by name: no training must become stale when an optimiser that it does not use is edited.
    return import_module(f"anarch.training.{module}")
