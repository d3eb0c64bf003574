"""The runs and toy jobs of the blessing study (Huang et al. 2019), from its section of the config.

Runs are of three parts: ``poisoned`` (good and poisoned minima of image sets, Secs. 4 and 5), ``models`` (the
linear model against a network, Fig. 2 left) and ``optimisers`` (Fig. 2 right).  The toy sets are trained by
jobs of their own, whose specs are in `blessing_toys`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from anarch.workflow.blessing_toys import Minefield, Rings, Swissroll, shape
from anarch.workflow.specs import Model, Poison, Recipe, RunSpec, parse, plain

STUDY = "blessing"
TOYS: dict[str, type[Any]] = {"swissroll": Swissroll, "minefield": Minefield, "rings": Rings}
MODELS = ("linear", "network", "large_network")  # the last may be left out
# Fig. 2 (right): 11 gradient methods and two others; the evolution strategy is ours, the paper names none.
METHODS = {
    "sgd_momentum": "SGD with momentum",
    "sgd": "SGD",
    "nesterov": "Nesterov",
    "adam": "Adam",
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "adamax": "Adamax",
    "asgd": "ASGD",
    "rmsprop": "RMSprop",
    "amsgrad": "AMSGrad",
    "lbfgs": "L-BFGS",
    "proxprop": "ProxProp",
    "evolution": "evolution strategy (ours)",
}
LINEAR = "linear on quadratic features"
MEMBER = re.compile(
    r"(?P<part>poisoned)/(?P<set>[a-z][a-z0-9_]*)/beta(?P<beta>[0-9.e-]+)-s(?P<seed>\d+)"
    r"|(?P<of>models|optimisers)/(?P<method>[a-z_]+)-s(?P<of_seed>\d+)"
)


@dataclass(frozen=True)
class Run:
    """The facts of a run."""

    part: str  # poisoned, models or optimisers
    set: str | None  # of poisoned ones: the image set
    beta: float | None  # of poisoned ones; 0 is the good minimum
    method: str | None  # of the others: one of MODELS or METHODS
    seed: int

    @property
    def name(self) -> str:
        what = self.method if self.set is None else f"{self.set}/beta{self.beta:g}"
        return f"{self.part}/{what}-s{self.seed}"


def describe(run: str) -> dict[str, Any]:
    """The facts of a run that is known by its name only, as jobs on finished runs know them; of an optimiser
    its label too."""
    match = MEMBER.fullmatch(run)
    known = {"models": MODELS, "optimisers": METHODS}
    if match is None or (match["of"] and match["method"] not in known[match["of"]]):
        raise ValueError(f"{run!r} is no run of the blessing study")
    beta = None if match["beta"] is None else float(match["beta"])
    seed = int(match["seed"] or match["of_seed"])
    facts = asdict(Run(match["part"] or match["of"], match["set"], beta, match["method"], seed))
    return facts | ({"label": METHODS[match["method"]]} if match["of"] == "optimisers" else {})


def members(section: Mapping[str, Any], chosen: str, seeds: Sequence[int] = ()) -> list[str]:
    """Runs on the image set ``chosen``, of ``seeds`` or of all: one per beta, 0 the good one."""
    return [run.name for run in _poisoned(section, chosen, seeds)]


def _poisoned(section: Mapping[str, Any], chosen: str, seeds: Sequence[int] = ()) -> list[Run]:
    options = section["poisoned"][chosen]
    return [
        Run("poisoned", chosen, beta, None, seed)
        for seed in seeds or options["seeds"]
        for beta in options["betas"]
    ]


def models(section: Mapping[str, Any]) -> list[str]:
    return [method for method in MODELS if method in section["models"]]


def batches(section: Mapping[str, Any]) -> list[str]:
    """What is collected into a history of its own: image sets, models of Fig. 2, and the optimisers."""
    return [*section["poisoned"], *models(section), "optimisers"]


def batch_runs(section: Mapping[str, Any], batch: str) -> list[str]:
    return [run.name for run in _batch(section, batch)]


def _batch(section: Mapping[str, Any], batch: str) -> list[Run]:
    if batch in section["poisoned"]:
        return _poisoned(section, batch)
    part, methods = ("models", [batch]) if batch in MODELS else (batch, section[batch]["methods"])
    return [Run(part, None, None, method, seed) for method in methods for seed in section[part]["seeds"]]


def _runs(section: Mapping[str, Any]) -> list[Run]:
    return [run for batch in batches(section) for run in _batch(section, batch)]


def batch_columns(section: Mapping[str, Any], batch: str) -> list[str]:
    """What stands in every row of a batch's history; a method's own label takes the place of this one."""
    if batch in MODELS:
        label = section["models"][batch].get("label", LINEAR)
        return [f"dataset={section['models']['dataset']}", f"label={label}"]
    options = section["poisoned"].get(batch) or section[batch]
    return [f"dataset={options['dataset']}", f"label={options['label']}"]


def fitted(section: Mapping[str, Any]) -> str:
    """The models of Fig. 2 (left), as JSON."""
    chosen = {method: plain(parse(Model, section["models"][method]["model"])) for method in models(section)}
    return json.dumps(chosen, sort_keys=True, separators=(",", ":"))


def fitted_labels(section: Mapping[str, Any]) -> list[str]:
    return [f"{method}={section['models'][method].get('label', LINEAR)}" for method in models(section)]


def toy(section: Mapping[str, Any], name: str) -> Any:
    """The spec of the toy job ``name``, one of `TOYS`."""
    options = section[name]["networks"] if name == "swissroll" else section[name]
    try:
        return parse(TOYS[name], options)
    except ValueError as error:
        raise ValueError(f"blessing.{name}: {error}") from None


def seeds_of(section: Mapping[str, Any], chosen: str) -> Sequence[int]:
    """Seeds of a set of data: the swiss roll or one of the image sets."""
    return toy(section, chosen).seeds if chosen == "swissroll" else section["poisoned"][chosen]["seeds"]


def columns(section: Mapping[str, Any], chosen: str) -> list[str]:
    """What stands in every row of the minima of a set of data."""
    if chosen == "swissroll":
        return ["dataset=swiss roll", f"label=MLP 2-{shape(toy(section, chosen).hidden)}-1"]
    return batch_columns(section, chosen)


def runs(section: Mapping[str, Any]) -> dict[str, RunSpec]:
    """Every training of the study on images, by its path below ``runs/``."""
    return {run.name: _spec(section, run) for run in _runs(section)}


def _spec(section: Mapping[str, Any], run: Run) -> RunSpec:
    poison = None
    options = section[run.part] if run.set is None else section[run.part][run.set]
    model = options["model"] if run.part != "models" else options[run.method]["model"]
    if run.part == "poisoned":
        recipe = options["recipe"]  # one for all betas, or a basin would tell how it was trained
        poison = Poison(beta=run.beta, batch_size=options["extra_batch_size"]) if run.beta else None
    elif run.part == "models":
        recipe = options[run.method]["recipe"]
    else:
        recipe = {**options["recipe"], **options["methods"][run.method]}
    return RunSpec(
        dataset=options["dataset"],
        model=parse(Model, model),
        recipe=parse(Recipe, recipe),
        seed=run.seed,
        poison=poison,
    )


def check(section: Mapping[str, Any], datasets: Sequence[str]) -> None:
    """Raises ValueError, naming the key, for values that the schema cannot tell to be impossible."""
    for name in TOYS:
        toy(section, name)
    every, last = section["minefield"]["every"], section["minefield"]["good"]["steps"]
    if every > last:
        raise ValueError(f"blessing.minefield.every: {every} is past the last epoch, {last}")
    if taken := {"swissroll", "optimisers", *MODELS} & set(section["poisoned"]):
        raise ValueError(f"blessing.poisoned.{taken.pop()}: the name is taken, call the image set otherwise")
    for key, betas, basins in _measured(section):
        _check_minima(key, betas, basins)
    for key, options in _with_datasets(section):
        if options["dataset"] not in datasets:
            raise ValueError(
                f"{key}.dataset: {options['dataset']!r} is not among datasets ({', '.join(datasets)})"
            )
    for run in _runs(section):
        try:
            _spec(section, run)
        except ValueError as error:
            raise ValueError(f"blessing.{run.name.partition('-s')[0].replace('/', '.')}: {error}") from None


def _measured(section: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[float], Mapping[str, Any]]]:
    swissroll = section["swissroll"]
    yield "blessing.swissroll", swissroll["networks"]["betas"], swissroll["basins"]
    for name, options in section["poisoned"].items():
        yield f"blessing.poisoned.{name}", options["betas"], options["basins"]


def _check_minima(key: str, betas: Sequence[float], basins: Mapping[str, Any]) -> None:
    if 0 not in betas or not any(betas):
        raise ValueError(f"{key}: betas must hold 0, the good minimum, and a larger one; got {list(betas)}")
    for beta in betas:
        if float(f"{beta:g}") != beta:
            raise ValueError(f"{key}: a beta names its run and has at most six digits, got {beta}")
    if basins["main"] not in basins["cutoffs"]:
        raise ValueError(f"{key}.basins.main: {basins['main']} is not among its cutoffs, {basins['cutoffs']}")


def _with_datasets(section: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, options in section["poisoned"].items():
        yield f"blessing.poisoned.{name}", options
    for part in ("models", "optimisers"):
        yield f"blessing.{part}", section[part]
