"""A scale's config as costs see it: runs of each study, and what each dataset will hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from anarch.cost.networks import Network
from anarch.cost.training import START, network_of, trained
from anarch.cost.work import BASE, Cost, Work
from anarch.workflow.datasets import Images, images
from anarch.workflow.specs import Model, RunSpec, parse
from anarch.workflow.subsets import data_spec, named

Wildcards = Mapping[str, str]
Job = Callable[["Scale", Wildcards], Cost]  # the cost of a rule's job with these wildcards


@dataclass(frozen=True)
class Scale:
    """A validated config and its trainings; ``manifests``: of those datasets that are prepared already."""

    config: Mapping[str, Any]
    runs: Mapping[str, Mapping[str, RunSpec]]
    manifests: Mapping[str, Mapping[str, Any]]

    @cached_property
    def images(self) -> dict[str, Images]:
        return {
            name: images(data_spec(self.config["datasets"], name), self.manifests.get(name))
            for name in self.config["datasets"]
        }

    def run(self, study: str, run: str) -> tuple[Network, Images, RunSpec]:
        spec = self.runs[study][run]
        images = self.images[named(spec.dataset)]
        return network_of(spec, images), images, spec

    def count_steps(self) -> None:
        """Count a step of every run's network ahead of time."""
        for study, runs in self.runs.items():
            for run in runs:
                _ = self.run(study, run)[0].step

    def network(self, model: Mapping[str, Any], dataset: str, batch: int) -> tuple[Network, Images]:
        """A model of the config on one of its datasets, so many images at once."""
        images = self.images[dataset]
        return Network.of(parse(Model, model), images.shape, images.classes, batch), images


def train(scale: Scale, wildcards: Wildcards) -> Cost:
    """A job of the rule that trains, or of one of its heirs."""
    spec = scale.runs[wildcards["study"]][wildcards["run"]]
    return trained(spec, scale.images[named(spec.dataset)])


def measured(work: Work, memory: float) -> Cost:
    """A job that trains nothing; ``memory``: bytes beside the process."""
    return Cost(measured=work, memory=BASE + memory, start=START)


def small(scale: Scale, wildcards: Wildcards) -> Cost:
    """A job of seconds, whose work moves no study's estimate by a tenth."""
    return Cost(memory=BASE + 2e8, start=START)
