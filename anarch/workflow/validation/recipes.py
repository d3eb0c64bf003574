"""Recipes: values that do not go together, and options that would do nothing."""

from collections.abc import Callable, Mapping, Sequence

from anarch.workflow.specs import Recipe

Where = Callable[[str], str]  # field -> the config's key that has it

# Fields that are options of an optimiser, and which of them each takes (anarch.training.optimisers).
OF_OPTIMISERS = (
    "momentum", "nesterov", "weight_decay", "l1_conv", "l1_fc", "beta", "rho", "sigma", "pairs",
)  # fmt: skip
TAKES: Mapping[str, tuple[str, ...]] = {
    "sgd": ("momentum", "nesterov", "weight_decay"),
    "beta_lasso": ("l1_conv", "l1_fc", "beta"),
    **dict.fromkeys(("adagrad", "adam", "adamw", "adamax", "amsgrad", "asgd", "rmsprop"), ("weight_decay",)),
    "adadelta": ("weight_decay", "rho"),
    "lbfgs": (),
    "proxprop": (),
    "evolution": ("sigma", "pairs"),
}


def check_recipe(recipe: Recipe, where: Where) -> None:
    """Raises ValueError for what no training could do."""
    check_schedule(recipe.schedule, recipe.milestones, recipe.epochs, where, "epoch")
    if recipe.nesterov and not recipe.momentum:
        raise ValueError(f"{where('nesterov')}: needs a momentum above 0")
    if recipe.optimiser == "evolution" and not (recipe.sigma and recipe.pairs):
        raise ValueError(f"{where('optimiser')}: evolution needs sigma and pairs")
    if recipe.optimiser == "beta_lasso" and recipe.beta and not (recipe.l1_conv or recipe.l1_fc):
        raise ValueError(f"{where('beta')}: is in units of l1_conv and l1_fc, and both are 0")
    if recipe.stop_at and recipe.check_every > recipe.epochs:
        raise ValueError(
            f"{where('check_every')}: {recipe.check_every} is past the last epoch, {recipe.epochs}: "
            "training would never stop early"
        )


def check_schedule(schedule: str, milestones: Sequence[int], last: int, where: Where, unit: str) -> None:
    """``last``: number of epochs, or of steps."""
    if schedule != "steps":
        return
    if not milestones:
        raise ValueError(f"{where('schedule')}: steps needs milestones, after which the rate falls")
    if sorted(set(milestones)) != list(milestones):
        raise ValueError(f"{where('milestones')}: {list(milestones)} must rise")
    if milestones[-1] >= last:
        raise ValueError(f"{where('milestones')}: {milestones[-1]} is not before the last {unit}, {last}")


def idle(recipe: Recipe, field: str) -> str | None:
    """Why ``field`` does nothing in ``recipe``; None where it does, or is left at its default."""
    if getattr(recipe, field) == getattr(Recipe, field, None):
        return None
    taken = TAKES.get(recipe.optimiser, OF_OPTIMISERS)
    if field in OF_OPTIMISERS and field not in taken:
        return f"{recipe.optimiser} does not take it; it takes {', '.join(taken) or 'none of these'}"
    if field in ("milestones", "gamma") and recipe.schedule != "steps":
        return f"it is of schedule steps, and this one is {recipe.schedule}"
    if field == "check_every" and not recipe.stop_at:
        return "it is of an early stop, and stop_at is not given"
    return None
