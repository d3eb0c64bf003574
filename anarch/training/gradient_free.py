"""The two "non-gradient" methods of blessing, Fig. 2 (right): an evolution strategy and ProxProp.

The paper names ProxProp and says no word about the other.  The evolution strategy is our choice, a plain one.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from anarch.randomness import generator

Layer = nn.Linear | nn.Conv2d
COLUMNS = 2**24  # numbers that convolutions' inputs are unfolded to at a time


@torch.no_grad()
def evolution_step(
    theta: Tensor,
    objective: Callable[[Tensor], Tensor],
    *,
    lr: float,
    sigma: float,
    pairs: int,
    generator: torch.Generator,
) -> Tensor:
    """The next mean of a plain evolution strategy (Salimans et al. 2017) that minimises ``objective``.

    With eps_i Gaussian, i = 1 to P = ``pairs``, and mirrored candidates theta +- sigma eps_i,
        theta <- theta - lr / (2 P sigma) sum_i (u_i^+ - u_i^-) eps_i
    where u are the ranks of the 2 P objective values, spread evenly over -1/2 to 1/2: only their order
    counts.  ``theta``: (n,), not changed; ``objective``: (n,) -> (), smaller is better, nan is worst.  The
    next step depends on theta and ``generator`` alone.  The eps are drawn twice, not kept: memory of 3 n.

    Raises:
        ValueError: fewer than one pair, a sigma that is not above 0, or a theta that is no vector.
    """
    if theta.ndim != 1 or pairs < 1 or not sigma > 0:
        raise ValueError(
            f"need theta (n,), pairs >= 1 and sigma > 0, got {tuple(theta.shape)}, {pairs} and {sigma}"
        )
    before = generator.get_state()
    draws = _mutations(theta, pairs, generator)
    values = [objective(theta + sign * sigma * eps).double() for eps in draws for sign in (1, -1)]
    utility = _centred_ranks(torch.stack(values).nan_to_num(nan=torch.inf, posinf=torch.inf)).view(pairs, 2)
    generator.set_state(before)
    step = torch.zeros_like(theta)
    differences = (utility[:, 0] - utility[:, 1]).to(theta)
    for eps, difference in zip(_mutations(theta, pairs, generator), differences, strict=True):
        step.addcmul_(eps, difference)
    return theta - lr / (2 * pairs * sigma) * step


def _mutations(theta: Tensor, pairs: int, generator: torch.Generator) -> Iterator[Tensor]:
    for _ in range(pairs):
        yield torch.randn(len(theta), generator=generator, device=generator.device).to(theta)


def _centred_ranks(values: Tensor) -> Tensor:
    """Ranks of ``values`` (M,), the smallest -1/2 and the largest 1/2; equal values share their mean rank."""
    below = (values[:, None] > values).sum(1).double()
    equal = (values[:, None] == values).sum(1)
    return (below + (equal - 1) / 2) / (len(values) - 1) - 0.5


class EvolutionStrategy(torch.optim.Optimizer):
    """`evolution_step` over parameters.

    ``step`` needs a closure, which returns the loss and is called without gradients: first at the parameters
    themselves (that loss is returned), then at 2 ``pairs`` candidates.

    The draws of a step follow from ``seed`` and the number of steps so far, which are part of the state.
    """

    def __init__(self, params: Iterable[Tensor], *, lr: float, sigma: float, pairs: int, seed: int):
        super().__init__(params, {"lr": lr, "sigma": sigma, "pairs": pairs, "seed": seed, "steps": 0})

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor]) -> Tensor:  # type: ignore[override]
        (group,) = self.param_groups
        theta = torch.cat([p.flatten() for p in group["params"]])

        def place(point: Tensor) -> None:
            sizes = [p.numel() for p in group["params"]]
            for p, part in zip(group["params"], point.split(sizes), strict=True):
                p.copy_(part.view_as(p))

        def objective(point: Tensor) -> Tensor:
            place(point)
            return closure()

        loss = closure()
        options = {name: group[name] for name in ("lr", "sigma", "pairs")}
        draws = generator(group["seed"], "evolution", group["steps"])
        place(evolution_step(theta, objective, **options, generator=draws))
        group["steps"] += 1
        return loss


class ProxProp(torch.optim.Adam):
    """Proximal backpropagation (Frerix et al. 2018) with Adam: implicit steps of the linear layers.

    With G the gradient of the loss by the weight and bias W_0 of a linear layer or convolution, z its outputs
    and A the linear map from W to them at the current batch, the gradient that Adam sees is
        D = (A^T A + I / tau)^-1 G,
    so that W_0 - D solves min_W |A W - (z - dL/dz)|^2 / 2 + |W - W_0|^2 / (2 tau).  D takes ``iterations``
    conjugate gradient steps from 0, for each output channel by itself: A^T A does not mix them.  Batch norms
    and the like keep their gradients.  The layers' inputs are taken down on every forward pass in training
    mode with gradients on, and forgotten by ``step``.
    """

    def __init__(self, model: nn.Module, *, lr: float = 1e-3, tau: float = 0.5, iterations: int = 10):
        if not tau > 0 or iterations < 1:
            raise ValueError(f"need tau > 0 and iterations >= 1, got {tau} and {iterations}")
        super().__init__(model.parameters(), lr=lr, fused=True)
        self.tau, self.iterations = tau, iterations
        self.inputs: dict[Layer, list[Tensor]] = {}
        for layer in model.modules():
            if isinstance(layer, Layer):
                self.inputs[layer] = []
                layer.register_forward_pre_hook(_taking_down(self.inputs))

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update; ``closure``, if given, computes loss and gradients first, and its loss is returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for layer, taken in self.inputs.items():
            slopes = [p.grad for p in layer.parameters() if p.grad is not None]
            if slopes and taken:
                rows = torch.cat([slope.view(len(slope), -1) for slope in slopes], 1)
                by_group = rows.view(getattr(layer, "groups", 1), -1, rows.shape[1])
                gram = torch.stack([_gram(layer, x) for x in taken]).sum(0)
                product = partial(_proximal_product, gram, self.tau)
                direction = _conjugate_gradients(product, by_group, self.iterations).view_as(rows)
                for p, part in zip(layer.parameters(), _parted(direction, layer).values(), strict=True):
                    p.grad = part.contiguous()
            taken.clear()
        super().step()
        return loss


def _taking_down(inputs: dict[Layer, list[Tensor]]) -> Callable[[Any, tuple[Tensor, ...]], None]:
    def hook(layer: Any, arguments: tuple[Tensor, ...]) -> None:
        # A copy of the model has copies of its hooks, and is no business of this optimiser.
        if layer in inputs and layer.training and torch.is_grad_enabled():
            inputs[layer].append(arguments[0].detach())

    return hook


def _gram(layer: Layer, x: Tensor) -> Tensor:
    """A^T A for the inputs ``x`` of ``layer``: (groups, entries, entries), entries of weight, then bias.

    One product for all conjugate gradient steps, each of which would else run the layer forth and back.
    """
    if isinstance(layer, nn.Linear):
        return _gram_of(x.reshape(1, -1, x.shape[-1]).transpose(1, 2), layer)
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    padded = F.pad(x, layer._reversed_padding_repeated_twice, mode=mode)
    total: Tensor | float = 0.0
    for images in padded.split(max(1, COLUMNS // (layer.weight[0].numel() * x[0].numel()))):
        columns = F.unfold(images, layer.kernel_size, layer.dilation, 0, layer.stride)  # (n, C * taps, P)
        seen = columns.unflatten(1, (layer.groups, -1)).permute(1, 2, 0, 3).flatten(2)
        total = total + _gram_of(seen, layer)
    return torch.as_tensor(total)


def _gram_of(seen: Tensor, layer: nn.Module) -> Tensor:
    """``seen`` (groups, entries, outputs): what each output of a channel multiplies the entries by."""
    if layer.bias is not None:
        seen = torch.cat((seen, torch.ones_like(seen[:, :1])), 1)
    return seen @ seen.transpose(1, 2)


def _proximal_product(gram: Tensor, tau: float, rows: Tensor) -> Tensor:
    """(A^T A + I / tau) ``rows``; a row (of the last two axes) is an output channel."""
    return torch.baddbmm(rows, rows, gram, beta=1 / tau)


def _parted(rows: Tensor, layer: nn.Module) -> dict[str, Tensor]:
    """``rows`` (outputs, entries) as the parameters of ``layer``."""
    shapes = {name: p.shape for name, p in layer.named_parameters()}
    parts = rows.split([shape[1:].numel() for shape in shapes.values()], 1)
    return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def _conjugate_gradients(product: Callable[[Tensor], Tensor], right: Tensor, iterations: int) -> Tensor:
    """``iterations`` steps towards M v = ``right`` from 0, for every row of ``right`` by itself."""
    v = torch.zeros_like(right)
    residual = right.clone()
    search = residual.clone()
    square = residual.square().sum(-1, keepdim=True)
    for _ in range(iterations):
        image = product(search)
        curvature = (search * image).sum(-1, keepdim=True)
        length = torch.where(curvature > 0, square / curvature, 0.0)  # 0: the row is solved
        v += length * search
        residual -= length * image
        before, square = square, residual.square().sum(-1, keepdim=True)
        search = residual + torch.where(before > 0, square / before, 0.0) * search
    return v
