"""Seeds that draw their own training images.

Of a dataset with ``subset: by_seed`` each seed trains on a draw of its own, prepared as NAME-s0, NAME-s1, and
so on, so that an interval over seeds holds the chance of the images as well as that of weights and batches.
The test images are the same for all seeds.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from anarch.workflow.specs import DataSpec, RunSpec, parse

Datasets = Mapping[str, Mapping[str, Any]]  # of the config, by name

SUBSET = "subset"
BY_SEED = "by_seed"


def dataset_of(datasets: Datasets, name: str, seed: int) -> str:
    """The prepared dataset that runs of ``seed`` on the config's dataset ``name`` see."""
    return f"{name}-s{seed}" if datasets[name].get(SUBSET) == BY_SEED else name


def own_images(datasets: Datasets, runs: Mapping[str, RunSpec]) -> dict[str, RunSpec]:
    """Runs by name, each on the images of its seed."""
    return {
        run: replace(spec, dataset=dataset_of(datasets, spec.dataset, spec.seed))
        for run, spec in runs.items()
    }


def named(prepared: str) -> str:
    """The config's name of a prepared dataset."""
    return prepared.partition("-s")[0]


def data_spec(datasets: Datasets, prepared: str) -> DataSpec:
    """What is in a dataset of the config, or in a seed's own (:func:`dataset_of`)."""
    name, _, seed = prepared.partition("-s")
    options = {key: value for key, value in datasets[name].items() if key != SUBSET}
    return parse(DataSpec, {**options, "draw": int(seed)} if seed else options)
