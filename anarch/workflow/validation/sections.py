"""Numbers of a study's own section that its schema, its dataset or its network rule out."""

from collections.abc import Iterator, Mapping
from typing import Any

from anarch.workflow.datasets import images, size
from anarch.workflow.specs import DataSpec, Model, parse
from anarch.workflow.validation.networks import first_map, layers
from anarch.workflow.validation.recipes import check_schedule
from anarch.workflow.without_torch import WithoutTorch

Section = Mapping[str, Any]
Datasets = Mapping[str, DataSpec]

# What an optimiser of blessing's Fig. 2 (right) is, where its name in the config is not that of its class.
_METHODS = {"sgd_momentum": "sgd", "nesterov": "sgd"}


def check_sections(config: Section, datasets: Datasets, library: WithoutTorch) -> None:
    """Raises ValueError for the first mistake."""
    _check_needle(config["needle"], datasets, library)
    _check_embedding(config["embedding"], datasets, library)
    _check_scratch(config["scratch"], datasets)
    _check_blessing(config["blessing"], datasets)


def _check_needle(section: Section, datasets: Datasets, library: WithoutTorch) -> None:
    for chosen in section["protocols"].values():
        _enough("needle.hessian.images", section["hessian"]["images"], chosen["dataset"], datasets)
    for step in ("cnn", "relaxed", "fcn"):
        optimiser = section["protocols"]["adam"][step].get("optimiser", "sgd")
        if optimiser != "adam":
            raise ValueError(f"needle.protocols.adam.{step}.optimiser: must be adam, got {optimiser}")
    sgd, filter_ = section["protocols"]["sgd"], section["filter"]
    _enough("needle.interpolation.images", section["interpolation"]["images"], sgd["dataset"], datasets)
    data = datasets[sgd["dataset"]]
    shape = first_map(layers("needle.protocols.sgd.model", parse(Model, sgd["model"]), data, library), data)
    if shape is None:
        return
    channels, height, width = shape
    row, column = filter_["position"]
    if filter_["channel"] >= channels:
        raise ValueError(
            f"needle.filter.channel: {filter_['channel']} is none of the first layer's, 0 to {channels - 1}"
        )
    if row >= height or column >= width:
        raise ValueError(
            f"needle.filter.position: {[row, column]} lies outside the first layer's map, {height} x {width}"
        )


def _check_embedding(section: Section, datasets: Datasets, library: WithoutTorch) -> None:
    for name in ("small", "lifted"):
        start = section["descent"][name]
        if start["record_every"] > start["steps"]:
            raise ValueError(
                f"embedding.descent.{name}.record_every: {start['record_every']} is past the last step, "
                f"{start['steps']}"
            )
    cnn = section["reduction"]["cnn"]
    stored = images(datasets[cnn["dataset"]])
    if not stored.known:
        return
    geometry = {name: cnn[name] for name in ("kernel", "stride", "pool")}
    wide = (stored.shape, cnn["width"], stored.classes, cnn["variance"], None)
    try:
        library.call("anarch.critical.channels", "gaussian_cnn", *wide, **geometry)
    except ValueError as error:
        raise ValueError(f"embedding.reduction.cnn: {error}") from None


def _check_scratch(section: Section, datasets: Datasets) -> None:
    for name, task in section["tasks"].items():
        count = size(datasets[task["dataset"]], "train")
        if count is not None and count != task["images"]:
            raise ValueError(
                f"scratch.tasks.{name}.images: {task['images']}, "
                f"but {task['dataset']} has {count} training images"
            )
        for key, values in _grids(task):
            for value in values:
                if float(f"{value:g}") != value or value >= 1e6:
                    raise ValueError(
                        f"scratch.tasks.{name}.{key}: a value names its run: "
                        f"it has at most six digits and is below a million, got {value}"
                    )


def _grids(task: Section) -> Iterator[tuple[str, list[float]]]:
    for family, grid in task["sgd"].items():
        yield from ((f"sgd.{family}.{option}", values) for option, values in grid.items())
    lasso, kernels = task["lasso"], task["kernels"]
    parts = {"lasso": lasso, "lasso.permuted": lasso["permuted"], "kernels": kernels}
    for part, values in parts.items():
        names = ("conv", "fc", "dropout", "betas", "sweep") if values is lasso else ("conv", "fc")
        yield from ((f"{part}.{name}", values[name]) for name in names)


def _check_blessing(section: Section, datasets: Datasets) -> None:
    basins, networks = (section["swissroll"][name] for name in ("basins", "networks"))
    _at_most("blessing.swissroll.basins.points", basins["points"], networks["train"])
    for name, chosen in section["poisoned"].items():
        key = f"blessing.poisoned.{name}.basins.points"
        _enough(key, chosen["basins"]["points"], chosen["dataset"], datasets)
    rings = section["rings"]
    if rings["pinched"] >= rings["wide"]:
        raise ValueError(f"blessing.rings.pinched: {rings['pinched']} is not below wide, {rings['wide']}")
    for key, descent in _descents(section):
        _check_descent(key, descent)
    shared = section["optimisers"]["recipe"]
    for name, method in section["optimisers"]["methods"].items():
        _check_method(f"blessing.optimisers.methods.{name}", name, {**shared, **method})


def _check_method(key: str, name: str, recipe: Section) -> None:
    """That a method is what its name says in the figure."""
    optimiser = recipe.get("optimiser", "sgd")
    wanted = _METHODS.get(name, name)
    if optimiser != wanted:
        raise ValueError(f"{key}.optimiser: must be {wanted}, got {optimiser}")
    if name == "sgd_momentum" and not recipe.get("momentum"):
        raise ValueError(f"{key}.momentum: must be given, above 0")
    if name == "nesterov" and not recipe.get("nesterov"):
        raise ValueError(f"{key}.nesterov: must be true")
    if name == "sgd" and recipe.get("momentum"):
        raise ValueError(f"{key}.momentum: must be 0, got {recipe['momentum']}; sgd_momentum has it")


def _descents(section: Section) -> Iterator[tuple[str, Section]]:
    """The full-batch descents of the toy jobs."""
    networks, minefield = section["swissroll"]["networks"], section["minefield"]
    for name in ("good", "poisoned"):
        yield f"blessing.swissroll.networks.{name}", networks[name]
        yield f"blessing.minefield.{name}", minefield[name]
    yield "blessing.rings.descent", section["rings"]["descent"]


def _check_descent(key: str, descent: Section) -> None:
    schedule, milestones = descent.get("schedule", "constant"), descent.get("milestones", [])
    check_schedule(schedule, milestones, descent["steps"], lambda field: f"{key}.{field}", "step")
    if schedule != "steps":
        for field in ("milestones", "gamma"):
            if descent.get(field):
                raise ValueError(
                    f"{key}.{field}: has no effect: it is of schedule steps, and this one is {schedule}"
                )


def _enough(key: str, wanted: int, dataset: str, datasets: Datasets) -> None:
    """That a dataset has so many training images; 0 is all."""
    _at_most(key, wanted, size(datasets[dataset], "train"), f" of {dataset}")


def _at_most(key: str, wanted: int, available: int | None, of: str = "") -> None:
    if available is not None and wanted > available:
        raise ValueError(f"{key}: {wanted} is more than the {available} training images{of}")
