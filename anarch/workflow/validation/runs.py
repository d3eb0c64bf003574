"""Runs: whether each can be trained on its dataset, and whether all that its recipe says is of use."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from anarch.workflow.datasets import images, size
from anarch.workflow.specs import DataSpec, RunSpec, canonical, canonical_json
from anarch.workflow.validation.networks import has_batch_norm, layers
from anarch.workflow.validation.places import Place, at, place
from anarch.workflow.validation.recipes import Where, check_recipe, idle
from anarch.workflow.without_torch import Call, WithoutTorch

_SHIFT = 8  # a crop shifts by up to an eighth of the side
Case = tuple[Place, RunSpec]


def check_runs(
    config: Mapping[str, Any],
    runs: Mapping[str, Mapping[str, RunSpec]],
    datasets: Mapping[str, DataSpec],
    library: WithoutTorch,
) -> None:
    """Raises ValueError for the first run that could not be trained, and for options that do nothing."""
    cases = _cases(runs)
    networks: dict[str, Sequence[Call]] = {}
    for stands, spec in cases:
        where, data, network = partial(stands.where, config), datasets[spec.dataset], _network(spec)
        check_recipe(spec.recipe, where, library)
        if network not in networks:
            networks[network] = layers(stands.model, spec.model, data, library)
        _check_batches(spec, data, where, has_batch_norm(networks[network]))
        _check_crops(spec, data, where)
        _check_stop(spec, where)
        if spec.poison is not None and size(data, "extra") == 0:
            raise ValueError(
                f"{stands.section}.dataset: {spec.dataset!r} has no images to poison with: "
                "give it `extra` (a generated source) or `held_out` (a stored one)"
            )
    _check_idle(config, cases)


def _cases(runs: Mapping[str, Mapping[str, RunSpec]]) -> list[Case]:
    """The runs without those that differ from an earlier one by their seed or snapshots only."""
    found: dict[tuple[object, ...], Case] = {}
    for study, specs in runs.items():
        for run, spec in specs.items():
            told = place(study, run)
            training = (canonical_json(spec.recipe), spec.corruption, spec.poison, bool(spec.snapshots))
            found.setdefault((told, _network(spec), *training), (told, spec))
    return list(found.values())


def _network(spec: RunSpec) -> str:
    return f"{spec.model.architecture} {canonical(spec.model.options)} {spec.dataset}"


def _check_batches(spec: RunSpec, data: DataSpec, where: Where, batch_norm: bool) -> None:
    count, batch = size(data, "train"), spec.recipe.batch_size
    if count is None:
        return
    told = f"{count} training images of {spec.dataset}"
    if spec.corruption is not None:
        count *= spec.corruption.replicas
        told = f"{spec.corruption.replicas} copies of the {told}"
    if batch > count:
        raise ValueError(f"{where('batch_size')}: {batch} is more than the {told}")
    if batch_norm and (count % batch or batch) == 1:
        raise ValueError(
            f"{where('batch_size')}: {batch} leaves a batch of one image of the {told}, "
            f"and batch norm, which {spec.model.architecture} has, needs two"
        )


def _check_crops(spec: RunSpec, data: DataSpec, where: Where) -> None:
    found = images(data)
    if spec.recipe.augment != "none" and found.known and found.shape[2] < _SHIFT:
        raise ValueError(
            f"{where('augment')}: crops shift by up to an eighth of the side, "
            f"and images of {spec.dataset} have {found.shape[2]} pixels a side"
        )


def _check_stop(spec: RunSpec, where: Where) -> None:
    if spec.snapshots and spec.recipe.stop_at:
        raise ValueError(
            f"{where('stop_at')}: a training that stops early would not reach epoch {max(spec.snapshots)}, "
            "whose snapshot is kept"
        )


def _check_idle(config: Mapping[str, Any], cases: Iterable[Case]) -> None:
    """Options that do something in none of the runs that they are written for."""
    reasons: dict[str, set[str | None]] = {}
    for found, spec in cases:
        for key in found.recipes:
            # What else a section has, such as a total decay, is made into the recipe by its own study.
            for field in (name for name in at(config, key) if hasattr(spec.recipe, name)):
                reasons.setdefault(f"{key}.{field}", set()).add(idle(spec.recipe, field))
    for key, told in reasons.items():
        if None not in told:
            raise ValueError(f"{key}: has no effect: {' and '.join(sorted(filter(None, told)))}")
