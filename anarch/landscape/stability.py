"""Which labels do not survive a random step in weight space (blessing, Sec. 4)."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from anarch.contract import require_measurable
from anarch.landscape.directions import displaced, moving_parameters, random_directions
from anarch.objective import class_logits


@torch.no_grad()
def unstable_share(
    model: nn.Module, x: Tensor, y: Tensor, step: float, directions: int = 20, seed: int = 0
) -> float:
    """Share of the examples that a filter-normalised step turns wrong, in one at least of the directions.

    ``model``: inputs (N, ...) -> logits, see `gradient`; ``step`` in lengths of the filters.  An example that
    is wrong without a step counts as well.

    Raises:
        ValueError: as `gradient`; no directions.
    """
    if directions < 1:
        raise ValueError(f"directions must be 1 or more, got {directions}")
    require_measurable(model, x, y, batch_size=1, loss="cross_entropy")
    parameters = moving_parameters(model)
    wrong = class_logits(model(x)).argmax(1) != y
    for k in range(directions):
        moved = displaced(parameters, random_directions(model, seed, [k]), torch.tensor([step]))
        outputs = functional_call(model, {name: t[0] for name, t in moved.items()}, (x,))
        wrong |= class_logits(outputs).argmax(1) != y
    return wrong.double().mean().item()
