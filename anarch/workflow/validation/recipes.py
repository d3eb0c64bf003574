"""Recipes: values that do not go together, and options that would do nothing."""

from collections.abc import Callable, Mapping, Sequence

from anarch.workflow.own_modules import is_dotted, module_of, require_defined
from anarch.workflow.specs import Recipe
from anarch.workflow.without_torch import WithoutTorch

Where = Callable[[str], str]  # field -> the config's key that has it

# Fields that are options of an optimiser, and which of them each takes (anarch.training.optimisers).
OF_OPTIMISERS = (
    "momentum", "nesterov", "weight_decay", "l1_conv", "l1_fc", "beta", "rho", "sigma", "pairs",
    "optimiser_options",
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


def check_recipe(recipe: Recipe, where: Where, library: WithoutTorch) -> None:
    """Raises ValueError for what no training could do."""
    if is_dotted(recipe.optimiser):
        _check_own_optimiser(recipe, where, library)
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


def _check_own_optimiser(recipe: Recipe, where: Where, library: WithoutTorch) -> None:
    """That there is one of that name, and takes its options, as far as can be told without torch."""
    name = recipe.optimiser
    require_defined(where("optimiser"), name, library.root)
    try:
        called = module_of(name), name.rpartition(".")[2]
        library.call(*called, library.unknown("parameters"), lr=recipe.lr, **recipe.optimiser_options)
    except ValueError as error:
        raise ValueError(f"{where('optimiser_options')}: {name}: {error}") from None


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
    own = ("optimiser_options",) if is_dotted(recipe.optimiser) else OF_OPTIMISERS
    taken = TAKES.get(recipe.optimiser, own)
    if field in OF_OPTIMISERS and field not in taken:
        return f"{recipe.optimiser} does not take it; it takes {', '.join(taken) or 'none of these'}"
    if field in ("milestones", "gamma") and recipe.schedule != "steps":
        return f"it is of schedule steps, and this one is {recipe.schedule}"
    if field == "check_every" and not recipe.stop_at:
        return "it is of an early stop, and stop_at is not given"
    return None
