"""Randomly labelled copies of the training images (bad_minima, Algorithm 1), made a batch at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from anarch.data.corruption import corrupted_batch, random_labels
from anarch.randomness import derived_seed
from anarch.training.examples import Examples
from anarch.workflow.specs import Corruption


@dataclass(frozen=True)
class CorruptedExamples(Examples):
    """``images`` (N, C, H, W) stand for R copies each; ``labels`` (N * R,) are the copies' random labels."""

    corruption: Corruption
    seed: int

    def raw(self, rows: Tensor | slice) -> Tensor:
        if isinstance(rows, slice):
            rows = torch.arange(len(self), device=self.device)[rows]
        return corrupted_batch(
            self.images, rows, self.corruption.zero_out, self.seed, unit=self.corruption.unit
        )


def corrupted(examples: Examples, kind: Corruption, *, classes: int, seed: int) -> CorruptedExamples:
    """``examples`` with labels and blanks drawn from ``seed``; the same for every batch and device."""
    drawn = derived_seed(seed, "corruption")
    labels = random_labels(len(examples) * kind.replicas, classes, drawn).to(examples.device)
    return CorruptedExamples(examples.images, labels, examples.mean, examples.std, kind, drawn)
