"""Where in the config the model and the recipe of a run stand."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from anarch.workflow import bad_minima, blessing, needle, scratch


class Place(NamedTuple):
    """Config keys: ``section`` has `dataset`; ``recipes`` are laid over each other, the last on top."""

    section: str
    model: str
    recipes: tuple[str, ...]

    def where(self, config: Mapping[str, Any], field: str) -> str:
        """The key of a recipe's ``field``: in the topmost section that gives it, else in the last."""
        giving = [recipe for recipe in self.recipes if field in at(config, recipe)] or self.recipes
        return f"{giving[-1]}.{field}"


def at(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The section that a key names; nothing where there is none."""
    section: Any = config
    for name in key.split("."):
        section = section.get(name, {})
    return dict(section)


def place(study: str, run: str) -> Place:
    """Of ``run``, named by its path below the study's runs/; a study without an entry of its own here has its
    only `dataset` and `recipe` at the top of its section."""
    own = _PLACES.get(study)
    return own(run) if own else Place(study, study, (f"{study}.recipe",))


def _of_needle(run: str) -> Place:
    facts = needle.describe(run)
    protocol = f"needle.protocols.{facts['protocol']}"
    return Place(protocol, f"{protocol}.model", (f"{protocol}.{needle.STEP_OF[facts['model']]}",))


def _of_bad_minima(run: str) -> Place:
    facts, setup = bad_minima.describe(run), f"bad_minima.setups.{run.partition('/')[0]}"
    heuristics = () if facts["stage"] == "pretraining" else bad_minima.heuristics(facts["mode"])
    recipes = (f"{setup}.{facts['stage']}", *(f"{setup}.heuristics.{name}" for name in heuristics))
    return Place(setup, f"{setup}.model", recipes)


def _of_scratch(run: str) -> Place:
    facts = scratch.describe(run)
    task = f"scratch.tasks.{facts['task']}"
    return Place(task, task, (f"{task}.training",))


def _of_blessing(run: str) -> Place:
    facts = blessing.describe(run)
    part, method = f"blessing.{facts['part']}", facts["method"]
    if facts["part"] == "poisoned":
        chosen = f"{part}.{facts['set']}"
        return Place(chosen, f"{chosen}.model", (f"{chosen}.recipe",))
    if facts["part"] == "models":
        return Place(part, f"{part}.{method}.model", (f"{part}.{method}.recipe",))
    return Place(part, f"{part}.model", (f"{part}.recipe", f"{part}.methods.{method}"))


_PLACES: dict[str, Callable[[str], Place]] = {
    needle.STUDY: _of_needle,
    bad_minima.STUDY: _of_bad_minima,
    scratch.STUDY: _of_scratch,
    blessing.STUDY: _of_blessing,
}
