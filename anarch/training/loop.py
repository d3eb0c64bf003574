"""The training loop of all studies: one object holds the place, so that a resumed run is the same run."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from anarch.foreign import one_line
from anarch.modes import evaluation_mode
from anarch.onednn import guarded
from anarch.randomness import derived_seed, generator
from anarch.training.captured import CAPTURABLE, Drawn, Replayed, keep_rates_on, set_rate
from anarch.training.examples import Examples
from anarch.training.optimisers import make_optimiser
from anarch.training.schedules import learning_rate
from anarch.workflow.specs import Recipe

AT_ONCE = 500  # images of a look at the network; bounds memory only


class Diverged(RuntimeError):
    """The loss is no longer a number."""


class OutOfMemory(RuntimeError):
    """The device has not the memory for a step or an evaluation."""


class Training:
    """A network on its way.  ``state_dict`` is all that a step reads or changes, so a resume is exact.

    ``history`` has a row per epoch: ``train_*`` are means over the epoch's batches, each measured before its
    own update (row 0: over the training set at the initial point); ``test_*`` are measured after the epoch,
    and stand in those rows only where the recipe says to test.
    Where the recipe may stop early, ``settled_accuracy`` is what the stop is judged by: the accuracy over the
    training set, not augmented, in evaluation mode.
    """

    def __init__(self, model: nn.Module, train: Examples, test: Examples, recipe: Recipe, seed: int):
        self.model, self.train, self.test, self.recipe = model, train, test, recipe
        self.optimiser = make_optimiser(model, recipe, seed)
        self.advance = self._prepared(train.device)
        self.order = generator(seed, "order")
        self.augmentation = generator(seed, "augmentation")
        self.epoch = 0
        self.history: list[dict[str, float]] = []
        torch.manual_seed(derived_seed(seed, "dropout"))  # dropout can draw from the global generator only

    def _prepared(self, device: torch.device) -> Callable[[Drawn], Tensor]:
        """`step`, on CUDA recorded where that can be."""
        if device.type != "cuda" or self.recipe.optimiser not in CAPTURABLE:
            return self.step
        keep_rates_on(device, self.optimiser)
        return Replayed(self.step)

    def start(self) -> None:
        """Measure the initial point."""
        self._record(evaluate(self.model, self.train, precision=self.recipe.precision))

    def run_epoch(self) -> None:
        """One pass over the training set.

        Raises:
            Diverged: the loss has become infinite or not a number; the history ends with that epoch.
        """
        recipe, count = self.recipe, len(self.train)
        order = torch.randperm(count, generator=self.order) if recipe.shuffle else torch.arange(count)
        batches = order.to(self.train.device).split(recipe.batch_size)
        totals = torch.zeros(2, dtype=torch.float64, device=self.train.device)  # loss, hits: read at the end
        self.model.train()
        with guarded(self.model):
            for step, drawn in enumerate(self.draws(batches)):
                for group in self.optimiser.param_groups:
                    set_rate(group, learning_rate(recipe, self.epoch, step, len(batches)))
                totals += self.advance(drawn)
        self.epoch += 1
        self._record((totals / count).tolist())

    def step(self, drawn: Drawn) -> Tensor:
        """Take a step.  Sums of loss and hits over the batch, as it was before: (2,), still on the device."""
        seen: list[Tensor] = []  # sums at each evaluation of the batch: most optimisers need but one
        evaluation = self._evaluation(*self.batch(*drawn), len(drawn[0]), seen)
        # The stub wants a float of the closure; the optimisers themselves take a tensor.
        self.optimiser.step(evaluation)  # type: ignore[arg-type]
        return seen[0]

    def draws(self, batches: Sequence[Tensor]) -> list[Drawn]:
        """What `batch` takes at each step of an epoch, all on the device: no step waits for it."""
        sizes = [len(rows) for rows in batches]
        windows = self.train.windows(sizes, self.recipe.augment, self.augmentation)
        return [(rows, *own) for rows, own in zip(batches, windows, strict=True)]

    def batch(self, rows: Tensor, *windows: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and labels of a step, those of the training images ``rows`` first."""
        return self.train.inputs(rows, windows), self.train.labels[rows]

    def objective(self, logits: Tensor, y: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """What a step descends, and the mean cross entropy of the batch's ``count`` training images."""
        loss = F.cross_entropy(logits, y)
        return loss, loss

    def _evaluation(self, x: Tensor, y: Tensor, count: int, seen: list[Tensor]) -> Callable[[], Tensor]:
        """A function that computes the loss of a batch and, where gradients are on, its slopes."""

        def evaluation() -> Tensor:
            with arithmetic(self.recipe.precision, x.device):
                logits = self.model(x)
            loss, told = self.objective(logits.float(), y, count)
            self.optimiser.zero_grad()
            if loss.requires_grad:
                loss.backward()
            hits = (logits.detach()[:count].argmax(1) == y[:count]).sum()
            seen.append(torch.stack((told.detach() * count, hits)))
            return loss.detach()

        return evaluation

    def _record(self, train: tuple[float, float] | list[float]) -> None:
        recipe = self.recipe
        row = {"epoch": self.epoch, "train_loss": train[0], "train_accuracy": train[1]}
        self.history.append(row)
        if recipe.stop_at and self.epoch % recipe.check_every == 0:
            row["settled_accuracy"] = evaluate(self.model, self.train, precision=recipe.precision)[1]
        if self.epoch % recipe.test_every == 0 or self.settled():
            row["test_loss"], row["test_accuracy"] = evaluate(
                self.model, self.test, precision=recipe.precision
            )
        if not all(math.isfinite(row.get(name, 0.0)) for name in ("train_loss", "test_loss")):
            raise Diverged(f"the loss is {train[0]} after epoch {self.epoch}: lower recipe.lr ({recipe.lr})")

    def settled(self) -> bool:
        """Whether there is nothing left to do: the last epoch, or an accuracy at which the recipe stops."""
        recipe, last = self.recipe, self.history[-1]
        return self.epoch >= recipe.epochs or 0 < recipe.stop_at <= last.get("settled_accuracy", 0.0)

    def run(self, after_epoch: Callable[["Training"], None] = lambda training: None) -> None:
        """Train from wherever this object stands until it is settled.

        Raises:
            Diverged, OutOfMemory: with what to change in the recipe.
        """
        try:
            if not self.history:
                self.start()
                after_epoch(self)
            while not self.settled():
                self.run_epoch()
                after_epoch(self)
        except torch.OutOfMemoryError as error:
            told, size = one_line(error).partition(" Please see")[0], self.recipe.batch_size
            raise OutOfMemory(
                f"out of memory after epoch {self.epoch}: {told}: lower recipe.batch_size ({size}), or "
                "ANARCH_JOBS_PER_GPU where it is above 1; what is saved goes on from there, on the CPU too"
            ) from None

    def state_dict(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "order": self.order.get_state(),
            "augmentation": self.augmentation.get_state(),
            "dropout": [torch.get_rng_state(), *torch.cuda.get_rng_state_all()],
            "epoch": self.epoch,
            "history": self.history,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        for group in self.optimiser.param_groups:  # the state may be another device's
            group["lr"] = self.recipe.lr
            if "capturable" in group:
                group["capturable"] = False
        self.advance = self._prepared(self.train.device)
        self.order.set_state(state["order"])
        self.augmentation.set_state(state["augmentation"])
        cpu, *cuda = state["dropout"]
        torch.set_rng_state(cpu)
        for device, drawn in zip(range(torch.cuda.device_count()), cuda, strict=False):
            torch.cuda.set_rng_state(drawn, device)
        self.epoch, self.history = state["epoch"], [dict(row) for row in state["history"]]


def arithmetic(precision: str, device: torch.device) -> AbstractContextManager[None]:
    """Context of a forward pass in ``precision``; ``tf32`` is set process-wide (see ``use_precision``)."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()


def use_precision(precision: str) -> None:
    """Allow (or forbid) tensor-core matmuls of fp32 numbers in this process."""
    if precision not in ("fp32", "tf32", "bf16"):
        raise ValueError(f"precision must be fp32, tf32 or bf16, got {precision!r}")
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


@torch.no_grad()
def evaluate(
    model: nn.Module, examples: Examples, *, precision: str = "fp32", batch_size: int = AT_ONCE
) -> tuple[float, float]:
    """Mean cross entropy and accuracy (0 to 1) of ``model`` in evaluation mode; its own mode is restored."""
    totals = torch.zeros(2, dtype=torch.float64, device=examples.device)
    with evaluation_mode(model):
        for rows in torch.arange(len(examples), device=examples.device).split(batch_size):
            x, y = examples.inputs(rows), examples.labels[rows]
            with arithmetic(precision, x.device):
                logits: Tensor = model(x).float()
            hits = (logits.argmax(1) == y).sum()
            totals += torch.stack((F.cross_entropy(logits, y, reduction="sum"), hits))
    loss, accuracy = (totals / len(examples)).tolist()
    return loss, accuracy
