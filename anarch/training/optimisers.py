"""Optimisers of the recipes.  Plain SGD, the papers' workhorse, needs no gradient of a large matrix."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from anarch.workflow.specs import Recipe

LARGE = 2**16  # entries from which a parameter is stepped by itself: calls cost nothing beside its memory


class PlainSGD(torch.optim.SGD):
    """theta <- theta - lr * grad, without a gradient of the size of a large ``theta`` where that can be.

    A lifted network is mostly one matrix (227 MB of the eFCN's 296 at 64 channels).  During ``step``, which
    is given the closure of a step, such a matrix carries its rate as ``rate_of_descent``: the one layer that
    takes it (see `anarch.lifting.products`) subtracts rate * slope during ``backward``, as one product into
    the matrix.  A large parameter whose gradient does arrive, as of a layer that knows nothing of this or of
    a weight used twice, takes its step then and drops it.  All others take theirs at the end, in one call.
    """

    def __init__(self, params: Iterable[Tensor], *, lr: float):
        super().__init__(params, lr=lr, fused=True)
        for group in self.param_groups:
            for theta in group["params"]:
                if theta.numel() >= LARGE:
                    theta.register_post_accumulate_grad_hook(self._descend(group))

    @staticmethod
    def _descend(group: dict[str, Any]) -> Any:
        @torch.no_grad()
        def hook(theta: Tensor) -> None:
            if theta.grad is not None:
                rate = group["lr"]
                if isinstance(rate, Tensor):  # on the device, where a recorded step reads it
                    theta.addcmul_(theta.grad, rate, value=-1)
                else:
                    theta.add_(theta.grad, alpha=-rate)
                theta.grad = None

        return hook

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update; ``closure``, if given, computes loss and gradients first, and its loss is returned."""
        loss = None
        if closure is not None:
            with self._rates_lent(), torch.enable_grad():
                loss = closure()
        super().step()
        return loss

    @contextmanager
    def _rates_lent(self) -> Iterator[None]:
        lent = [
            (vars(theta), group["lr"])
            for group in self.param_groups
            for theta in group["params"]
            if theta.ndim == 2 and theta.numel() >= LARGE
        ]
        for attributes, rate in lent:
            attributes["rate_of_descent"] = rate
        try:
            yield
        finally:
            for attributes, _ in lent:
                attributes.pop("rate_of_descent", None)


# The gradient methods of blessing, Fig. 2 (right), at the settings of torch.optim but for what a recipe says.
# Fused: one pass over memory where a line of Python an operation takes ten; foreach: one call for all.
_ADAPTIVE: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "adagrad": partial(torch.optim.Adagrad, fused=True),
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
    "adamax": partial(torch.optim.Adamax, foreach=True),
    "amsgrad": partial(torch.optim.Adam, amsgrad=True, fused=True),
    "asgd": torch.optim.ASGD,
    "rmsprop": partial(torch.optim.RMSprop, foreach=True),
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
            return torch.optim.SGD(parameters, **shared, **momentum, fused=True)
        case "beta_lasso":
            own = _own("beta_lasso")
            groups = own.beta_lasso_groups(model, l1_conv=recipe.l1_conv, l1_fc=recipe.l1_fc)
            return own.BetaLasso(groups, recipe.lr, 0.0, recipe.beta)
        case "adadelta":
            return torch.optim.Adadelta(parameters, rho=recipe.rho, foreach=True, **shared)
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
