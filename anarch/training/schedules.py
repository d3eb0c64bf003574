"""Learning rate as a pure function of the epoch."""

import math
from bisect import bisect_right

from anarch.workflow.specs import Recipe


def learning_rate(recipe: Recipe, epoch: int, step: int = 0, steps: int = 1) -> float:
    """The rate for step ``step`` of ``steps`` in epoch ``epoch`` (counted from 0).

    - constant: lr
    - steps: lr * gamma for each milestone m with epoch >= m, so the first m epochs have the rate before it
    - cosine: lr * (1 + cos(pi t)) / 2 with t the part of the whole training done, step by step
    """
    if recipe.schedule == "constant":
        return recipe.lr
    if recipe.schedule == "steps":
        return recipe.lr * recipe.gamma ** bisect_right(recipe.milestones, epoch)
    if recipe.schedule == "cosine":
        done = (epoch + step / steps) / recipe.epochs
        return recipe.lr * (1 + math.cos(math.pi * done)) / 2
    raise ValueError(f"recipe.schedule must be constant, steps or cosine, got {recipe.schedule!r}")
