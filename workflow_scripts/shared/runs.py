"""The networks of finished runs, at their first and last points."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from anarch.lifting.walk import lift
from anarch.training.network import empty_network, fresh_network, relaxed_network
from anarch.workflow import paths
from anarch.workflow.specs import RunSpec
from shared.descriptions import load_manifest, load_spec
from shared.tensors import load_weights


@dataclass(frozen=True)
class Run:
    """A finished training ``name`` below ``folder`` (a study's runs/), on the dataset of ``manifest``."""

    folder: Path
    name: str
    spec: RunSpec
    manifest: Mapping[str, Any]
    device: torch.device

    @property
    def shape(self) -> tuple[int, int, int]:
        channels, height, width = self.manifest["shape"]
        return channels, height, width

    def weights(self, epoch: int | None = None) -> dict[str, Tensor]:
        """Weights kept at ``epoch``, or the final ones."""
        return load_weights(self.folder / self.name / paths.weights_name(epoch))

    def network(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The run's network with ``weights``, in evaluation mode."""
        network = empty_network(self.spec.model, self.shape, self.manifest["classes"])
        network.load_state_dict(weights)
        return network.to(self.device).eval()

    def first(self) -> nn.Module:
        """The initial point: fresh from the seed, or the lifted snapshot of the run that it came from."""
        model, classes = self.spec.model, self.manifest["classes"]
        if self.spec.start is None:
            return fresh_network(model, self.shape, classes, self.spec.seed).to(self.device).eval()
        begun = self.folder / self.spec.start.run / paths.weights_name(self.spec.start.epoch)
        return relaxed_network(model, self.shape, classes, load_weights(begun)).to(self.device).eval()

    def last(self) -> nn.Module:
        return self.network(self.weights())

    def lifted(self, weights: Mapping[str, Tensor], to: str = "fully_connected") -> nn.Module:
        """A CNN's ``weights`` in the space ``to``."""
        lifted = empty_network(self.spec.model, self.shape, self.manifest["classes"], lift="none")
        lifted.load_state_dict(weights)
        return lift(lifted, self.shape, to=to).to(self.device).eval()


def open_run(folder: Path, name: str, data: Path, device: torch.device) -> Run:
    return Run(folder, name, load_spec(folder / name), load_manifest(data), device)
