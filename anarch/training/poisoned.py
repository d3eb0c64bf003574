"""Training on the anti-generalisation loss (blessing, eq. 2): a part of each batch is drawn from D_d."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from anarch.randomness import generator
from anarch.training.captured import Drawn
from anarch.training.examples import Examples
from anarch.training.loop import Training
from anarch.training.losses import anti_generalisation, cross_entropy
from anarch.workflow.specs import Poison, Recipe


class PoisonedTraining(Training):
    """As `Training`, with ``poison.batch_size`` images of ``extra`` (D_d, true labels) in every batch.

    Both parts pass the network together, so that batch norm cannot tell them apart.  D_d is gone through in
    permutation after permutation, whatever the length of D_t.  The history's ``train_loss`` and
    ``train_accuracy`` are of D_t alone (eq. 1), as in a plain training.
    """

    def __init__(
        self,
        model: nn.Module,
        train: Examples,
        test: Examples,
        recipe: Recipe,
        seed: int,
        *,
        extra: Examples,
        poison: Poison,
    ):
        if not 0 <= poison.beta <= 1:
            raise ValueError(f"poison.beta must lie in [0, 1], got {poison.beta}")
        if poison.batch_size < 1:
            raise ValueError(f"poison.batch_size must be 1 or more, got {poison.batch_size}")
        super().__init__(model, train, test, recipe, seed)
        self.extra, self.poison = extra, poison
        self.extra_order = generator(seed, "order", "extra")
        self.waiting = torch.empty(0, dtype=torch.int64)  # rows of D_d still to come in this permutation

    def draws(self, batches: Sequence[Tensor]) -> list[Drawn]:
        more = self.poison.batch_size
        sizes = [size for rows in batches for size in (len(rows), more)]  # windows of both parts take turns
        windows = self.train.windows(sizes, self.recipe.augment, self.augmentation)
        chosen = self._next_rows(more * len(batches)).to(self.train.device).split(more)
        parts = zip(batches, chosen, windows[::2], windows[1::2], strict=True)
        return [(rows, others, *own, *their) for rows, others, own, their in parts]

    def batch(self, rows: Tensor, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        chosen, *windows = drawn
        own, their = windows[: len(windows) // 2], windows[len(windows) // 2 :]
        x, y = super().batch(rows, *own)
        both = torch.cat((x, self.extra.inputs(chosen, their)))
        return both, torch.cat((y, self.extra.labels[chosen]))

    def objective(self, logits: Tensor, y: Tensor, count: int) -> tuple[Tensor, Tensor]:
        trained, poisoned = (logits[:count], y[:count]), (logits[count:], y[count:])
        return anti_generalisation(*trained, *poisoned, self.poison.beta), cross_entropy(*trained)

    def _next_rows(self, number: int) -> Tensor:
        while len(self.waiting) < number:
            further = torch.randperm(len(self.extra), generator=self.extra_order)
            self.waiting = torch.cat((self.waiting, further))
        chosen, self.waiting = self.waiting.tensor_split([number])
        return chosen

    def state_dict(self) -> dict[str, Any]:
        own = {"extra_order": self.extra_order.get_state(), "waiting": self.waiting.clone()}
        return super().state_dict() | own

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.extra_order.set_state(state["extra_order"])
        self.waiting = state["waiting"].clone()
